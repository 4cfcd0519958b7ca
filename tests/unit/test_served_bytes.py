"""Bytes as servers send them: the right letters, and U+FFFD for nothing but what is broken."""

from __future__ import annotations

import pytest

from retrieval.errors import UnreadableSource
from retrieval.text.encoding import codec_of, decode_page
from tests.unit.served import LANGUAGES, item, items, page, paragraphs, read, rss

_ENCODED = [
    ("ru", "cp1251", "windows-1251"), ("ru", "koi8_r", "koi8-r"), ("ru", "iso8859_5", "iso-8859-5"), ("tr", "cp1254", "iso-8859-9"),
    ("pl", "iso8859_2", "iso-8859-2"), ("pl", "cp1250", "windows-1250"), ("ar", "cp1256", "windows-1256"), ("zh", "gb18030", "gb2312"),
    ("ja", "cp932", "shift_jis"), ("ja", "euc_jp", "euc-jp"), ("ja", "iso2022_jp", "iso-2022-jp"), ("fr", "cp1252", "iso-8859-1"), ("de", "cp1252", "latin1"),
]  # fmt: skip


def _bytes(tag: str, codec: str, head: str) -> bytes:
    return page(tag, head=head).encode(codec, "ignore")


def _whole(tag: str, codec: str) -> list[str]:
    return [
        " ".join(line.encode(codec, "ignore").decode(codec).split()) for line in paragraphs(tag)
    ]


@pytest.mark.parametrize(("tag", "codec", "label"), _ENCODED)
def test_a_label_means_what_browsers_take_it_for(tag: str, codec: str, label: str) -> None:
    text = read(_bytes(tag, codec, f'<meta charset="{label}">')).text
    assert all(line in text for line in _whole(tag, codec))


@pytest.mark.parametrize(("tag", "codec", "label"), _ENCODED)
@pytest.mark.parametrize("wrong", ["utf-8", "iso-8859-1"])
def test_the_declaration_that_makes_sense_wins_over_a_wrong_header(
    tag: str, codec: str, label: str, wrong: str
) -> None:
    text = read(_bytes(tag, codec, f'<meta charset="{label}">'), charset=wrong).text
    assert all(line in text for line in _whole(tag, codec))


@pytest.mark.parametrize(
    ("label", "codec", "word"),
    [("euc-kr", "cp949", "똠방각하"), ("gb2312", "gb18030", "朱镕基"), ("shift_jis", "cp932", "髙橋①"), ("tis-620", "cp874", "“เรือ” – เปิด…"), ("iso-8859-1", "cp1252", "“œuvre” – 5 €"), ("ks_c_5601-1987", "cp949", "믜뤠")],
)  # fmt: skip
def test_letters_beyond_the_standard_of_a_label_are_read(label: str, codec: str, word: str) -> None:
    assert codec_of(label) == codec
    html = f'<html><head><meta charset="{label}"></head><body><p>{word} {word}</p></body></html>'
    assert f"{word} {word}" in decode_page(html.encode(codec))


@pytest.mark.parametrize("tag", ["de", "ru", "ar", "hi", "ja", "pl", "zh"])
@pytest.mark.parametrize("declared", ["header", "meta", "xml", "nowhere"])
def test_one_broken_byte_costs_one_letter(tag: str, declared: str) -> None:
    html = page(tag, head='<meta charset="utf-8">' if declared == "meta" else "")
    if declared == "xml":
        html = '<?xml version="1.0" encoding="UTF-8"?>' + html
    first = paragraphs(tag)[0]
    broken = html.replace("</p>", "☠</p>", 1).encode().replace("☠".encode(), b"\xe9")
    text = read(broken, charset="utf-8" if declared == "header" else None).text
    assert first in text
    assert text.count("\ufffd") == 1
    assert all(line in text for line in paragraphs(tag)[1:])


@pytest.mark.parametrize("tag", ["ru", "de", "zh", "tr", "ar"])
def test_a_title_cut_within_a_letter_leaves_the_other_items_whole(tag: str) -> None:
    title = LANGUAGES[tag]["title"]
    cut = next(c for c in title if ord(c) > 127)
    place = title.index(cut)
    feed = rss(item(title), item("☠", link="https://varsundpost.example/n/2"))
    data = feed.encode().replace("☠".encode(), title[:place].encode() + cut.encode()[:-1])
    whole, broken = items(data)
    assert whole.title == title
    assert broken.title == (title[:place] + "\ufffd").strip()


@pytest.mark.parametrize(("tag", "codec"), [("ru", "cp1251"), ("zh", "gb18030"), ("ja", "cp932"), ("tr", "cp1254"), ("pl", "cp1250"), ("ar", "cp1256")])  # fmt: skip
def test_the_charset_of_the_header_reaches_feeds(tag: str, codec: str) -> None:
    title = LANGUAGES[tag]["title"]
    data = rss(item(title), declaration='<?xml version="1.0"?>').encode(codec, "ignore")
    assert items(data, charset=codec)[0].title == title.encode(codec, "ignore").decode(codec)


@pytest.mark.parametrize("tag", ["zh", "ja", "ru", "hi", "ar", "pl"])
def test_utf_8_behind_another_declaration_is_utf_8(tag: str) -> None:
    title = LANGUAGES[tag]["title"]
    declaration = '<?xml version="1.0" encoding="windows-1252"?>'
    assert items(rss(item(title), declaration=declaration))[0].title == title
    assert read(page(tag, head='<meta charset="iso-8859-1">').encode()).title == title


@pytest.mark.parametrize(("tag", "codec"), [("ru", "cp1251"), ("ru", "koi8_r"), ("ja", "euc_jp"), ("pl", "cp1250"), ("tr", "cp1254"), ("zh", "gb18030")])  # fmt: skip
def test_the_language_of_a_page_tells_its_undeclared_encoding(tag: str, codec: str) -> None:
    text = read(_bytes(tag, codec, "")).text
    assert all(line in text for line in _whole(tag, codec))


@pytest.mark.parametrize("codec", ["utf_16_le", "utf_16_be"])
def test_utf_16_without_its_mark_is_seen(codec: str) -> None:
    assert paragraphs("fr")[0] in read(page("fr").encode(codec)).text


def test_what_is_damaged_all_over_is_refused() -> None:
    with pytest.raises(UnreadableSource):
        decode_page("Портовое управление".encode("cp1251") * 3 + b"\x00\x01\x02" * 40)


def test_letters_come_composed_and_without_invisible_signs() -> None:
    import unicodedata

    text = read(
        unicodedata.normalize("NFD", page("fr")).replace("bibliothe", "biblio\u00adthe")
    ).text
    assert unicodedata.is_normalized("NFC", text)
    assert "\u00ad" not in text
    assert "bibliothèque" in text


@pytest.mark.parametrize(("printed", "plain"), [("ﻣﺤﻄﺔ ﺍﻟﻌﺒﺎﺭﺍﺕ", "محطة العبارات"), ("مغلقـــة", "مغلقة"), ("مكتبــة عــامة", "مكتبة عامة"), ("ﻣﻜﺘﺒﺔ", "مكتبة"), ("oﬃce", "office")])  # fmt: skip
def test_printed_forms_of_letters_are_read_as_letters(printed: str, plain: str) -> None:
    extra = f"<p>{printed} {paragraphs('ar')[0]}</p>"
    text = read(page("ar", above="").replace("</article>", extra + "</article>")).text
    assert plain in text
    assert printed not in text
