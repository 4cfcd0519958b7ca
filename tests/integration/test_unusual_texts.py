"""Pages that mix scripts, names in other letters, pictures for questions, languages nothing supports."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.answering.models import Answer
from retrieval.models import Article, IngestItem
from retrieval.timestamps import parse_span
from tests.integration.answering_fixtures import asked, engine_over, fill

_MIXED = (
    "The Lantern Bridge in Maravel opened on Tuesday after nine years of work. "
    "林奎斯特港务局周二宣布，新桥每天可通行四万辆汽车。 "
    "The ferry across the Oss will stop in May, the harbour board said."
)
_RIGHT_TO_LEFT = (
    "أعلن نادي FC Maravel أن المدرب Anton Rell سيغادر الفريق في نهاية الموسم. "
    "وقالت الرئيسة Ines Calder إن النادي دفع 412 مليون كرونة للمدرب. "
    "وسيبدأ المدرب الجديد عمله في شهر أيار."
)
_GEORGIAN = (
    "ველმორის ხიდი მდინარე ისკზე 1931 წელს გაიხსნა. ხიდი ინჟინერმა ანტონ რელმა დააპროექტა. "
    "ხიდის სიგრძე 412 მეტრია და თერთმეტ თაღზე დგას. წყალდიდობის დროს ორი თაღი ჩამოინგრა."
)


def _items() -> list[IngestItem]:
    day = parse_span("2026-03-03")
    texts = {
        "mixed": ("A bridge and a port 新桥", _MIXED),
        "rtl": ("نادي FC Maravel", _RIGHT_TO_LEFT),
        "georgian": ("ველმორის ხიდი", _GEORGIAN),
    }
    return [
        IngestItem(name, Article(title, text, f"https://{name}.example/1", published=day))
        for name, (title, text) in texts.items()
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unusual")
    asyncio.run(fill(folder, _items()))
    return folder


async def _answers(folder: Path, *questions: str) -> list[Answer]:
    async with engine_over(folder) as (_, engine):
        return [await engine.answer(asked(question)) for question in questions]


async def test_both_scripts_of_a_page_are_found_and_quoted_whole(folder: Path) -> None:
    english, chinese = await _answers(
        folder, "Which bridge opened in Maravel?", "新桥每天可通行多少辆汽车？"
    )
    assert "The Lantern Bridge in Maravel opened on Tuesday" in english.text
    assert "四万辆汽车" in chinese.text
    for answer in (english, chinese):
        assert answer.citations[0].article.url == "https://mixed.example/1"


async def test_latin_names_in_a_text_from_right_to_left_are_found(folder: Path) -> None:
    by_name, in_arabic = await _answers(
        folder, "Anton Rell", "متى سيغادر المدرب Anton Rell الفريق؟"
    )
    for answer in (by_name, in_arabic):
        told = [c.article.url for c in answer.citations] + [r.url for r in answer.nearest]
        assert "https://rtl.example/1" in told
    assert "نهاية الموسم" in in_arabic.text


@pytest.mark.parametrize("question", ["😀", "🌉🌉 ❓", "؟", "…"])
async def test_a_question_without_a_word_gets_a_reply(folder: Path, question: str) -> None:
    (answer,) = await _answers(folder, question)
    assert answer.text
    assert not answer.citations


async def test_a_question_in_an_unsupported_language_is_told_so(folder: Path) -> None:
    georgian, swahili = await _answers(
        folder, "ვინ დააპროექტა ველმორის ხიდი?", "Nani alibuni daraja la Maravel na mto Oss?"
    )
    assert "ანტონ რელმა" in georgian.text
    codes = [note.code for note in georgian.notes]
    assert "note-language-not-known" in codes
    assert "note-language-not-measured" in codes
    assert "note-language-not-known" in [note.code for note in swahili.notes]
