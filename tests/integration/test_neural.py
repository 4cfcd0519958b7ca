"""The neural embedder and reranker: the real loading code, on tiny networks made here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from retrieval.embedders import EmbedderOptions, make_embedder
from retrieval.errors import EmbedderError, RerankerError
from retrieval.rerankers import RerankerOptions, make_reranker
from tests.integration.conftest import Newsdesk, article, lines

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
    with pytest.raises(EmbedderError, match="NEWSDESK_EMBEDDER"):
        await embedder.embed(["x"])
    reranker = make_reranker("neural", RerankerOptions(model="no/such-model"))
    assert reranker is not None
    with pytest.raises(RerankerError, match="NEWSDESK_RERANKER"):
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
        "search", "What will topic1 cost?", "--json", NEWSDESK_RERANK_SECONDS="30", **env
    )
    assert done.returncode == 0, done.stderr
    hits = lines(done.stdout)[0]["hits"]
    assert "zanzibar" in hits[0]["text"]
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    # Loading alone takes longer than this.
    hurried = newsdesk("search", "What will topic1 cost?", "--json", NEWSDESK_RERANK_SECONDS="0.05", **env)  # fmt: skip
    assert [h["url"] for h in lines(hurried.stdout)[0]["hits"]] == [h["url"] for h in plain]
