"""Where sentences end, in fourteen languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.text.chunking import passage_spans
from retrieval.text.common_words import likely_language
from retrieval.text.sentences import sentences

_TABLE = Path(__file__).parent / "data" / "sentence_boundaries.txt"
_UNSPACED = {"ja", "zh"}


def _cases() -> Iterator[tuple[str, str, list[str]]]:
    language = ""
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]") and len(line) == 4:
            language = line[1:-1]
        elif not line.startswith("#"):
            expected = line.split("|")
            yield language, ("" if language in _UNSPACED else " ").join(expected), expected


@pytest.mark.parametrize(("language", "text", "expected"), list(_cases()))
def test_sentences_end_by_the_rules_of_their_language(
    language: str, text: str, expected: list[str]
) -> None:
    assert sentences(text, language) == expected


def test_the_language_is_told_by_the_text_where_nobody_says_it() -> None:
    told = [(language, text) for language, text, _ in _cases()]
    wrong = [text for language, text in told if sentences(text, language) != sentences(text)]
    assert len(wrong) <= 0.05 * len(told), wrong


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Was geschah am Montag?", "de"), ("Wat gebeurde er maandag?", "nl"), ("Qui a gagné ?", "fr"),
        ("Chi ha vinto le elezioni?", "it"), ("¿Quién ganó?", "es"), ("Quem ganhou as eleições?", "pt"),
        ("Seçimi kim kazandı?", "tr"), ("Кто победил?", "ru"), ("من فاز؟", "ar"), ("कौन जीता?", "hi"),
        ("谁赢了？", "zh"), ("誰が勝った？", "ja"), ("ใครชนะ", "th"), ("Who won?", "en"), ("🙂🙂", None), ("", None),
        ("2023?", None), ("東京 Tokyo Tower の高さは？", "ja"), ("Biden và Trump", "vi"), ("Biden Trump", None),
    ],
)  # fmt: skip
def test_a_short_text_tells_its_language(text: str, language: str | None) -> None:
    assert likely_language(text) == language


@pytest.mark.parametrize(
    "text",
    ["", " ", "🙂", "...", "?!", "。", "“", "مرحبا John قال: OK. نعم", "a.b.c.", "Ё.", "«", "ก", "ๆ ฯ", "\ud800. X"],
)  # fmt: skip
@pytest.mark.parametrize("language", [None, "en", "de", "ar", "th", "zh", "xx"])
def test_odd_texts_are_cut_without_losing_a_character(text: str, language: str | None) -> None:
    assert "".join("".join(sentences(text, language)).split()) == "".join(text.split())


def test_passages_are_cut_by_the_language_of_the_article() -> None:
    text = "Der Antrag umfasst 2,1 Mio. Euro. " * 40
    starts = [text[start : start + 3] for start, _ in passage_spans(text, 120, language="de")]
    assert set(starts) == {"Der"}
