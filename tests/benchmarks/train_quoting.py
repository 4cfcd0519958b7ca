"""Learn from five years of questions which sentences to quote and when to decline.

    python -m tests.benchmarks.train_quoting [--write] [--folder FOLDER] [--only many|brief|single]

For what many articles, excerpts, or one article have, each for itself (`--only` learns one), three
models (`bot/answering/extractive/scoring.py`): which word is the answer and which sentence
holds it (multinomial logistic regressions over the words and sentences of each question, of which
the right ones should have most of the probability), and whether there is an answer at all (logistic
regression over questions: over whole corpora, over half-filled ones, and with all that answers
taken out). Prints how they do on years that were left out of the training, which are the figures to
believe.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bot.answering.extractive.answer_evidence import EVIDENCE, evidence_features
from bot.answering.extractive.candidates import CANDIDATE, Floats
from bot.answering.extractive.opening import OPENING, opening_features
from bot.answering.extractive.scoring import MODEL_PATH, Model
from bot.answering.extractive.selection import pick
from bot.answering.extractive.sentence_features import BASE, SENTENCE
from bot.evaluation.questions import holds
from bot.evaluation.scoring import interval
from tests.benchmarks.quoting_data import Corpus, Example, examples, pasted_examples

_WORD_PENALTY = 0.03
_SENTENCE_PENALTY = 0.05
_OPENING_PENALTY = 4.0
_EVIDENCE_PENALTY = 0.02
_ROUNDS = 20
_ENOUGH = 1e-5
_PASTED = 3
# Of each model, what it is learned from, and from what its threshold is chosen.
_CORPORA: Mapping[str, Set[Corpus]] = {
    "many": {"whole", "half", "distractors"},
    "brief": {"brief", "near"},
    "single": {"article"},
}
_DECIDING: Mapping[str, Set[Corpus]] = {**_CORPORA, "many": {"half"}}
# What should be declined of what can't be answered there, and answered of what can: the threshold is
# where the lesser of both is surpassed by most, or missed by least.
_AIMS = {"many": (0.82, 0.85), "brief": (0.5, 0.85), "single": (0.4, 0.95)}
# What tells nothing but how the examples were made: of excerpts and single articles of several weeks,
# those that answer a question of a week's news are the newest.
_UNSEEN: Mapping[str, Sequence[str]] = {"brief": ("age", "newer"), "single": ("age", "newer")}
_WORDS = 90


@dataclass(frozen=True, slots=True)
class Read:
    """An example with what a model that never saw its year makes of it; ``likeliest`` is what would
    open the answer if only the scores of all sentences told."""

    example: Example
    evidence: Floats
    confidence: float
    first: str
    likeliest: str
    text: str

    def right(self, text: str) -> bool:
        """Whether ``text`` holds the answer."""
        return holds(self.example.question.answer, text)


def listwise(groups: Sequence[tuple[Floats, Floats]], penalty: float) -> Floats:
    """Weights by Newton's method: of each group's rows, the ones marked 1 get most of the probability.

    Which of the right rows is best is not known: they are weighed by what is believed so far.
    """
    features = np.concatenate([rows for rows, _ in groups])
    wanted = np.concatenate([marks for _, marks in groups]).astype(float)
    counts = np.array([len(marks) for _, marks in groups])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    scale = features.std(axis=0) + 1e-9
    features = features / scale
    weights = np.zeros(features.shape[1])

    def believed(weights: Floats) -> tuple[float, Floats, Floats]:
        """The mean logarithm of the probability of the right rows, less the penalty; and the
        probability of each row, among all and among the right ones."""
        scores = features @ weights
        odds = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), counts))
        whole = np.add.reduceat(odds, starts)
        right = np.add.reduceat(odds * wanted, starts) + 1e-300
        value = float(np.log(right / whole).mean() - penalty / 2 * weights @ weights)
        return value, odds / np.repeat(whole, counts), odds * wanted / np.repeat(right, counts)

    value, chance, right = believed(weights)
    for _ in range(_ROUNDS):
        gradient = features.T @ (right - chance) / len(groups) - penalty * weights
        weighed = features * chance[:, None]
        means = np.add.reduceat(weighed, starts)
        curvature = (features.T @ weighed - means.T @ means) / len(groups)
        step = np.linalg.solve(curvature + penalty * np.eye(len(weights)), gradient)
        # A whole step may go too far.
        for size in (1.0, 0.5, 0.25, 0.1, 0.03):
            better = believed(weights + size * step)
            if better[0] > value:
                break
        else:
            break
        weights = weights + size * step
        gained, (value, chance, right) = better[0] - value, better
        if gained < _ENOUGH:
            break
    found: Floats = weights / scale
    return found


def logistic(
    features: Floats, wanted: Floats, importance: Floats, penalty: float
) -> tuple[Floats, float]:
    """Slopes and bias by Newton's method with a penalty on the slopes."""
    scale, middle = features.std(axis=0) + 1e-9, features.mean(axis=0)
    inputs = np.column_stack([(features - middle) / scale, np.ones(len(wanted))])
    ridge = penalty * importance.sum() * np.diag([1.0] * features.shape[1] + [1e-6])
    weights = np.zeros(inputs.shape[1])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (importance * (wanted - chance)) - ridge @ weights
        curvature = (inputs.T * (importance * chance * (1 - chance))) @ inputs + ridge
        weights += np.linalg.solve(curvature, gradient)
    slope = weights[:-1] / scale
    return slope, float(weights[-1] - slope @ middle)


