"""`python -m tests.benchmarks.feed_import [--feeds 200]`: an OPML file of feeds, a third of them broken.

Imports the list twice with `newsdesk feeds import` from a site on this machine, and prints how long
that took, what became of the feeds by reason, and whether anything is there twice.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.newsite import NewsSite
from tests.newsite.feed_lists import feed_list


def _newsdesk(folder: Path, site: NewsSite, *arguments: str) -> list[dict[str, Any]]:
    environment = {
        **os.environ,
        "NEWSDESK_DATA_DIR": str(folder),
        "NEWSDESK_FETCH_ALLOW": site.allow,
    }
    done = subprocess.run(
        [str(Path(sys.executable).with_name("newsdesk")), *arguments, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=200)
    count = parser.parse_args().feeds
    with NewsSite() as site, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        file = folder / "feeds.opml"
        file.write_bytes(feed_list(site, count))
        for attempt in ("first import", "again"):
            start = time.monotonic()
            told = _newsdesk(folder / "data", site, "feeds", "import", str(file))
            seconds = time.monotonic() - start
            became = Counter(f"{each['status']}: {each['reason'] or '-'}" for each in told)
            print(f"{attempt}: {len(told)} feeds in {seconds:.1f} s")
            for what, times in became.most_common():
                print(f"  {times:4} {what[:110]}")
        listed = [each["url"] for each in _newsdesk(folder / "data", site, "feeds", "list")]
        print(f"listed: {len(listed)}, twice: {len(listed) - len(set(listed))}")


if __name__ == "__main__":
    main()
