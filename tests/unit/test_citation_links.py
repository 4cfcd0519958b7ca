"""Numbers of an answer as links to the quoted places."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from bot.answering.models import Citation
from bot.i18n import translator_for
from bot.ui.answers import sources_pages
from bot.ui.citation_links import citation_links, linked_marks, text_fragment
from retrieval.models import Reference

LONG = "Mayor Ines Calder cut the ribbon before a crowd of about 6,000 people, a well-known band among them."


def citation(n: int, url: str | None, quoted: str = LONG) -> Citation:
    return Citation(n, Reference(f"{n:016}", url, "Title", "Courier", None), quoted)


@pytest.mark.parametrize(
    ("quoted", "ends"),
    [
        (LONG, ["Mayor Ines Calder cut the", "well-known band among them."]),
        ("The bridge cost 412 million crowns.", ["The bridge cost 412 million crowns."]),
        ("新しい橋の建設費は四億千二百万クローネで、三分の一は国が負担した。", ["新しい橋の建設費は四億千二百万", "ローネで、三分の一は国が負担した。"[-14:]]),
    ],
)  # fmt: skip
def test_a_fragment_names_a_quotation_by_its_ends(quoted: str, ends: list[str]) -> None:
    fragment = text_fragment(quoted)
    assert fragment is not None
    directive, _, written = fragment.partition("=")
    assert directive == ":~:text"
    found = [unquote(end) for end in written.split(",")]
    assert len(found) == len(ends)
    assert all(quoted.startswith(found[0]) for _ in ends)
    assert quoted.endswith(found[-1])
    assert not set(" -(&)") & set(written)


@pytest.mark.parametrize("quoted", ["412 million crowns", "橋が完成した", ""])
def test_what_might_stand_anywhere_gets_no_fragment(quoted: str) -> None:
    assert text_fragment(quoted) is None


def test_a_number_links_to_its_quotation_if_its_article_can_be_followed() -> None:
    links = citation_links(
        [
            citation(1, "https://a.example/x#part"),
            citation(2, None),
            citation(3, "javascript:alert(1)"),
            citation(4, "https://a.example/y", "Too short"),
        ]
    )
    assert links[1].startswith("https://a.example/x#part:~:text=Mayor%20Ines")
    assert links[4] == "https://a.example/y"
    assert linked_marks([1, 2, 3], links) == f"[[1]]({links[1]})[2][3]"


def test_links_give_way_to_the_text() -> None:
    many = [citation(n, f"https://a.example/{n}") for n in range(1, 31)]
    assert set(citation_links(many).values()) == {f"https://a.example/{n}" for n in range(1, 31)}
    assert citation_links(many, list(range(1, 31)) * 3) == {}
    assert len(citation_links(many[:3])) == 3


def test_sources_show_a_quotation_in_its_paragraph() -> None:
    cited = citation(1, "https://a.example/x", "It cost 412 million.")
    text = (
        "Another paragraph.\nThe bridge opened on Monday. It cost 412 million. Rain fell.\nThe end."
    )
    say = translator_for("en")
    [page] = sources_pages([cited], say, {}, {cited.article.article_id: text})
    assert page.layout is not None
    shown = page.layout.blocks[0].text
    assert shown == "> [1] The bridge opened on Monday. **It cost 412 million.** Rain fell."
    [page] = sources_pages([cited], say, {}, {})
    assert page.layout is not None
    assert page.layout.blocks[0].text == "> [1] It cost 412 million."