def learn(learnt_from: Sequence[Example]) -> dict[str, Any]:
    """A model, as it is written, of some examples. The threshold is still to be set."""
    telling = [example for example in learnt_from if example.telling]
    # Pasted articles are few, and ask what quizzes do not.
    telling += [example for example in telling if example.pasted] * (_PASTED - 1)
    words = [
        (e.candidates.features, e.answering.astype(float)) for e in telling if e.answering.any()
    ]
    data: dict[str, Any] = {
        "candidate": _as_record(CANDIDATE, listwise(words, _WORD_PENALTY)),
        "sentence": _as_record(SENTENCE, np.zeros(len(SENTENCE))),
        "evidence": _as_record(EVIDENCE, np.zeros(len(EVIDENCE))),
        "threshold": 0.5,
    }
    model = Model.from_json(data)
    groups = [
        (model.sentence_features(e.features, e.candidates, e.windows), e.answers.astype(float))
        for e in telling
    ]
    data["sentence"] = _as_record(SENTENCE, listwise(groups, _SENTENCE_PENALTY))
    model = Model.from_json(data)
    known = [e for e in learnt_from if e.answerable is not None]
    features = np.stack([_evidence(model, e) for e in known])
    wanted = np.array([float(bool(e.answerable)) for e in known])
    importance = np.array([_IMPORTANCE[e.corpus] * (_PASTED if e.pasted else 1) for e in known])
    data["evidence"] = _as_record(
        EVIDENCE, *logistic(features, wanted, importance, _EVIDENCE_PENALTY)
    )
    return data


def learn_with_opening(learnt_from: Sequence[Example]) -> dict[str, Any]:
    """The same, with which of the chosen sentences comes first."""
    data = learn(learnt_from)
    model = Model.from_json(data)
    telling = [e for e in learnt_from if e.telling]
    telling += [e for e in telling if e.pasted] * (_PASTED - 1)
    rows = [_opening(model, e) for e in telling]
    telling_apart = [(told, marks) for told, marks in rows if 0 < marks.sum() < len(marks)]
    return data | {"opening": _as_record(OPENING, listwise(telling_apart, _OPENING_PENALTY))}


_IMPORTANCE = {
    "whole": 0.5,
    "half": 1.0,
    "distractors": 1.0,
    "brief": 1.0,
    "near": 1.0,
    "article": 1.0,
}


def _evidence(model: Model, example: Example) -> Floats:
    features, scores, likely = _scored(model, example)
    window = example.windows[int(np.argmax(scores))] if len(scores) else {}
    return evidence_features(example.passages, window, features, scores, likely)


def _scored(model: Model, example: Example) -> tuple[Floats, Floats, Floats]:
    """The features and scores of an example's sentences, and how likely each candidate is."""
    features = model.sentence_features(example.features, example.candidates, example.windows)
    return features, model.sentence.scores(features), model.likelihoods(example.candidates)


def _opening(model: Model, example: Example) -> tuple[Floats, Floats]:
    """What tells the chosen sentences of an example apart, and which of them hold the answer."""
    features, scores, likely = _scored(model, example)
    chosen = pick(example.analysis, example.sentences, scores, example.candidates, likely)
    told = opening_features(chosen, features, scores, example.candidates, likely)
    return told, example.answers[chosen].astype(float)


def _as_record(names: Sequence[str], weights: Floats, bias: float = 0.0) -> dict[str, Any]:
    rounded = {n: round(float(w), 4) for n, w in zip(names, weights, strict=True)}
    return {"weights": rounded, "bias": round(bias, 4)}


def read_example(model: Model, example: Example) -> Read:
    """What a model makes of an example."""
    evidence = _evidence(model, example)
    features, scores, likely = _scored(model, example)
    picked = pick(example.analysis, example.sentences, scores, example.candidates, likely)
    chosen = model.opened(picked, features, scores, example.candidates, likely)
    texts = [example.sentences[place].text for place in chosen]
    text = " ".join(" ".join(texts).split()[:_WORDS])
    first, likeliest = ([*texts, ""][0], [*(example.sentences[n].text for n in picked), ""][0])
    return Read(example, evidence, model.confidence(evidence), first, likeliest, text)


