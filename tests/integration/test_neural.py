"""The neural embedder and reranker: the real loading code, on tiny networks made here."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from bot.storage.library import open_library
from retrieval.embedders import EmbedderOptions, make_embedder
from retrieval.errors import EmbedderError, RerankerError
from retrieval.library import LibraryConfig
from retrieval.rerankers import Reranker, RerankerOptions, make_reranker
from retrieval.search.searcher import Searcher
from retrieval.timestamps import TimeRange, iso
from tests.integration.answering_fixtures import BRIDGE, ELECTION, NOW, at_noon, demo_folder
from tests.integration.conftest import Newsdesk, article, lines

__all__ = ["demo_folder"]

_WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "zanzibar", "harbour", "river", "bridge", "topic1"]
_MEAN_POOLED = "sentence-transformers/all-MiniLM-L6-v2"


def _network(folder: Path, weights: np.ndarray, *, pooled: bool, file: str) -> None:
    """A network that looks words up in ``weights`` (shape ``(words, size)``), and sums if ``pooled``."""
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["b", "s"]) for n in ("input_ids", "attention_mask", "token_type_ids")]  # fmt: skip
    nodes = [helper.make_node("Gather", ["weights", "input_ids"], ["looked_up"])]
    if pooled:
        nodes.append(helper.make_node("ReduceSum", ["looked_up", "axis"], ["out"], keepdims=0))
    else:
        nodes.append(helper.make_node("Identity", ["looked_up"], ["out"]))
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["b", weights.shape[1]] if pooled else ["b", "s", weights.shape[1]])  # fmt: skip
    constants = [
        numpy_helper.from_array(weights.astype(np.float32), "weights"),
        numpy_helper.from_array(np.array([1], dtype=np.int64), "axis"),
    ]
    graph = helper.make_graph(nodes, "tiny", ids, [out], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(_WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )  # fmt: skip
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"model_max_length": 128, "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "config.json").write_text(json.dumps({"pad_token_id": 0}))
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}  # fmt: skip
    (folder / "special_tokens_map.json").write_text(json.dumps(special))


def _reranker_folder(tmp_path: Path) -> Path:
    weights = np.zeros((len(_WORDS), 1))
    weights[_WORDS.index("zanzibar")] = 5
    folder = tmp_path / "reranker"
    _network(folder, weights, pooled=True, file="onnx/model.onnx")
    return folder


async def test_the_reranker_scores_question_and_passage_together(tmp_path: Path) -> None:
    reranker = make_reranker("neural", RerankerOptions(folder=_reranker_folder(tmp_path)))
    assert reranker is not None
    scores = await reranker.scores("which river", ["a river", "zanzibar harbour", "a bridge"])
    assert np.argmax(scores) == 1
    await reranker.close()


async def test_the_embedder_makes_unit_vectors_of_its_network(tmp_path: Path) -> None:
    folder = tmp_path / "embedder"
    weights = np.eye(len(_WORDS), 384)
    _network(folder, weights, pooled=False, file="model.onnx")
    options = EmbedderOptions(neural_model=_MEAN_POOLED, neural_folder=folder)
    embedder = make_embedder("neural", options)
    vectors = await embedder.embed(["zanzibar harbour", "zanzibar harbour", "river"])
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


async def test_a_model_that_cannot_be_loaded_is_one_sentence(tmp_path: Path) -> None:
    embedder = make_embedder("neural", EmbedderOptions(neural_model="no/such-model"))
    with pytest.raises(EmbedderError, match=r"embedder-not-(down)?loaded"):
        await embedder.embed(["x"])
    reranker = make_reranker("neural", RerankerOptions(model="no/such-model"))
    assert reranker is not None
    with pytest.raises(RerankerError, match=r"reranker-not-(down)?loaded"):
        await reranker.scores("x", ["y"])


def test_search_takes_the_rerankers_order_or_keeps_its_own(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    last = article(7, "The ferry to zanzibar has nothing to do with topic1, a passenger said.")
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(map(json.dumps, [article(1), article(2), last])))
    assert newsdesk("ingest", str(file)).returncode == 0
    plain = lines(newsdesk("search", "What will topic1 cost?", "--json").stdout)[0]["hits"]
    assert "zanzibar" not in plain[0]["text"]
    env = {"NEWSDESK_RERANKER": "neural", "NEWSDESK_RERANKER_FOLDER": str(_reranker_folder(tmp_path))}  # fmt: skip
    done = newsdesk(
        "search", "What will topic1 cost?", "--json", NEWSDESK_RERANKER_TIMEOUT_SECONDS="30", **env
    )
    assert done.returncode == 0, done.stderr
    hits = lines(done.stdout)[0]["hits"]
    assert "zanzibar" in hits[0]["text"]
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    checks = {each["check"]: each for each in lines(newsdesk("doctor", "--json", **env).stdout)}
    assert checks["reranker"]["ok"]


async def test_a_reranker_that_takes_too_long_leaves_the_order(demo_folder: Path) -> None:
    class Slow(Reranker):
        async def scores(self, question: str, passages: Sequence[str]) -> list[float]:
            await asyncio.sleep(60)
            return [float(n) for n in range(len(passages))]

    async with open_library(LibraryConfig(demo_folder), clock=at_noon) as library:
        hurried = Searcher(
            library.catalogue, library.embedder, reranker=Slow(), rerank_seconds=0.05
        )
        corpus = await library.catalogue.corpora.by_name("local")
        assert corpus is not None
        found = await hurried.search(library.indexes(corpus), BRIDGE, TimeRange(NOW))
        plain = await library.search(BRIDGE, TimeRange(NOW), corpus="local")
    assert found.hits == plain.hits


@contextlib.contextmanager
def hub(answers: bool) -> Iterator[str]:
    """Where models might be downloaded from: nobody, or somebody who greets and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        if not answers:
            listening.close()
            yield address
            return
        held = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    held.append(listening.accept()[0])
                    if held[-1].recv(4_096).startswith(b"HEAD / "):
                        held[-1].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield address
        listening.shutdown(socket.SHUT_RDWR)
        for each in held:
            each.close()


