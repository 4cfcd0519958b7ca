"""What a sentence is checked against: the passages that it cites, read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.answering.verification.legacy.alignment import Line, lines


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage, with what is known of its article."""

    text: str
    title: str = ""
    published: dt.date | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """The sentences of the passages, each passage headed by its title and publisher if it has them."""

    passages: tuple[tuple[Line, ...], ...]
    published: tuple[dt.date | None, ...]
    stems: frozenset[str]
    uncased: bool
    """Whether the passages have no capitals but at the head of sentences, so that names can't be told."""

    @property
    def lines(self) -> Iterator[Line]:
        for passage in self.passages:
            yield from passage


def gather(passages: Sequence[Evidence]) -> Material:
    read = tuple(_lines_of(passage) for passage in passages)
    stems = frozenset(
        token.stem for passage in read for line in passage for token in line if token.kind != "mark"
    )
    uncased = not any(
        token.capital and not (at == 0 or line[at - 1].kind == "mark")
        for passage in read for line in passage for at, token in enumerate(line)
    )  # fmt: skip
    return Material(read, tuple(passage.published for passage in passages), stems, uncased)


def _lines_of(passage: Evidence) -> tuple[Line, ...]:
    heads = (text for text in (passage.title, passage.source) if text)
    return tuple(line for head in heads for line in lines(head)) + lines(passage.text)
