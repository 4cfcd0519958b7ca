"""Files for the time of one piece of work: nothing of them stays, however it ends."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from retrieval.runtime.scratch import ScratchFolder
from tests.deadlines import scaled


async def test_nothing_stays_of_what_is_cancelled_while_its_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    mkdir = Path.mkdir

    def slow(path: Path, *arguments: Any, **options: Any) -> None:
        if path.parent == tmp_path:
            begun.set()
            goes_on.wait(scaled(10))
        mkdir(path, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", slow)

    async def use() -> None:
        async with ScratchFolder(tmp_path).file("news.txt"):
            pytest.fail("it was cancelled before")

    using = asyncio.create_task(use())
    assert await asyncio.to_thread(begun.wait, scaled(10))
    using.cancel()
    await asyncio.sleep(0.1)  # what follows at once has followed
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await using
    await asyncio.sleep(0.1)
    assert list(tmp_path.iterdir()) == []
