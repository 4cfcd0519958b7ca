"""Learn whether a message leans on the turn before it; a part of `train_router`.

A logistic regression over the features of `bot/answering/router/leaning.py`: the messages of
`router_turns.txt` after their own turns, and all other messages of the router's after turns of other
conversations. How a message sounds is told by models that never saw its line.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.answering.conversation import Turn
from bot.answering.router.leaning import FEATURES, LeaningModel, leaning_features, word_beginnings
from retrieval.text.words import words
from tests.benchmarks.turns import SaidTurn, conversations

TURNS = Path(__file__).parent / "router_turns.txt"
# A message after its own turn tells more than one after any other.
_OWN_TURN = 6.0
_PENALTY = 1.0
_WHOLE = 4  # words of the shortest whole questions
_STEPS = 40
_THRESHOLDS = np.arange(0.02, 0.981, 0.01)
# So large a share of what follows, or of what stands alone, is read both ways where one finds nothing.
_READ_BOTH_WAYS = 0.98

_Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heard:
    """A message; ``sounds`` is how likely the classifier takes it for one that leans, ``leans`` the
    truth, and ``line`` what it was made of."""

    text: str
    language: str
    line: str
    sounds: float
    leans: bool


def said_turns() -> list[SaidTurn]:
    """The messages that are said after an answer, or before one."""
    return [turn for turns in conversations(TURNS) for turn in turns]


def is_whole(turn: SaidTurn) -> bool:
    """Whether what is said has the words of a whole question, and a word of the turn before it."""
    last = turn.before.last
    if last is None or len(words(turn.text)) < _WHOLE:
        return False
    before = {*word_beginnings(last.question), *word_beginnings(last.answer)}
    return bool(before & set(word_beginnings(turn.text)))


def learn_leaning(heard: Sequence[Heard]) -> LeaningModel:
    """Learn from messages of which those in ``router_turns.txt`` stand after their own turn; the
    thresholds are chosen on these alone."""
    own = {turn.text: turn.before.last for turn in said_turns()}
    others = _other_turns()
    dice = random.Random(7)
    rows, weights = [], []
    for message in heard:
        turn = own.get(message.line)
        weights.append(_OWN_TURN if turn is not None else 1.0)
        turn = turn or dice.choice(others[message.language])
        rows.append(leaning_features(message.text, message.sounds, turn))
    features, weight = np.array(rows), np.array(weights)
    leans = np.array([message.leans for message in heard])
    learned = _fitted(features, leans, weight)
    mine = weight == _OWN_TURN
    return _with_thresholds(learned, _likely(features[mine], learned), leans[mine])


def _other_turns() -> Mapping[str, list[Turn]]:
    found: dict[str, list[Turn]] = {}
    for turn in said_turns():
        if turn.before.last is not None:
            found.setdefault(turn.language, []).append(turn.before.last)
    return found


def _fitted(rows: _Numbers, leans: npt.NDArray[np.bool_], weight: _Numbers) -> _Numbers:
    """Newton's steps; the penalty keeps the weights small."""
    learned = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        likely = _likely(rows, learned)
        slope = rows.T @ (weight * (likely - leans)) + _PENALTY * learned
        curve = (rows * (weight * likely * (1 - likely))[:, None]).T @ rows
        learned -= np.linalg.solve(curve + _PENALTY * np.eye(len(learned)), slope)
    return learned


def _likely(rows: _Numbers, learned: _Numbers) -> _Numbers:
    likely: _Numbers = 1 / (1 + np.exp(-rows @ learned))
    return likely


def _with_thresholds(
    learned: _Numbers, likely: _Numbers, leans: npt.NDArray[np.bool_]
) -> LeaningModel:
    """At ``sure`` what follows is as rarely misread as what stands alone."""
    caught = np.array([(likely[leans] >= step).mean() for step in _THRESHOLDS])
    spared = np.array([(likely[~leans] < step).mean() for step in _THRESHOLDS])
    sure = float(_THRESHOLDS[int(np.minimum(caught, spared).argmax())])
    print(
        f"after an answer, {leans.sum()} that lean and {(~leans).sum()} that don't, by how they sound "
        f"to models that never saw them: {(likely[leans] >= sure).mean():.3f} and "
        f"{(likely[~leans] < sure).mean():.3f} read as such from {sure:.2f}"
    )
    return LeaningModel(
        {name: round(float(value), 3) for name, value in zip(FEATURES, learned, strict=True)},
        round(min(sure, float(_THRESHOLDS[np.flatnonzero(caught >= _READ_BOTH_WAYS)[-1]])), 2),
        round(sure, 2),
        round(max(sure, float(_THRESHOLDS[np.flatnonzero(spared >= _READ_BOTH_WAYS)[0]])), 2),
    )
