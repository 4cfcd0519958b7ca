"""kill -9 at any instant of a removal or a restoration leaves nothing half done."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import signal
from pathlib import Path
from typing import Any

from tests.deadlines import scaled
from tests.integration import removal_child

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["chromadb", "tantivy", removal_child.__name__])


def _run(target: Any, *arguments: Any) -> int | None:
    process = _PROCESSES.Process(target=target, args=arguments)
    process.start()
    process.join(scaled(60))
    return process.exitcode


def test_a_kill_at_any_instant_leaves_an_article_wholly_shown_or_wholly_removed(
    tmp_path: Path,
) -> None:
    prepared, report = tmp_path / "prepared", tmp_path / "report"
    assert _run(removal_child.prepare, prepared) == 0
    shutil.copytree(prepared, tmp_path / "whole")
    assert _run(removal_child.change, tmp_path / "whole", 0, report) == 0
    total = int(report.read_text())
    assert total >= 20
    for point in sorted({1 + i * total // 9 for i in range(9)}):
        data = tmp_path / f"data{point}"
        shutil.copytree(prepared, data)
        assert _run(removal_child.change, data, point, report) == -signal.SIGKILL
        assert _run(removal_child.look, data, report) == 0
        after = json.loads(report.read_text())
        removed, restored, other = after["states"]
        assert removed in (["shown", True], ["removed", False]), point
        assert restored in (["shown", True], ["removed", False]), point
        assert other == ["shown", True]
        assert (after["wrong"], after["unfinished"]) == ([], 0), point
        done = ["article.remove"] + (["article.remove"] if removed[0] == "removed" else [])
        done += ["article.restore"] if restored[0] == "shown" else []
        assert sorted(after["audit"]) == sorted(done), point
