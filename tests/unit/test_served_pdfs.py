"""PDFs of many scripts: columns, hyphens, and those that hold no text."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest

from retrieval.errors import UnreadableSource
from retrieval.extraction.pdf import article_from_pdf
from tests.unit.pdfs import Drawn, column, drawn_pdf, scanned_pdf, visual
from tests.unit.served import LANGUAGES, paragraphs
from tests.unit.source_files import ROOT

_COLUMN = 230


def _bare(text: str) -> str:
    """A text whatever its lines and paragraphs."""
    return "".join(text.split())


def _columns(tag: str) -> tuple[list[Drawn], list[Drawn]]:
    """Two columns of a page as they are read, each of a heading's or a paragraph's beginning."""
    of = paragraphs(tag) * 2
    right_to_left = unicodedata.bidirectional(of[0][0]) in {"R", "AL"}
    places = (305, 50) if right_to_left else (50, 305)
    first, second = (
        column(part, left=left, width=_COLUMN)
        for part, left in zip((of[:4], of[4:]), places, strict=True)
    )
    return first, second


def _is_read(tag: str, pieces: list[Drawn]) -> None:
    text = article_from_pdf(drawn_pdf([pieces]), None).text
    assert _bare(text) == _bare("".join(paragraphs(tag) * 2))


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_pdf_of_any_script_is_an_article(tag: str) -> None:
    data = drawn_pdf([column([LANGUAGES[tag]["title"], *paragraphs(tag)])])
    article = article_from_pdf(data, None)
    assert article.title == LANGUAGES[tag]["title"]
    assert article.language == tag
    # A short last line but one may look like the end of a paragraph.
    assert sum(line in article.text for line in paragraphs(tag)) >= 3
    assert _bare(article.text) == _bare("".join(paragraphs(tag)))


@pytest.mark.parametrize("tag", ["en", "de", "fr", "ru", "ar", "hi", "zh", "ja"])
def test_columns_are_read_one_after_the_other_however_they_are_drawn(tag: str) -> None:
    first, second = _columns(tag)
    _is_read(tag, first + second)
    _is_read(tag, second + first)
    _is_read(tag, sorted(first + second, key=lambda piece: (-piece[1], piece[0])))


@pytest.mark.parametrize("tag", ["ar", "zh", "ja", "ru", "hi"])
def test_a_paragraph_goes_on_in_the_next_column_and_on_the_next_page(tag: str) -> None:
    # Two of them without the stop between: what ends a sentence may end a paragraph.
    split = f"{paragraphs(tag)[0].rstrip('.。।')} {paragraphs(tag)[1]}"
    lines = column([LANGUAGES[tag]["title"], split], width=_COLUMN)
    half = 3
    last = column(paragraphs(tag)[2:], width=_COLUMN)
    text = article_from_pdf(drawn_pdf([lines[:half], lines[half:], last]), None).text
    assert any(_bare(part) == _bare(split) for part in text.split("\n\n"))


@pytest.mark.parametrize(
    ("printed", "plain"),
    [
        ("ﻣﺤﻄﺔ ﺍﻟﻌﺒﺎﺭﺍﺕ ﺍﻟﺸﻤﺎﻟﻴﺔ", "محطة العبارات الشمالية"),
        ("ﻣﻜﺘﺒﺔ ﻋﺎﻣﺔ ﻓﻲ 2026", "مكتبة عامة في 2026"),
        ("ﻗﺎﻝ 3400 ﺭﺍﻛﺐ", "قال 3400 راكب"),
        ("ﺍﻟﻤﺪﻳﻨﺔ ﺍﻟﻘﺪﻳﻤﺔ", "المدينة القديمة"),
        ("ﻻ ﺃﺣﺪ", "لا أحد"),
    ],
)
def test_arabic_in_the_forms_of_print_is_read_as_letters(printed: str, plain: str) -> None:
    below = [(x, y - 20, text) for x, y, text in column(paragraphs("ar"))]
    line = (540 - 5 * len(printed), 780, visual(printed))
    text = article_from_pdf(drawn_pdf([[line, *below]]), None)
    assert plain in f"{text.title}\n{text.text}"


@pytest.mark.parametrize(
    ("first", "second", "right"),
    [
        ("Die Hafenbe-", "hörde teilte mit, dass die Fähre", "Hafenbehörde teilte"),
        ("die deutsch-", "französische Grenze bleibt", "deutsch-französische Grenze"),
        ("the Anglo-", "Saxon pier was closed again", "Anglo-Saxon pier"),
        ("a six-", "week closure would be hard", "six-week closure"),
        ("l’admini-", "stration portuaire a dit que", "administration portuaire"),
        ("el ayunta-", "miento de la ciudad dijo que", "ayuntamiento de"),
        ("городская админи-", "страция сообщила во вторник", "администрация сообщила"),
        ("der COVID-", "19-Impfstoff kam im Winter an", "COVID-19-Impfstoff"),
    ],
)  # fmt: skip
def test_a_hyphen_at_the_end_of_a_line_stays_where_it_belongs(
    first: str, second: str, right: str
) -> None:
    language = "de" if "ö" in second or "Impf" in second or "frz" in second else "en"
    filler = column([*paragraphs(language), " ".join(paragraphs(language))])
    y = filler[-1][1] - 14
    known = "The six weeks and the week of a six again; deutsch und französische, deutsche Zeit."
    pieces: list[Drawn] = [*filler, (50, y, known), (50, y - 14, first), (50, y - 28, second)]
    assert right in article_from_pdf(drawn_pdf([pieces]), None).text


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(scanned_pdf(1), "pdf-without-text", id="one picture"),
        pytest.param(scanned_pdf(12), "pdf-without-text", id="many pictures"),
        pytest.param(drawn_pdf([[], []]), "pdf-blank", id="blank pages"),
        pytest.param(drawn_pdf([[(50, 700, "Seite 1")]]), "pdf-without-text", id="a few letters"),
        pytest.param(b"%PDF-1.4\n%%EOF", "pdf-damaged", id="no pages"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(300), "pdf-damaged", id="no PDF"),
    ],
)
def test_a_pdf_without_an_article_says_why(data: bytes, code: str) -> None:
    with pytest.raises(UnreadableSource) as refused:
        article_from_pdf(data, None)
    assert refused.value.code == code


def test_the_vocabulary_is_read_without_importing_the_embedders_package() -> None:
    code = (
        "import sys; from retrieval.extraction import pdf; "
        "print(len(pdf._common_words()) > 1_000, 'wordllama' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.split() == ["True", "False"]
