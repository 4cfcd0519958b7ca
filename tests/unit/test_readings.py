"""A worse reading never replaces a better one."""

from __future__ import annotations

import pytest

from retrieval.text.readings import why_worse
from tests.unit.served import LANGUAGES, paragraphs


def _text(tag: str) -> str:
    return "\n".join(paragraphs(tag) * 2)


@pytest.mark.parametrize("tag", [tag for tag in LANGUAGES if tag != "en"])
def test_letters_that_came_back_broken(tag: str) -> None:
    good = _text(tag)
    letters = sorted({c for c in good if ord(c) > 127 and c.isalpha()})
    broken = good.replace(letters[0], "\ufffd")
    assert why_worse(good, broken, fetched=False)
    questioned = "".join("?" if ord(c) > 127 and c.isalpha() else c for c in good)
    assert why_worse(good, questioned, fetched=False)
    assert not why_worse(broken, good, fetched=True)


@pytest.mark.parametrize("tag", ["ru", "ar", "hi", "zh", "ja", "de", "pl", "tr"])
def test_letters_read_in_another_encoding(tag: str) -> None:
    good = _text(tag)
    garbled = good.encode().decode("latin-1")
    assert why_worse(good, garbled, fetched=False)
    assert not why_worse(garbled, good, fetched=True)


@pytest.mark.parametrize("tag", ["de", "fr", "pl", "sv", "tr"])
def test_letters_that_are_missing(tag: str) -> None:
    good = _text(tag)
    assert why_worse(good, good.encode("ascii", "ignore").decode(), fetched=False)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_text_that_comes_back_cut(tag: str) -> None:
    good = _text(tag)
    cut = good[: len(good) // 2]
    for beginning in (cut, cut + "…", cut + " [...]"):
        assert why_worse(good, beginning, fetched=True)
        assert not why_worse(good, beginning, fetched=False)
    assert not why_worse(cut, good, fetched=True)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_what_is_told_anew_is_taken(tag: str) -> None:
    first, *rest = paragraphs(tag)
    good = "\n".join([first, *rest])
    assert not why_worse(good, "\n".join([*LANGUAGES[tag]["brief"], *rest]), fetched=True)
    assert not why_worse(good, "\n".join([first, *rest, LANGUAGES[tag]["brief"][0]]), fetched=True)
