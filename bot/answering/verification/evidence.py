"""What a claim is checked against: the passages that it cites, analysed once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bot.answering.verification.tokens import Token, plain, read
from bot.answering.verification.word_vectors import CONTENT_WEIGHT, Floats, word_vectors
from retrieval.text.language import detect_language
from retrieval.text.sentences import sentence_spans
from retrieval.text.stop_words import weightless_words

MAX_TOKENS = 400
"""A claim of more tokens is no sentence; longer sentences of passages are read in parts."""

_SAMPLE = 1500
_PREFIX = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage, with what is known about its article."""

    text: str
    title: str = ""
    published: dt.date | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class EvidenceSentence:
    """An analysed sentence. ``words`` are its tokens without punctuation; ``vectors``, shape
    ``(words, dimensions)``, and ``weights``, shape ``(words,)``, are theirs; ``content`` are the
    indices of ``words`` that carry meaning; ``vector`` is that of the sentence."""

    text: str
    tokens: tuple[Token, ...]
    words: tuple[Token, ...]
    keys: tuple[str, ...]
    vectors: Floats
    weights: Floats
    content: tuple[int, ...]
    vector: Floats
    key_set: frozenset[str]
    literal: tuple[str, ...]
    """The words in lower case, as they stand; numbers by their value."""


@dataclass(frozen=True, slots=True)
class EvidenceText:
    """All sentences of the passages in order; ``passage`` says which passage each belongs to."""

    sentences: tuple[EvidenceSentence, ...]
    passage: tuple[int, ...]
    published: tuple[dt.date | None, ...]
    keys: frozenset[str]
    columns: Floats
    """The vectors of all content words of all sentences."""
    column_places: Mapping[str, Sequence[int]]
    """The columns of each key, and under ``abcde*`` of all words that begin so."""
    number_columns: Sequence[int]
    starts: tuple[int, ...]
    """Where the columns of each sentence begin."""
    word_places: Mapping[str, Sequence[tuple[int, int]]]
    """Where each key stands: the sentence and the place of the word in it."""
    lines: Floats
    """The vectors of the sentences."""
    vector: Floats
    language: str

    def around(self, window: tuple[int, int]) -> Sequence[EvidenceSentence]:
        """Return the sentences of a window, its first and last one included."""
        first, last = window
        return self.sentences[first : last + 1]

    def keys_around(self, window: tuple[int, int]) -> frozenset[str]:
        """Return the keys of a window's sentences."""
        return frozenset[str]().union(*(sentence.key_set for sentence in self.around(window)))


def read_sentence(text: str, inside: bool = False) -> EvidenceSentence:
    """Analyse one plain sentence, which begins ``inside`` a quotation or not. Raises
    ``EmbedderError``."""
    tokens = read(text, inside)[: 2 * MAX_TOKENS]
    words = _words(tokens)
    return _measured(text, tokens, words, *word_vectors().look_up([token.text for token in words]))


def _words(tokens: Sequence[Token]) -> tuple[Token, ...]:
    return tuple([token for token in tokens if token.kind != "mark"][:MAX_TOKENS])


def _measured(
    text: str, tokens: tuple[Token, ...], words: tuple[Token, ...], vectors: Floats, weights: Floats
) -> EvidenceSentence:
    heavy = (weights >= CONTENT_WEIGHT).tolist()
    content = tuple(
        at
        for at, token in enumerate(words)
        if token.kind == "number"
        or (heavy[at] and token.low not in weightless_words() and token.key != "s")
    )
    keys = tuple(token.key for token in words)
    vector = _mean(vectors, weights)
    literal = tuple(t.key if t.kind == "number" else t.low for t in words)
    return EvidenceSentence(
        text, tokens, words, keys, vectors, weights, content, vector, frozenset(keys), literal
    )


