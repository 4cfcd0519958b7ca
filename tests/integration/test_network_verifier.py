"""The network verifier: the real loading code, on tiny networks made here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bot.answering.verification import Evidence, VerifierError, create_verifier
from tests.integration.test_neural import _WORDS, _network

PASSAGE = "The river bridge by the harbour was closed for a week after the storm."


def _folder(tmp_path: Path, *, pooled: bool = True) -> Path:
    """A network of two classes for which zanzibar speaks for a claim, and harbour against it."""
    weights = np.zeros((len(_WORDS), 2))
    weights[_WORDS.index("zanzibar"), 0] = 5
    weights[_WORDS.index("harbour"), 1] = 2
    _network(tmp_path, weights, pooled=pooled, file="model.onnx")
    labels = {"0": "entailment", "1": "not_entailment"}
    (tmp_path / "config.json").write_text(json.dumps({"id2label": labels}))
    return tmp_path


def test_the_network_decides_what_the_rules_leave_open(tmp_path: Path) -> None:
    verifier = create_verifier("network", _folder(tmp_path))
    evidence = [Evidence(PASSAGE)]
    assert verifier.check("Officials shut zanzibar traffic near water.", evidence).supported
    assert not verifier.check("Officials shut harbour traffic near water.", evidence).supported


def test_a_contradicted_fact_is_refuted_whatever_the_network_says(tmp_path: Path) -> None:
    verifier = create_verifier("network", _folder(tmp_path))
    said = "Her husband, a zanzibar sailor, was charged with fraud in March."
    claim = "Her wife, a zanzibar sailor, was charged with fraud in March."
    assert verifier.check(claim, [Evidence(said)]).outcome == "refuted"
    assert verifier.check(said, [Evidence(said)]).support == 1.0


def test_a_network_of_another_kind_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(VerifierError, match="verifier-gives-no-scores") as raised:
        create_verifier("network", _folder(tmp_path, pooled=False))
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_network_is_refused_in_one_line(tmp_path: Path) -> None:
    _folder(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"no network")
    with pytest.raises(VerifierError, match="verifier-not-runnable") as raised:
        create_verifier("network", tmp_path)
    assert "\n" not in str(raised.value)
