"""What the mender tells of a catalogue: damage, also after a time in which it could not be read."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from retrieval.catalogue import Corpus
from retrieval.catalogue.connections import DatabaseFile
from retrieval.errors import StorageError
from retrieval.library import Library
from retrieval.mending import Mender
from retrieval.runtime.conditions import Conditions
from tests.deadlines import scaled


class _Corpora:
    readable = True

    async def all(self) -> list[Corpus]:
        if not self.readable:
            raise StorageError("catalogue-unusable")
        return []


def _damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\x8f" * 4096
    file.write_bytes(bytes(content))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "catalogue.sqlite3"
    with contextlib.closing(sqlite3.connect(made)) as connection:
        connection.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY, text TEXT)")
        rows = ((n, "a report" * 50) for n in range(200))
        connection.executemany("INSERT INTO articles VALUES (?, ?)", rows)
        connection.commit()
    return made


@pytest.mark.parametrize("at_first", [True, False])
async def test_damage_is_told_again_once_the_catalogue_can_be_read(
    at_first: bool, file: Path
) -> None:
    corpora, conditions = _Corpora(), Conditions()
    library = SimpleNamespace(
        conditions=conditions,
        catalogue=SimpleNamespace(corpora=corpora),
        database=SimpleNamespace(location=DatabaseFile(file)),
    )
    if at_first:
        _damage(file)
    mender = Mender(cast(Library, library), every_seconds=0.01)
    mender._unfinished = False
    running = asyncio.create_task(mender.run())

    async def is_told(code: str, severity: str) -> None:
        async with asyncio.timeout(scaled(10)):
            while (told := conditions.of("catalogue")) is None or (
                (told.code, told.severity) != (code, severity)
            ):
                await asyncio.sleep(0.01)

    try:
        if at_first:
            await is_told("catalogue-damaged", "degraded")
        corpora.readable = False
        await is_told("catalogue-unusable", "failing")
        if not at_first:
            _damage(file)
        corpora.readable = True
        await is_told("catalogue-damaged", "degraded")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