def _mean(vectors: Floats, weights: Floats) -> Floats:
    if not len(weights):
        return np.zeros(vectors.shape[1], dtype=np.float32)
    total = np.asarray(weights @ vectors, dtype=np.float32)
    length = float(np.linalg.norm(total))
    return total / length if length else total


@lru_cache(maxsize=512)
def _read_text(text: str) -> tuple[EvidenceSentence, ...]:
    text = plain(text)
    parts: list[tuple[str, tuple[Token, ...], tuple[Token, ...]]] = []
    inside, read_to = False, 0
    for start, end in sentence_spans(text):
        if "\n" in text[read_to:start]:
            inside = False  # each paragraph of a quotation begins with a new mark
        tokens = read(text[start:end], inside)[: 2 * MAX_TOKENS]
        inside ^= text.count('"', start, end) % 2 == 1
        read_to = end
        if words := _words(tokens):
            parts.append((text[start:end], tokens, words))
    # All words at once: looking up each sentence separately costs more than reading it.
    vectors, weights = word_vectors().look_up([t.text for _, _, words in parts for t in words])
    found: list[EvidenceSentence] = []
    first = 0
    for said, tokens, words in parts:
        last = first + len(words)
        found.append(_measured(said, tokens, words, vectors[first:last], weights[first:last]))
        first = last
    return tuple(found)


def read_evidence(passages: Sequence[Evidence]) -> EvidenceText:
    """Analyse passages, each after its title and publisher if it has them. Recent ones are cached.
    Raises ``EmbedderError``."""
    return _read_evidence(tuple(passages))


@lru_cache(maxsize=64)
def _read_evidence(passages: tuple[Evidence, ...]) -> EvidenceText:
    sentences: list[EvidenceSentence] = []
    owners: list[int] = []
    for number, passage in enumerate(passages):
        heads = [text for text in (passage.title, passage.source) if text]
        for text in (*heads, passage.text):
            mine = _read_text(text)
            sentences += mine
            owners += [number] * len(mine)
    starts, columns, keys = [], [], list[str]()
    for sentence in sentences:
        starts.append(len(keys))
        keys += [sentence.keys[at] for at in sentence.content] or [""]
        rows = sentence.vectors[list(sentence.content)] if sentence.content else None
        width = sentence.vectors.shape[1]
        columns.append(rows if rows is not None else np.zeros((1, width), dtype=np.float32))
    vectors = np.concatenate(columns) if columns else np.zeros((0, 1), dtype=np.float32)
    column_places: dict[str, list[int]] = {}
    for at, key in enumerate(keys):
        column_places.setdefault(key, []).append(at)
        if (beginning := beginning_of(key)) is not None:
            column_places.setdefault(beginning, []).append(at)
    word_places: dict[str, list[tuple[int, int]]] = {}
    for number, sentence in enumerate(sentences):
        for at, key in enumerate(sentence.keys):
            word_places.setdefault(key, []).append((number, at))
    none = np.zeros((0, vectors.shape[1]), dtype=np.float32)
    lines = np.stack([s.vector for s in sentences]) if sentences else none
    total = lines.sum(axis=0)
    length = float(np.linalg.norm(total))
    return EvidenceText(
        tuple(sentences),
        tuple(owners),
        tuple(passage.published for passage in passages),
        frozenset(word_places),
        vectors,
        column_places,
        [at for at, key in enumerate(keys) if key.startswith("#")],
        tuple(starts),
        word_places,
        lines,
        total / length if length else total,
        _language(passages),
    )


def beginning_of(key: str) -> str | None:
    """Return the key shared by all words with the same beginning; None for numbers and short
    words."""
    return f"{key[:_PREFIX]}*" if len(key) >= _PREFIX and key[0] != "#" else None


def _language(passages: Sequence[Evidence]) -> str:
    """Return the language of the passages; "und" if there is too little text to tell."""
    text = " ".join(passage.text[:_SAMPLE] for passage in passages)
    return detect_language(text) or ("en" if text.isascii() else "und")
