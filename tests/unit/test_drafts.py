"""Cutting what a model writes into sentences with their citations."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from bot.answering.sentence_stream import DraftReader, DraftSentence


def read(text: str, cuts: list[int] | None = None) -> list[tuple[str, tuple[int, ...]]]:
    """The sentences of ``text``, fed in pieces that end at ``cuts``."""
    reader = DraftReader()
    found: list[DraftSentence] = []
    edges = [0, *(cuts or []), len(text)]
    for first, last in pairwise(edges):
        found += reader.feed(text[first:last])
    found += reader.finish()
    return [(sentence.text, sentence.cited) for sentence in found]


TEXTS = [
    ("It cost $5.4 million. [1] Mr. Wang said so.[2][3]", [("It cost $5.4 million.", (1,)), ("Mr. Wang said so.", (2, 3))]),
    ("It cost 5 million [1]. He left [2, 3].", [("It cost 5 million.", (1,)), ("He left.", (2, 3))]),
    ("“We won,” he said. [1] “They lost.” [2]", [("“We won,” he said.", (1,)), ("“They lost.”", (2,))]),
    ("It opened on Oct. 3. [1] “We won,” he said. [2]", [("It opened on Oct. 3.", (1,)), ("“We won,” he said.", (2,))]),
    ("- First point [1]\n- Second point [2]\n", [("First point.", (1,)), ("Second point.", (2,))]),
    ("Answer: It rained. [1-3]", [("It rained.", (1, 2, 3))]),
    ("The answer to the question is: It rained. [1]", [("It rained.", (1,))]),
    ("It rained 【4】.", [("It rained.", (4,))]),
    ("It rained. [1", [("It rained.", ())]),
    ("[1] [2]", []),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), TEXTS)
def test_sentences_come_with_the_numbers_that_they_cite(
    text: str, wanted: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert read(text) == wanted


@pytest.mark.parametrize(("text", "wanted"), TEXTS)
def test_where_a_stream_is_cut_makes_no_difference(
    text: str, wanted: list[tuple[str, tuple[int, ...]]]
) -> None:
    dice = random.Random(7)
    assert read(text, list(range(1, len(text)))) == wanted
    for _ in range(20):
        cuts = sorted(dice.sample(range(len(text) + 1), min(4, len(text))))
        assert read(text, cuts) == wanted


def test_a_sentence_is_given_out_as_soon_as_the_next_one_has_begun() -> None:
    reader = DraftReader()
    assert reader.feed("It rained. [1]") == []
    assert reader.feed(" The") == []
    assert [s.text for s in reader.feed("n it snowed")] == ["It rained."]


def test_a_cited_sentence_is_given_out_when_the_text_pauses() -> None:
    reader = DraftReader()
    assert reader.feed("It rained. [1]") == []
    assert reader.settle() == [DraftSentence("It rained.", (1,))]
    assert reader.settle() == []


def test_a_pause_inside_a_citation_or_before_it_gives_out_nothing() -> None:
    reader = DraftReader()
    reader.feed("It rained. [1")
    assert reader.settle() == []
    reader.feed("] It")
    assert reader.settle() == [DraftSentence("It rained.", (1,))]
    reader.feed(" snowed.")
    assert reader.settle() == []
    assert reader.feed(" [2] And then") == [DraftSentence("It snowed.", (2,))]


def test_an_uncited_or_unfinished_sentence_waits() -> None:
    reader = DraftReader()
    reader.feed("It rained in")
    assert reader.settle() == []
    reader.feed(" Oslo.")
    assert reader.settle() == [], "a citation may follow"
    assert reader.finish() == [DraftSentence("It rained in Oslo.", ())]
