"""Find the words that could be the answer, and measure how likely each is.

An answer is close to the question's words, recurs in several outlets, and is of the kind that is
asked for. A word of the question isn't an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bot.answering.extractive.analysis import PassageAnalysis, PassageSentence
from retrieval.text.answer_types import AMOUNTS, NAMES, PEOPLE

Floats: TypeAlias = npt.NDArray[np.float64]


CANDIDATE = (
    "votes",
    "votes_close",
    "best_close",
    "closeness",
    "wanted",
    "wanted_votes",
    "capital",
    "digit",
    "sentences",
    "articles",
    "title",
    "thing",
    "likeness",
    "score",
    "strength",
    "rare",
    "length",
    "amount_digit",
    "amount_other",
    "who_capital",
    "name_capital",
    "nothing_capital",
    "title_wanted",
    "thing_votes",
)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Stems that could be the answer. ``features`` has the shape ``(stems, len(CANDIDATE))``;
    ``of_sentence`` holds for each sentence the indices of the ``stems`` in it."""

    stems: tuple[str, ...]
    features: Floats
    of_sentence: tuple[npt.NDArray[np.intp], ...]


def find_candidates(
    analysis: PassageAnalysis, sentences: Sequence[PassageSentence], strengths: Floats
) -> Candidates:
    """Return the candidates in ``sentences``; ``strengths``, shape ``(sentences,)``, says how
    promising each is, 1 for the best."""
    number: dict[str, int] = {}
    flat: list[tuple[int, int, float, float, bool]] = []
    first: list[tuple[int, int, int]] = []
    of_sentence = []
    index = {id(sentence): i + 2 for i, sentence in enumerate(analysis.sentences)}
    kinds = analysis.expected.kinds
    skipped = analysis.question_stems | analysis.common
    for place, sentence in enumerate(sentences):
        spans = [
            (each.start, each.end) for each in sentence.spans if each.kinds & kinds and each.key
        ]
        here: set[int] = set()
        row, text = index[id(sentence)], sentence.text
        for at, (stem, (start, end), close) in enumerate(
            zip(sentence.terms, sentence.tokens, sentence.closeness, strict=True)
        ):
            if stem in skipped or (len(stem) < 2 and not stem.isdigit()):
                continue
            known = number.get(stem)
            if known is None:
                known = number[stem] = len(number)
                first.append((row, start, end))
            here.add(known)
            inside = 0.0
            for a, b in spans:
                if a <= start < b:
                    inside = 1.0
                    break
            flat.append((known, place, close, inside, at > 0 and text[start].isupper()))
        of_sentence.append(np.array(sorted(here), dtype=np.intp))
    if not flat:
        return Candidates((), np.zeros((0, len(CANDIDATE))), tuple(of_sentence))
    features = _features(analysis, sentences, strengths, tuple(number), np.array(flat), first)
    return Candidates(tuple(number), features, tuple(of_sentence))


def _features(
    analysis: PassageAnalysis,
    sentences: Sequence[PassageSentence],
    strengths: Floats,
    stems: tuple[str, ...],
    flat: Floats,
    first: Sequence[tuple[int, int, int]],
) -> Floats:
    known, place = flat[:, 0].astype(np.intp), flat[:, 1].astype(np.intp)
    close, inside, capital = flat[:, 2], flat[:, 3], flat[:, 4]
    count = len(stems)
    ids: dict[str, int] = {}
    articles = np.array([ids.setdefault(analysis.article_id(s), len(ids)) for s in sentences])
    strength = strengths[place]
    cell = known * len(ids) + articles[place]
    by_article = np.zeros(count * len(ids))
    np.maximum.at(by_article, cell, strength)
    closest = np.zeros(count * len(ids))
    np.maximum.at(closest, cell, strength * (0.1 + close))
    told, close_to = by_article.reshape(count, -1), closest.reshape(count, -1)
    votes, votes_close = told.sum(axis=1), close_to.sum(axis=1)
    occurrences = np.bincount(known, minlength=count).astype(float)
    total = np.bincount(known, strength, count)
    wanted = np.bincount(known, strength * inside, count) / np.maximum(total, 1e-9)
    capitals = np.bincount(known, capital, count) / occurrences
    digit = np.array([float(_has_digit(stem)) for stem in stems])
    best_close, score = np.zeros(count), np.zeros(count)
    np.maximum.at(best_close, known, close)
    of_result = np.array([analysis.results[s.result].score for s in sentences])
    np.maximum.at(score, known, of_result[place])
    title = np.zeros(count)
    at = {stem: i for i, stem in enumerate(stems)}
    for result, words in zip(analysis.results, analysis.titles, strict=True):
        weight = result.score * (0.2 + analysis.coverage(words))
        for stem in words & at.keys():
            title[at[stem]] += weight
    rows = analysis.vectors.of_spans(*map(list, zip(*first, strict=True)))
    vectors = analysis.vectors.of_texts()
    thing, likeness = rows @ vectors[1], rows @ vectors[0]
    rare = votes / np.sqrt(occurrences)
    kinds = analysis.expected.kinds
    amount, who, name = (float(bool(kinds & each)) for each in (AMOUNTS, PEOPLE, NAMES))
    columns = {
        "votes": votes / votes.max(),
        "votes_close": votes_close / votes_close.max(),
        "best_close": close_to.max(axis=1) / closest.max(),
        "closeness": best_close,
        "wanted": wanted,
        "wanted_votes": wanted * votes / votes.max(),
        "capital": capitals,
        "digit": digit,
        "sentences": np.log1p(occurrences),
        "articles": (told > 0).sum(axis=1) / 8,
        "title": title / max(title.max(), 1e-9),
        "thing": thing,
        "likeness": likeness,
        "score": score,
        "strength": told.max(axis=1),
        "rare": rare / rare.max(),
        "length": np.minimum([len(stem) for stem in stems], 12) / 12,
        "amount_digit": amount * digit,
        "amount_other": amount * (1 - digit),
        "who_capital": who * capitals,
        "name_capital": name * capitals,
        "nothing_capital": float(not kinds) * capitals,
        "title_wanted": wanted * title / max(title.max(), 1e-9),
        "thing_votes": thing * votes / votes.max(),
    }
    return np.stack([columns[each] for each in CANDIDATE], axis=1)


def _has_digit(stem: str) -> bool:
    return not stem.isalpha() and any(map(str.isdigit, stem))