@pytest.mark.parametrize(
    ("answers", "why"), [(False, "couldn't be downloaded from http"), (True, "still being loaded")]
)
async def test_a_reranker_that_cannot_be_downloaded_is_told_once_and_questions_are_answered(
    newsdesk: Newsdesk, demo_folder: Path, tmp_path: Path, answers: bool, why: str
) -> None:
    asked = [{"question": question, "asked_at": iso(NOW)} for question in (BRIDGE, ELECTION)]
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, asked)))
    with hub(answers) as address:
        done = newsdesk(
            "search", "--batch", "q.jsonl", "--json", NEWSDESK_DATA_DIR=str(demo_folder),
            NEWSDESK_RERANKER="neural", HF_ENDPOINT=address, FASTEMBED_CACHE_PATH=str(tmp_path),
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("newsdesk: Answers go without the reranker for now")
    assert why in line
    async with open_library(LibraryConfig(demo_folder), clock=at_noon) as library:
        for question, record in zip((BRIDGE, ELECTION), lines(done.stdout), strict=True):
            plain = await library.search(question, TimeRange(NOW), corpus="local")
            assert [hit["text"] for hit in record["hits"]] == [
                hit.passage.text for hit in plain.hits
            ]


def test_an_embedder_that_cannot_be_downloaded_is_one_sentence(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(article(1)))
    with hub(answers=False) as address:
        done = newsdesk(
            "ingest", "a.jsonl", NEWSDESK_EMBEDDER="neural", HF_ENDPOINT=address,
            FASTEMBED_CACHE_PATH=str(tmp_path),
        )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "NEWSDESK_EMBEDDER=wordllama" in line
    assert address in line
    told = newsdesk("doctor", NEWSDESK_EMBEDDER="neural", HF_ENDPOINT=address, FASTEMBED_CACHE_PATH=str(tmp_path))  # fmt: skip
    assert "FAIL embedder: The model BAAI/bge-small-en-v1.5 isn't on this machine" in told.stdout
