"""A verifier with a cross-encoder for natural language inference or claim verification."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.answering.verification.base import Outcome, Verdict, Verifier, VerifierError
from bot.answering.verification.evidence import Evidence
from bot.answering.verification.rules import RulesVerifier

_MAX_TOKENS = 512
_SUPPORTED, _SURE, _REFUTED = 0.5, 0.8, 0.1
_ENTAILS = ("entailment", "entail", "supported", "consistent", "label_1")
_DEFAULT = "cross-encoder/nli-deberta-v3-xsmall"


class NetworkVerifier(Verifier):
    """Runs an ONNX cross-encoder on each claim and its passages. Facts are still checked by the
    rules.

    The folder holds ``model.onnx`` (or ``onnx/model.onnx``), ``tokenizer.json`` and, for networks
    with several classes, ``config.json`` with ``id2label``. Raises ``VerifierError`` if it can't be
    loaded.
    """

    def __init__(self, model: str | Path | None = None) -> None:
        folder = _folder(model)
        self._tokenizer, self._session, self._entails = _load(folder)
        self._rules = RulesVerifier()

    def check(self, claim: str, passages: Sequence[Evidence]) -> Verdict:
        """Decide as ``Verifier.check`` does. Raises ``VerifierError``
        (``verifier-not-a-cross-encoder``) too."""
        first = self._rules.check(claim, passages)
        if first.outcome == "refuted" or (first.supported and first.support == 1.0):
            return first
        support = self._probability(claim, "\n".join(passage.text for passage in passages))
        outcome: Outcome = (
            "supported"
            if support >= _SUPPORTED
            else "uncertain"
            if support >= _REFUTED
            else "refuted"
        )
        if outcome == "supported":
            return Verdict(support, outcome, sure=support >= _SURE)
        return Verdict(support, outcome, first.reasons or ("the network finds no support for it",))

    def _probability(self, claim: str, text: str) -> float:
        encoding = self._tokenizer.encode(text, claim)
        wanted = {one.name for one in self._session.get_inputs()}
        given = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        feed = {
            name: np.array([ids], dtype=np.int64) for name, ids in given.items() if name in wanted
        }
        logits: npt.NDArray[np.float32] = np.asarray(self._session.run(None, feed)[0])[0]
        if logits.ndim != 1 or not len(logits) or not np.isfinite(logits).all():
            raise VerifierError("verifier-not-a-cross-encoder")
        if len(logits) == 1:
            return float(1 / (1 + np.exp(-logits[0])))
        powers = np.exp(logits - logits.max())
        return float(powers[min(self._entails, len(logits) - 1)] / powers.sum())


def _folder(model: str | Path | None) -> Path:
    """Return the folder of a network, downloading it if ``model`` isn't a folder. Raises
    ``VerifierError``."""
    name = str(model or _DEFAULT)
    folder = Path(name).expanduser()
    if folder.is_dir() or (model is not None and (name.startswith((".", "/", "~")))):
        return folder
    try:
        from huggingface_hub import snapshot_download

        patterns = ["*.json", "*.txt", "model.onnx", "onnx/model.onnx", "*.model"]
        return Path(snapshot_download(name, allow_patterns=patterns))
    except ImportError as error:
        raise VerifierError("verifier-needs-neural") from error
    except Exception as error:
        raise VerifierError("verifier-not-downloaded", name=name) from error


def _load(folder: Path) -> tuple[Any, Any, int]:
    paths = [folder / "model.onnx", folder / "onnx" / "model.onnx"]
    network = next((path for path in paths if path.is_file()), None)
    vocabulary = folder / "tokenizer.json"
    if network is None or not vocabulary.is_file():
        raise VerifierError("verifier-folder-incomplete", folder=str(folder))
    try:
        import onnxruntime
        from tokenizers import Tokenizer
    except ImportError as error:
        raise VerifierError("verifier-needs-neural") from error
    try:
        tokenizer = Tokenizer.from_file(str(vocabulary))
        tokenizer.enable_truncation(_MAX_TOKENS, strategy="only_first")
        session = onnxruntime.InferenceSession(str(network), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise VerifierError("verifier-not-runnable", folder=str(folder)) from error
    names = {one.name for one in session.get_inputs()}
    if "input_ids" not in names or len(session.get_outputs()) < 1:
        raise VerifierError("verifier-reads-no-text", folder=str(folder))
    shape = session.get_outputs()[0].shape
    if len(shape) != 2:
        raise VerifierError("verifier-gives-no-scores", folder=str(folder))
    return tokenizer, session, _entails(folder / "config.json")


def _entails(config: Path) -> int:
    """Return which class means that the text supports the claim."""
    try:
        labels = json.loads(config.read_text("utf-8")).get("id2label", {})
    except (OSError, ValueError, AttributeError):
        return 1
    for number, label in labels.items():
        if str(label).lower() in _ENTAILS:
            return int(number)
    return 1
