"""Damage and hangs: told with the answer, worked around and mended. The quick ones of
``tests.benchmarks.damage``, which tries all."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.benchmarks.damage import (
    DAMAGE,
    fill,
    try_damage,
    try_loaded,
    try_model,
    try_process,
    try_server,
)

# Those that damage the graph, which Chroma writes only for many vectors.
_OF_THE_GRAPH = ("a vector segment is missing", "a segment's data are garbage")
_QUICK = (
    "Chroma's database is garbage",
    "a vector segment is missing",
    "a segment's data are garbage",
    "the keyword index's list is missing",
    "the keyword index's words are garbage",
    "the catalogue is missing",
    "the catalogue is cut in half",
    "the catalogue's articles are deleted",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "data"
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "data"
    fill(folder, 100)
    return folder


@pytest.mark.parametrize(("number", "name"), [*enumerate(_QUICK)])
async def test_damage_is_told_worked_around_and_mended(
    number: int, name: str, whole: Path, small: Path, tmp_path: Path
) -> None:
    [kind] = [kind for kind in DAMAGE if kind.name == name]
    made = whole if name in _OF_THE_GRAPH else small
    outcome = await try_damage(kind, made, tmp_path / "data", by_command=number % 2 == 1)
    assert outcome.wrong == []
    assert outcome.ask
    assert outcome.doctor
    assert outcome.ready


async def test_a_file_that_is_cut_under_a_running_bot_ends_nothing(
    small: Path, tmp_path: Path
) -> None:
    [kind] = [k for k in DAMAGE if k.name == "the keyword index's lists are cut in half"]
    outcome = await try_loaded(kind, small, tmp_path / "data")
    assert outcome.wrong == []
    assert "was cut" in outcome.ask


async def test_a_vector_process_that_is_stopped_is_done_without_and_replaced(
    whole: Path, tmp_path: Path
) -> None:
    outcome = await try_process(whole, tmp_path / "data", signal.SIGSTOP)
    assert outcome.wrong == []
    assert outcome.ready.startswith("vector-")


@pytest.mark.parametrize("there", [True, False])
async def test_a_chroma_server_that_hangs_or_is_gone_is_done_without(
    there: bool, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ops.doctor._SECONDS", 1.0)
    outcome = await try_server(small, tmp_path / "data", there=there)
    assert outcome.wrong == []


async def test_a_model_server_that_hangs_is_waited_for_once(small: Path, tmp_path: Path) -> None:
    outcome = await try_model(small, tmp_path / "data")
    assert outcome.wrong == []
    assert outcome.ready == "model-stalled"
