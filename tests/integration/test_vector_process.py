"""The embedded Chroma in a process of its own, against the real one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from retrieval.embedders import Vectors
from retrieval.errors import IndexDamaged, StorageError
from retrieval.indexes.chroma import EmbeddedChroma
from retrieval.indexes.chroma_process import ChromaProcessClient

NAME = "newsdesk-tests-1-1"


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[ChromaProcessClient]:
    chroma = ChromaProcessClient(tmp_path / "chroma")
    yield chroma
    chroma.close()


def _vectors(count: int) -> Vectors:
    return np.random.default_rng(7).standard_normal((count, 16)).astype(np.float32)


def _process(chroma: ChromaProcessClient) -> int:
    assert chroma.process_id is not None
    return chroma.process_id


def test_vectors_are_written_found_replaced_and_removed(chroma: ChromaProcessClient) -> None:
    vectors = _vectors(50)
    chroma.create(NAME, {"embedder": "ours"})
    chroma.upsert(NAME, range(50), vectors)
    assert chroma.names() == [NAME]
    assert chroma.metadata(NAME) == {"embedder": "ours"}
    assert chroma.count(NAME) == 50
    assert chroma.nearest(NAME, vectors[31], 3)[0] == 31
    chroma.upsert(NAME, [31], -vectors[31:32])
    chroma.delete(NAME, [30])
    assert chroma.nearest(NAME, vectors[31], 49)[-1] == 31
    assert sorted(chroma.page(NAME, 100, 0)) == [n for n in range(50) if n != 30]
    chroma.drop(NAME)
    assert chroma.metadata(NAME) is None


def test_a_process_that_is_killed_is_started_anew_with_all_that_it_confirmed(
    chroma: ChromaProcessClient,
) -> None:
    chroma.create(NAME, {"embedder": "ours"})
    chroma.upsert(NAME, range(20), _vectors(20))
    killed = _process(chroma)
    os.kill(killed, signal.SIGKILL)
    assert chroma.count(NAME) == 20
    assert _process(chroma) != killed


def test_a_process_that_is_stopped_is_ended_and_started_anew(chroma: ChromaProcessClient) -> None:
    chroma.create(NAME, {"embedder": "ours"})
    chroma.upsert(NAME, range(20), _vectors(20))
    stopped = _process(chroma)
    os.kill(stopped, signal.SIGSTOP)
    with pytest.raises(StorageError, match="vector-process-timeout") as raised:
        chroma.count(NAME)
    assert raised.value.retry
    assert chroma.count(NAME) == 20
    assert _process(chroma) != stopped


def test_an_index_that_crashes_the_process_is_told_as_damaged(
    chroma: ChromaProcessClient, tmp_path: Path
) -> None:
    """Chroma's loader reads where a broken graph points to, and the process dies of it."""
    chroma.create(NAME, {"embedder": "ours"})
    chroma.upsert(NAME, range(1_500), _vectors(1_500))
    chroma.close()
    [graph] = (tmp_path / "chroma").rglob("data_level0.bin")
    graph.write_bytes(np.random.default_rng(7).bytes(graph.stat().st_size))
    opened = ChromaProcessClient(tmp_path / "chroma")
    try:
        with pytest.raises(IndexDamaged):
            opened.nearest(NAME, _vectors(1)[0], 5)
        opened.reset()
        assert opened.names() == []
    finally:
        opened.close()


def test_a_closed_one_leaves_no_process_and_its_folder_to_others(tmp_path: Path) -> None:
    chroma = ChromaProcessClient(tmp_path / "chroma")
    process = _process(chroma)
    chroma.create(NAME, {"embedder": "ours"})
    chroma.upsert(NAME, range(20), _vectors(20))
    chroma.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    with pytest.raises(StorageError, match="vector-index-closed"):
        chroma.count(NAME)
    here = EmbeddedChroma(tmp_path / "chroma")
    assert here.count(NAME) == 20
    here.close()


def test_its_errors_are_those_of_an_index_in_this_process(tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    folder.mkdir()
    (folder / "chroma.sqlite3").write_bytes(b"no database at all" * 500)
    reasons = []
    for opened in (EmbeddedChroma, ChromaProcessClient):
        with pytest.raises(StorageError) as raised:
            opened(folder).heartbeat()
        reasons.append((type(raised.value), str(raised.value)))
    assert reasons[0] == reasons[1]


def test_what_is_missing_is_told_as_damage(chroma: ChromaProcessClient) -> None:
    with pytest.raises(IndexDamaged, match="vector-index-missing"):
        chroma.count("newsdesk-tests-9-9")
