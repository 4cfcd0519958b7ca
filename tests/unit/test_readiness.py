"""Why the bot is not ready: what it finds out itself, and what stands in the library's conditions."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from bot.i18n import describe, remedy_for
from bot.ops.health import Cause
from bot.services import readiness
from bot.services.readiness import PARTS, Readiness
from bot.storage.library import open_library
from retrieval.errors import Note
from retrieval.library import LibraryConfig


def _told(causes: list[Cause]) -> list[tuple[str, str, bool]]:
    assert all(cause.part in PARTS for cause in causes)
    assert all(describe(cause.note) and remedy_for(cause.note) for cause in causes)
    return [(cause.part, cause.note.code, cause.failing) for cause in causes]


async def test_each_part_that_fails_is_a_cause_and_what_keeps_answers_from_coming_is_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "_KNOWN_FOR", 0.0)
    connected = True
    model: Note | None = None
    async with open_library(LibraryConfig(tmp_path)) as library:
        ready = Readiness(library, lambda: connected, lambda: model)
        assert await ready.causes() == []

        (tmp_path / f".writable-{os.getpid()}").mkdir()
        model = Note("model-failing", calls=3, why=Note("model-unreachable", where="x"))
        connected = False
        library.conditions.begin("vectors", Note("index-outdated"))
        found = await ready.causes()
        assert [each[:2] for each in ((c.part, c.note.code) for c in found)] == [
            ("gateway", "gateway-not-connected"),
            ("vectors", "index-outdated"),
            ("model", "model-failing"),
            ("folder", "folder-not-writable"),
        ]
        library.conditions.end("vectors")
        assert ("folder", "folder-not-writable", False) in _told(await ready.causes())

        monkeypatch.setattr(readiness, "_SECONDS", 0.05)
        monkeypatch.setattr(library.catalogue.articles, "any_version", asyncio.Event().wait)
        told = _told(await ready.causes())
        assert told[:2] == [
            ("gateway", "gateway-not-connected", True),
            ("catalogue", "catalogue-not-answering", True),
        ]


async def test_a_disk_that_hangs_keeps_nobody_waiting_and_one_thread_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "_KNOWN_FOR", 0.0)
    monkeypatch.setattr(readiness, "_SECONDS", 0.05)
    back = threading.Event()
    tries: list[Path] = []

    def hanging(folder: Path) -> None:
        tries.append(folder)
        back.wait(60)

    async with open_library(LibraryConfig(tmp_path)) as library:
        ready = Readiness(library, lambda: True)
        with monkeypatch.context() as patch:
            patch.setattr(readiness, "_written", hanging)
            for _ in range(3):
                assert "folder" in [cause.part for cause in await ready.causes()]
            assert len(tries) == 1
            back.set()
        monkeypatch.setattr(readiness, "_SECONDS", 30)
        assert "folder" not in [cause.part for cause in await ready.causes()]