def _opens_better(reads: Sequence[Read]) -> bool:
    """Whether what was learned of openings puts the answer first more often in left-out years."""
    weights = [(_PASTED if r.example.pasted else 1) for r in reads]
    gains = [r.right(r.first) - r.right(r.likeliest) for r in reads]
    return sum(w * gain for w, gain in zip(weights, gains, strict=True)) > 0


def _line(name: str, chosen: Sequence[Read], measure: Callable[[Read], bool]) -> None:
    by_year = {
        year: np.mean([measure(r) for r in chosen if r.example.year == year])
        for year in sorted({r.example.year for r in chosen})
    }
    whole = interval([float(measure(r)) for r in chosen])
    years = " ".join(f"{year}: {value:.2f}" for year, value in by_year.items())
    print(
        f"  {name} ({len(chosen)}): {whole.value:.3f} ({whole.low:.3f} to {whole.high:.3f}); {years}"
    )


def _threshold(name: str, known: Sequence[Read], unknown: Sequence[Read]) -> float:
    """The confidence from which to answer, in three digits."""
    answerable = np.array([r.confidence for r in known if not r.example.unheld])
    others = np.array([r.confidence for r in unknown if not r.example.unheld])
    to_decline, to_answer = _AIMS[name]
    steps = np.arange(1, 1000) / 1000
    spare = [
        min(
            1 - (others >= step).sum() / len(unknown) - to_decline,
            (answerable >= step).sum() / len(known) - to_answer,
        )
        for step in steps
    ]
    return float(steps[int(np.argmax(spare))])


def _report(name: str, reads: Sequence[Read]) -> float:
    """Print how left-out years come out; returns the threshold."""
    asked = [r for r in reads if r.example.corpus in _DECIDING[name]]
    known = [r for r in asked if r.example.answerable]
    unknown = [r for r in asked if r.example.answerable is False]
    threshold = _threshold(name, known, unknown)

    def given(read: Read) -> bool:
        return read.confidence >= threshold and not read.example.unheld

    _line("declines what it must", unknown, lambda r: not given(r))
    _line("answers what it can", known, given)
    _line("answers rightly", known, lambda r: given(r) and r.right(r.text))
    _line("first sentence right", known, lambda r: given(r) and r.right(r.first))
    pasted = [r for r in known if r.example.pasted]
    if pasted:
        _line(
            "pasted articles, first sentence right", pasted, lambda r: given(r) and r.right(r.first)
        )
    if name == "many":
        counting = [r for r in reads if r.example.corpus == "whole"]
        _line("right in three sentences", counting, lambda r: given(r) and r.right(r.text))
        _line("right in the first", counting, lambda r: given(r) and r.right(r.first))
        _line("right in three, were all answered", counting, lambda r: r.right(r.text))
        _line("right in the first, were all answered", counting, lambda r: r.right(r.first))
        _line("whole corpus, answered", counting, given)
        distractors = [r for r in reads if r.example.corpus == "distractors"]
        _line("all that answers taken out, declined", distractors, lambda r: not given(r))
    return threshold


def train(everything: Sequence[Example], names: Sequence[str]) -> dict[str, Any]:
    """Learn the models of these names with each year left out in turn, print these figures, and
    learn them from all years."""
    models = {}
    for name in names:
        own = [_seen(e, name) for e in everything if e.corpus in _CORPORA[name]]
        reads: list[Read] = []
        for year in sorted({example.year for example in own}):
            others = [e for e in own if e.year != year]
            model = Model.from_json(learn_with_opening(others))
            reads += [read_example(model, e) for e in own if e.year == year]
        print(f"{name}: each year left out of the training in turn:", flush=True)
        known = [read for read in reads if read.example.answerable]
        if not _opens_better(known):
            reads = [replace(read, first=read.likeliest) for read in reads]
            print("what opens an answer is left to the scores of all sentences", flush=True)
        models[name] = learn_with_opening(own) | {"threshold": _report(name, reads)}
        if not _opens_better(known):
            del models[name]["opening"]
    return models


def _seen(example: Example, name: str) -> Example:
    """The example without what the model of that name should not learn from."""
    hidden = [BASE.index(feature) for feature in _UNSEEN.get(name, ())]
    features = example.features.copy()
    features[:, hidden] = 0.0
    return replace(example, features=features)


async def main() -> None:
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else None
    with tempfile.TemporaryDirectory() as temporary:
        named = sys.argv[sys.argv.index("--folder") + 1] if "--folder" in sys.argv else temporary
        folder = Path(named)
        read = [*await examples(folder), *await pasted_examples(folder)]
        data = train(read, [only] if only else list(_CORPORA))
    if "--write" in sys.argv:
        if only:
            data = json.loads(MODEL_PATH.read_text(encoding="utf-8")) | data
        MODEL_PATH.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
