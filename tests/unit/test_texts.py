"""Sentences, passages, cleaning, decoding: what happens to the words themselves."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import UnreadableSource
from retrieval.ingestion.pasted_text import PastedText, clean_pasted
from retrieval.text.chunking import passage_spans
from retrieval.text.encoding import decode_text
from retrieval.text.language import detect_language
from retrieval.text.lengths import english_length
from retrieval.text.sentences import sentence_spans, sentences
from retrieval.text.tokens import encoded_words
from tests.benchmarks.weekly_news import SHARED
from tests.unit.served import LANGUAGES


def test_abbreviations_and_initials_do_not_end_a_sentence() -> None:
    text = (
        "Mr. Wang of the U.S. Senate spoke at 5 p.m. Thursday. Prof. J. K. Rowe paid $1.5 billion."
    )
    assert sentences(text) == [
        "Mr. Wang of the U.S. Senate spoke at 5 p.m. Thursday.",
        "Prof. J. K. Rowe paid $1.5 billion.",
    ]


@pytest.mark.parametrize("ending", ["Sept.", "the U.S.A.F.", "vs.”", 'Inc."  '])
def test_an_abbreviation_does_not_end_a_sentence_that_goes_on_in_lower_case(ending: str) -> None:
    assert sentences(f"It was {ending} and so on.") == [f"It was {ending} and so on."]


def test_sentences_fused_without_a_space_are_two() -> None:
    assert sentences("an “AI war.”Alexandr Wang said it.") == [
        "an “AI war.”",
        "Alexandr Wang said it.",
    ]


@pytest.mark.parametrize("space", ["\xa0", "\u2009", "\u3000"])
def test_a_capital_before_an_unusual_space_and_a_full_stop_is_no_trouble(space: str) -> None:
    assert sentences(f"There is no plan B{space}. It rained.") == [
        f"There is no plan B{space}.",
        "It rained.",
    ]


@given(st.text(max_size=200))
def test_words_are_runs_of_letters_and_digits(text: str) -> None:
    found = [word.decode("utf-8", "surrogatepass") for word in encoded_words(text)]
    assert found == re.findall(r"[^\W_]+", text)


_SAME_NEWS = {
    "en": "The mayor said on Tuesday that the bridge and the tram line will open to the public in May.",
    "nl": "De burgemeester zei dinsdag dat de brug of de tram in mei voor het publiek opengaat, with the band.",
    "de": "Die Bürgermeisterin sagte am Dienstag, dass die Brücke im Mai für alle geöffnet wird, by the way.",
    "fr": "La maire a dit mardi que le pont et la ligne de tram ouvriront au public au mois de mai.",
}


@pytest.mark.parametrize("language", _SAME_NEWS)
def test_the_language_of_a_text_is_told(language: str) -> None:
    assert detect_language(_SAME_NEWS[language]) == language
    assert detect_language(_SAME_NEWS[language][:30]) is None


@given(st.text(alphabet="ab .!?\n“”A1é\xa0\u3000", max_size=400))
def test_passages_hold_every_sentence_once_and_stay_short(text: str) -> None:
    spans = passage_spans(text, max_chars=60)
    assert all(0 < end - start <= 60 for start, end in spans)
    assert all(a_end <= b_start for (_, a_end), (b_start, _) in pairwise(spans))
    for start, end in sentence_spans(text):
        inside = "".join(
            text[max(a, start) : min(b, end)] for a, b in spans if a < end and b > start
        )
        assert inside.split() == text[start:end].split() or "".join(inside.split()) == "".join(
            text[start:end].split()
        )


def test_a_passage_of_chinese_says_as_much_as_one_of_english() -> None:
    text = "林奎斯特港务局周二宣布，新桥将在五月向公众开放。" * 60
    spans = passage_spans(text, language="zh")
    assert max(end - start for start, end in spans) <= 360
    assert min(english_length(text[start:end]) for start, end in spans) > 500


def test_what_a_page_puts_around_an_article_goes_and_the_article_stays() -> None:
    lead = "The mayor opened a new bridge on Tuesday, ending a decade of delays and of quarrels about money."
    story = "She said: “We did it.” The bridge cost 40 million crowns and carries two tram lines over the river."
    pasted = clean_pasted(
        f"Skip to main content\nHome\nWorld\nSport\n\nMayor opens new bridge\n\n{lead}{lead}\n\n"
        f"In this article\n\nAdvertisement\n\nThe winners were:\n\nAnn Lee\nBob Ray\n\n{story}\n\n"
        "Share this post :\n\nFacebook\nTwitter\n\nYour Ads Here (365 x 270 area)\nLatest News\n\n"
        "Subscribe our newsletter\n\nPurus ut praesent facilisi dictumst sollicitudin."
    )
    assert pasted.title == "Mayor opens new bridge"
    assert pasted.text == f"{lead}\n\nThe winners were:\n\nAnn Lee\nBob Ray\n\n{story}"


# What templates put below an article: share buttons, headings, a newsletter box.
_BELOW = {
    "en": "Share this article\nFacebook\nTelegram\n\nMore from this section\n\nSign up for our newsletter and never miss a story",
    "de": "Teilen\nFacebook\nWhatsApp\n\nNeueste Beiträge\nKategorien\n\nNewsletter abonnieren\n\nImpressum\nDatenschutz",
    "fr": "Partager\nFacebook\nTwitter\n\nÀ lire aussi\n\nInscrivez-vous à notre newsletter\n\nMentions légales",
    "es": "Compartir\nFacebook\nX\n\nTe puede interesar\n\nSuscríbete a nuestro boletín\n\nAviso legal",
    "it": "Condividi\nFacebook\n\nLeggi anche\n\nIscriviti alla newsletter\n\nChi siamo\nContatti",
    "pt": "Compartilhe\nFacebook\n\nLeia também\n\nAssine a nossa newsletter\n\nQuem somos",
    "nl": "Delen\nFacebook\n\nLees ook\n\nMeld je aan voor de nieuwsbrief\n\nContact",
    "pl": "Udostępnij\nFacebook\n\nCzytaj także\n\nZapisz się do newslettera\n\nKontakt",
    "ru": "Поделиться\nВКонтакте\nTelegram\n\nЧитайте также\n\nПодпишитесь на рассылку\n\nКонтакты",
    "tr": "Paylaş\nFacebook\n\nİlgili haberler\n\nBültenimize abone olun\n\nİletişim",
    "ar": "شارك\nفيسبوك\n\nاقرأ أيضا\n\nاشترك في نشرتنا البريدية\n\nاتصل بنا",
    "hi": "शेयर करें\nफेसबुक\n\nये भी पढ़ें\n\nहमारे न्यूज़लेटर की सदस्यता लें\n\nसंपर्क करें",
    "zh": "分享到\n微信\n微博\n\n相关阅读\n\n订阅我们的电子报\n\n联系我们",
    "ja": "シェア\nFacebook\n\n関連記事\n\nメールマガジンに登録\n\nお問い合わせ",
    "sv": "Dela\nFacebook\n\nLäs också\n\nAnmäl dig till vårt nyhetsbrev\n\nKontakt",
}  # fmt: skip
_FILLERS = [
    "Nulla vitae elit libero, a pharetra augue. Aenean eu leo quam, pellentesque ornare sem.",
    "Sed ut perspiciatis unde omnis iste natus error sit voluptatem accusantium doloremque.",
    "At vero eos et accusam et justo duo dolores et ea rebum, stet clita kasd gubergren.",
    "Nemo enim ipsam voluptatem quia voluptas sit aspernatur aut odit aut fugit",
    "Hic stabit aliquando textus noster, nunc autem locum tantum tenet usque ad finem.",
    "このテキストはダミーです。このテキストはダミーです。このテキストはダミーです。",
    "Здесь будет ваш текст. Здесь будет ваш текст. Здесь будет ваш текст.",
]


@pytest.mark.parametrize("tag", _BELOW)
def test_a_page_pasted_in_any_language_is_its_article(tag: str) -> None:
    of = LANGUAGES[tag]
    story = "\n\n".join(of["paragraphs"])
    for filler in _FILLERS:
        for below in (f"{_BELOW[tag]}\n\n{filler}", f"{filler}\n\n{_BELOW[tag]}"):
            assert clean_pasted(f"{of['title']}\n\n{story}\n\n{below}") == PastedText(
                of["title"], story
            )
    first, *rest = of["paragraphs"]
    within = "\n\n".join([of["title"], first, _FILLERS[0], of["read_also"] + "X", *rest])
    assert clean_pasted(within) == PastedText(of["title"], story)


def test_an_article_in_latin_or_about_filler_stays() -> None:
    latin = "Papa Franciscus hodie in foro Sancti Petri coram multis fidelibus de pace locutus est et omnes ad orationem vocavit."
    assert clean_pasted(f"Papa de pace\n\n{latin}\n\n{latin[:60]}.").text.startswith(latin)
    story = "Printers have used the words “lorem ipsum” since the sixteenth century, a museum in Varsund said on Tuesday."
    quoted = "“Lorem ipsum dolor sit amet, consectetur adipiscing elit”, the oldest sheet in the museum reads."
    assert clean_pasted(f"Old words\n\n{story}\n\n{quoted}").text == f"{story}\n\n{quoted}"


def test_the_real_pasted_article_is_cleaned() -> None:
    path = SHARED / "data" / "articles" / "scale-ai-deepseek.txt"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    text = clean_pasted(path.read_text(encoding="utf-8")).text
    assert text.startswith("Alexandr Wang, CEO of Scale AI, said Thursday")
    assert text.count("the AI race between the U.S. and China is an “AI war.”") == 1
    assert "OpenAIOracle" in text
    assert text.endswith("“The space is becoming more competitive, not less competitive,” he said.")
    for furniture in (
        "In this article",
        "Facebook",
        "Your Ads",
        "Purus",
        "Subscribe",
        "Share this",
    ):
        assert furniture not in text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Käfer “heute”"),
        ("utf-16", "Hello world, again"),
        ("cp1252", "Le café a fermé ses portes “hier soir”, a déclaré le maire d’Étampes."),
        ("cp1251", "Президент заявил сегодня, что бюджет вырастет на пять процентов."),
        ("cp932", "大統領は昨日、予算が来年五パーセント増加すると発表しました。"),
        ("cp1254", "Cumhurbaşkanı dün bütçenin gelecek yıl yüzde beş artacağını söyledi."),
    ],
)
def test_text_in_another_encoding_is_read_right(encoding: str, text: str) -> None:
    assert decode_text(text.encode(encoding)) == text


@pytest.mark.parametrize("data", [b"\x7fELF\x02\x01\x01\x00" * 50, bytes(range(256)) * 4])
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableSource):
        decode_text(data)
