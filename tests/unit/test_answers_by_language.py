"""Answers without a model in other languages than English: what is asked, what could answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.answering.extractive import select
from bot.answering.extractive.sentences import readable_sentences
from bot.answering.extractive.spans_by_language import spans_in
from bot.answering.reading_notes import MEASURED
from retrieval.models import Passage, Reference, SearchResult, SearchResults
from retrieval.search.query import content_words
from retrieval.text.answer_types import AnswerKind, expected_answer_type
from retrieval.text.lengths import count_words, english_length
from retrieval.text.stemming import stems

NOW = datetime(2026, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "question", "kinds"),
    [
        ("de", "Wie viele Brücken hat Velmora?", {"number"}),
        ("de", "In welchem Jahr wurde die Brücke gebaut?", {"date"}),
        ("es", "¿Quién construyó el puente?", {"person"}),
        ("ru", "Где находится мост?", {"place"}),
        ("ar", "لماذا أغلق الجسر؟", {"reason"}),
        ("tr", "Köprü ne zaman açıldı?", {"date"}),
        ("hi", "पुल पर कितने लोग थे?", {"number"}),
        ("zh", "谁建造了这座桥？", {"person"}),
        ("el", "Πόσοι άνθρωποι ήταν στη γέφυρα;", {"number"}),
        ("vi", "Có bao nhiêu người trên cầu?", {"number"}),
        ("th", "ใครสร้างสะพาน", {"person"}),
        ("ro", "Când a fost construit podul?", {"date"}),
        ("xx", "?", set()),
    ],
)
def test_what_is_asked_is_told_by_each_languages_words(
    language: str, question: str, kinds: set[AnswerKind]
) -> None:
    assert expected_answer_type(question, language).kinds == kinds


@pytest.mark.parametrize(
    ("language", "sentence", "key", "kind"),
    [
        ("de", "Die Brücke kostete 2,5 Millionen.", "2,5", "number"),
        ("fr", "Le taux est de 12 %.", "12 %", "percent"),
        ("ar", "افتتح الجسر عام ٢٠١٩.", "2019", "date"),
        ("ru", "Мост построил Иван Петров.", "иван петров", "person"),
        ("zh", "他们有两支球队。", "两", "number"),
        ("es", "Se abrió en marzo.", "marzo", "date"),
        ("hi", "पुल २०१९ में खुला।", "2019", "date"),
    ],
)
def test_what_could_be_an_answer(language: str, sentence: str, key: str, kind: AnswerKind) -> None:
    found = {span.key: span.kinds for span in spans_in(sentence, frozenset(), language=language)}
    assert kind in found[key]


def test_lengths_are_those_of_english() -> None:
    assert english_length("The bridge.") == 11
    assert english_length("这座桥") == 9
    assert count_words("这座桥在去年重新开放") == 5
    assert count_words("one two three") == 3


def test_a_title_that_a_sentence_begins_with_is_cut_off_in_english_alone() -> None:
    german = (
        "Die neue Brücke in Velmora hat im vergangenen Jahr Kosten von 30 Millionen verursacht."
    )
    spans = readable_sentences(german, "Die neue Brücke in Velmora hat im vergangenen Jahr")
    assert [german[each.start : each.end] for each in spans] == [german]


@pytest.mark.parametrize(
    ("language", "question", "right", "wrong"),
    [
        (
            "de",
            "Wie viele Brücken hat Velmora?",
            "Velmora hat insgesamt 41 Brücken über den Fluss.",
            "Der Bürgermeister sprach am Abend lange mit den Gästen im Rathaus.",
        ),
        (
            "ru",
            "Сколько мостов в городе Вельмора?",
            "В городе Вельмора 41 мост через реку.",
            "Мэр долго говорил вечером с гостями в ратуше.",
        ),
        (
            "zh",
            "维尔莫拉有多少座桥？",
            "维尔莫拉在河上一共有41座桥。",
            "市长当晚在市政厅与客人长谈。",
        ),
        (
            "hi",
            "वेल्मोरा में कितने पुल हैं?",
            "वेल्मोरा में नदी पर कुल 41 पुल हैं।",
            "महापौर ने शाम को अतिथियों से लंबी बात की।",
        ),
    ],
)
def test_the_sentence_with_the_answer_is_first(
    language: str, question: str, right: str, wrong: str
) -> None:
    text = f"{wrong} {right}"
    article = Reference("a1", None, "41", None, "2026-03-01")
    other = Reference("a2", None, "2", None, "2026-03-01")
    hits = (
        SearchResult(1, 1.0, Passage(1, article, 0, len(text), text)),
        SearchResult(2, 0.2, Passage(2, other, 0, len(wrong), wrong)),
    )
    weights = {
        stem: 3.0 for word in content_words(question, language) for stem in stems(word, language)
    }
    found = SearchResults(
        question, None, NOW, hits, weights=weights, language=language, stemming=language
    )
    selection = select(found)
    assert selection.quotations[0].text == right


def test_the_languages_of_the_benchmark_are_the_measured_ones() -> None:
    from tests.benchmarks.language_data import LANGUAGES

    assert set(LANGUAGES) == MEASURED
