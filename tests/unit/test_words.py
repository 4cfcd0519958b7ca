"""Words, stems and the language of questions in any script."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from retrieval.search.query import content_words
from retrieval.text.question_language import question_language
from retrieval.text.question_words import known_languages, question_words
from retrieval.text.spelling import nearest_word
from retrieval.text.stemming import form_of, stemming_language, stems, stems_of_each
from retrieval.text.words import placed_words, surface_words, words


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("カムゴルの新病院は471床", ["カムゴル", "の", "新病", "病院", "は", "471", "床"]),
        ("林奎斯特港务局 2026", ["林奎", "奎斯", "斯特", "特港", "港务", "务局", "2026"]),
        ("メーカーが発表", ["メーカー", "が", "発表"]),
        ("한국어는 띄어쓰기", ["한국", "국어", "어는", "띄어", "어쓰", "쓰기"]),
        ("ประเทศ", ["ประ", "ระเ", "ะเท", "เทศ"]),
        ("हिन्दी में कितने प्रश्न हैं?", ["हिन्दी", "में", "कितने", "प्रश्न", "हैं"]),
        ("Café Süd, 6½", ["Café", "Süd", "6½"]),
        ("2015年黑豹队 NFL", ["2015", "年黑", "黑豹", "豹队", "NFL"]),
        ("", []),
        ("😀 … ?!", []),
    ],
)
def test_every_script_has_words(text: str, parts: list[str]) -> None:
    assert words(text) == parts
    assert [word.text for word in placed_words(text)] == parts
    assert all(0 <= word.start < word.end <= len(text) for word in placed_words(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﻛﺘﺎﺏ", "كتاب"),  # presentation forms
        ("كـــتاب", "كتاب"),  # tatweel
        ("كِتَاب", "كتاب"),  # vowel points
        ("٢٠٢٣", "2023"),
        ("२०२३", "2023"),
        ("ＡＢＣ１２３", "ABC123"),
        ("e\u0301te\u0301", "été"),
        ("Hoch\u00adhaus", "Hochhaus"),
        ("İstanbul", "istanbul"),
        ("डिफ़ेंस", "डिफेंस"),
        ("Ёлка", "Елка"),
        ("Αθήνα", "Αθηνα"),
    ],
)
def test_what_is_written_in_two_ways_is_one_word(one: str, other: str) -> None:
    assert words(one) == words(other)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "running committees", "runs committee"),
        ("de", "größeren Häuser", "größere Hauses"),
        ("es", "elecciones", "elección"),
        ("ru", "русскими книгами", "русские книги"),
        ("tr", "şehirlerin", "şehirler"),
        ("ar", "الكتاب", "كتاب"),
        ("el", "κυβερνήσεις", "κυβέρνησης"),
        ("hi", "भाषाओं", "भाषाओ"),
        ("pl", "wyborami", "wyborach"),
        (None, "ministers", "minister"),
    ],
)
def test_forms_of_a_word_have_one_stem(language: str | None, one: str, other: str) -> None:
    assert stems(one, language) == stems(other, language)


def test_there_is_a_stem_for_every_word() -> None:
    text = "In Москве, في الرياض, दिल्ली में, 北京的 and ปารีส: İ Ω 12 the"
    for language in ("en", "de", "tr", "pl", "vi", "zh", None, "und"):
        found = stems(text, language)
        assert len(found) == len(placed_words(text))
        assert all(found)


def test_a_question_becomes_stems_as_the_articles_do() -> None:
    assert stemming_language("de", {"de": 3, "en": 90}) == "de"
    assert form_of(stemming_language("de", {"en": 90, "ru": 2})) == "english"
    assert stemming_language("de", {}) == "de"


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Who won?", "en"),
        ("Wer hat gewonnen?", "de"),
        ("¿Quién ganó?", "es"),
        ("Qui a gagné ?", "fr"),
        ("Chi ha vinto?", "it"),
        ("Quem ganhou?", "pt"),
        ("Kto wygrał?", "pl"),
        ("Cine a câștigat?", "ro"),
        ("Ai đã thắng?", "vi"),
        ("Seçimi kim kazandı?", "tr"),
        ("Кто победил?", "ru"),
        ("Хто переміг?", "uk"),
        ("Ποιος κέρδισε;", "el"),
        ("من فاز؟", "ar"),
        ("किसने जीता?", "hi"),
        ("谁赢了 NBA?", "zh"),
        ("誰が勝ちましたか", "ja"),
        ("누가 이겼나요?", "ko"),
        ("ใครชนะ", "th"),
        ("", "en"),
        ("😀😀", "en"),
    ],
)
def test_short_questions_have_a_language(question: str, language: str) -> None:
    assert question_language(question) == language
    if question:
        assert question_language(question, {"en": 100}) == language


def test_a_name_alone_is_in_the_language_of_the_articles() -> None:
    assert question_language("Merz", {"de": 100}) == "de"
    assert question_language("😀", {"tr": 100, "en": 3}) == "tr"


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("Wie viele Bälle fing Josh Norman?", ["Bälle", "fing", "Josh", "Norman"]),
        ("Сколько мячей перехватил Джош?", ["мячей", "перехватил", "Джош"]),
        ("जोश ने कितने बॉल पकड़े?", ["जोश", "बॉल", "पकड़े"]),
        ("黑豹队丢了多少分？", ["黑豹队丢了", "分"]),
    ],
)
def test_words_that_ask_are_left_out(question: str, left: list[str]) -> None:
    assert content_words(question) == left


def test_every_language_has_words_for_what_is_asked() -> None:
    for language in known_languages():
        listed = question_words(language)
        assert listed is not None
        assert all(pattern.pattern for pattern in listed.asking.values())
        assert "who" in listed.asking
        assert not listed.asked("")


def test_numbers_and_codes_are_never_cut() -> None:
    assert stems("topic577 przedsiębiorstwo", "pl") == ["topic577", "przed"]
    assert stems("topic577", "zxx") == stems("topic577", "en")


def test_digits_of_every_script_are_one() -> None:
    digits = list(filter(str.isdecimal, map(chr, range(0x20000))))
    assert len(digits) > 600
    for digit in digits:
        assert words(digit) == [str(unicodedata.decimal(digit))]


def test_every_mark_of_unicode_stays_in_its_word() -> None:
    marks = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] == "M"]
    assert marks
    assert [c for c in marks if len(surface_words(f"a{c}b")) != 1] == []


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Rais wa Kenya alisema nini kuhusu uchaguzi mkuu?", "sw"),
        ("Pwy enillodd yr etholiad yng Nghaerdydd?", "cy"),
        ("ვინ მოიგო არჩევნები თბილისში?", "ka"),
        ("ማን አሸነፈ?", "am"),
    ],
)
def test_a_language_whose_words_are_not_known_is_told_all_the_same(
    question: str, language: str
) -> None:
    assert question_language(question, {"en": 100}) == language
    assert language not in known_languages()


def test_kana_tells_japanese_among_many_characters() -> None:
    assert question_language("東京都知事選挙で当選したのは誰", {"zh": 100}) == "ja"


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("ro", "populaţia înfiinţată", "populația înființată"),
        ("vi", "tàu hoả", "tàu hỏa"),
        ("vi", "thuý", "thúy"),
    ],
)
def test_ways_of_writing_a_language_are_one(language: str, one: str, other: str) -> None:
    assert stems(one, language) == stems(other, language)


@pytest.mark.parametrize("language", ["en", "de", "tr", "vi", "zh", None])
def test_many_texts_have_the_stems_that_each_has_by_itself(language: str | None) -> None:
    texts = [
        "Bridges were opened in Maravel.",
        "",
        "Die Brücken wurden eröffnet, “sagte” sie…",
        "Мосты открыты в 2026 году",
        "नए पुलों का उद्घाटन",
        "新しい橋 Maravel hoà bình",
        "The lorries’ tolls: 412 million crowns, which nobody had expected to be paid so soon.",
    ]
    assert stems_of_each(texts, language) == [stems(text, language) for text in texts]


def test_a_word_has_one_stem_whatever_stands_beside_it() -> None:
    alone = [stems(word, "en")[0] for word in ("Bridges", "were", "opened")]
    assert stems("Bridges were opened", "en") == alone
    assert stems("Bridges were opened in Zürich", "en")[:3] == alone


def test_of_words_as_near_the_more_frequent_is_the_nearest() -> None:
    counts = {"rogers": 1, "rodgers": 2, "roders": 9, "dodgers": 50, "rodgering": 80}
    assert nearest_word("rodgrs", counts, 2) == "roders"
    assert nearest_word("rodgrs", counts | {"roders": 2}, 2) == "roders"
    assert nearest_word("rodgrs", counts | {"roders": 1}, 2) == "rodgers"
    assert nearest_word("rogers", counts, 2) is None
    assert nearest_word("rattling", counts, 2) is None
