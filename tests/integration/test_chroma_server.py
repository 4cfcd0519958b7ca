"""Everything works the same against a real Chroma server."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import Newsdesk, article, lines


@pytest.fixture
def chroma_url(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = Path(sys.executable).with_name("chroma")
    arguments = ["run", "--path", str(tmp_path / "server"), "--host", "127.0.0.1", "--port", str(port)]  # fmt: skip
    with subprocess.Popen(
        [command, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield url
        finally:
            server.kill()


def test_ingest_search_update_and_reindex_over_http(
    newsdesk: Newsdesk, tmp_path: Path, chroma_url: str
) -> None:
    env = {"NEWSDESK_CHROMA_URL": chroma_url}
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(json.dumps(article(n)) for n in range(5)))
    done = newsdesk("ingest", str(file), "--json", **env)
    assert done.returncode == 0, done.stderr
    file.write_text(json.dumps(article(1, "Only zanzibar is left of this report, they wrote.")))
    assert lines(newsdesk("ingest", str(file), "--json", **env).stdout)[0]["status"] == "updated"
    assert not (tmp_path / "data" / "chroma").exists()
    answer = lines(newsdesk("ask", "What will topic3 cost?", "--json", **env).stdout)[0]
    assert "13 million crowns" in answer["answer"]
    assert newsdesk("reindex", **env).returncode == 0
    checked = newsdesk("doctor", **env)
    assert checked.returncode == 0, checked.stdout


def test_a_server_that_is_not_there_is_one_clear_line(newsdesk: Newsdesk) -> None:
    done = newsdesk("ask", "x", NEWSDESK_CHROMA_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "NEWSDESK_CHROMA_URL" in done.stderr
