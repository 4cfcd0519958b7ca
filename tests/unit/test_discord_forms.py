"""Words of others as Discord shows them, long answers in pieces, the pace of edits, conversations."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.conversation import Conversation, Turn
from bot.answering.models import Answer, AnswerSentence, Citation
from bot.answering.serialization import as_record, from_record
from bot.answering.summaries.service import Digest
from bot.i18n import describe, translator_for
from bot.services.conversations import AnswerKey, ConversationMemory, Participant, ThreadKey
from bot.storage.answer_notes import AnswerNote
from bot.ui.answers import (
    AnswerContext,
    answer_pages,
    set_note_field,
    sources_pages,
    timestamp,
)
from bot.ui.edit_throttle import EditThrottle
from bot.ui.escaping import link, plain, unmarked
from bot.ui.layouts import Block, Layout, on_pages
from bot.ui.links import link_of, links_in
from bot.ui.pager import as_record as pages_record
from bot.ui.pager import page_view, pages_of
from bot.ui.pages import Page, note
from bot.ui.splitting import split
from bot.ui.summaries import SummaryContext, digest_pages
from retrieval.errors import Note
from retrieval.models import Reference

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**bold** _it_ ~~gone~~ `code` ||spoiler||", r"\*\*bold\*\* \_it\_ \~\~gone\~\~ \`code\` \|\|spoiler\|\|"),
        ("[a](http://b.example) and [c](http://d.example)", r"\[a\]\(http:\//b.example) and \[c\]\(http:\//d.example)"),
        ("# head", r"\# head"),
        ("> said", r"\> said"),
        ("1. first", r"1\. first"),
        ("<@123> <#4> <t:1:R>", r"\<@123> \<#4> \<t:1:R>"),
        ("@everyone and @HERE", "@\u200beveryone and @\u200bHERE"),
        ("a\u202ecod.exe\u2066 b\u200b", "acod.exe b"),
        ("two\nlines\r\n\x00here", "two lines here"),
        ("Việt Nam, Österreich, 5 > 3", "Việt Nam, Österreich, 5 > 3"),
    ],
)  # fmt: skip
def test_what_others_wrote_is_shown_as_it_is_written(written: str, shown: str) -> None:
    assert plain(written) == shown


def test_piled_marks_are_cut_down() -> None:
    assert len(plain("Z" + "\u0314" * 50 + "algo")) < 10


@given(st.text(alphabet="ab[]()<>@#*_`~|\\:/ \n1.-👍", max_size=80))
def test_no_text_makes_a_link_or_a_mention(text: str) -> None:
    shown = plain(text)
    assert not re.search(r"(?<!\\)\]\(", re.sub(r"\\\\", "", shown))
    assert not re.search(r"(?<!\\)<[@#:t/]", re.sub(r"\\\\", "", shown))
    assert "://" not in shown


@pytest.mark.parametrize(
    "url", [None, "javascript:alert(1)", "http://", "https://user:pass@x.example/", "https://x.example/" + "a" * 600]
)  # fmt: skip
def test_addresses_that_nobody_should_follow_are_no_links(url: str | None) -> None:
    assert link("Title", url) == "Title"


def test_a_link_survives_brackets_in_title_and_address() -> None:
    assert link("a [b](c)", "https://x.example/a(b)[c] d") == (
        r"[a \[b\]\(c)](https://x.example/a%28b%29%5Bc%5D%20d)"
    )


def test_names_of_threads_are_short_and_plain() -> None:
    assert unmarked("@everyone " + "word " * 50, 90).startswith("@\u200beveryone word")
    assert len(unmarked("word " * 50, 90)) <= 90


@given(st.lists(st.text(alphabet="ab .\\[1]", min_size=1, max_size=70), max_size=8))
def test_pieces_are_short_and_lose_nothing_but_blanks(pieces: list[str]) -> None:
    texts = split(pieces, 40)
    assert all(len(text) <= 40 for text in texts)
    assert "".join("".join(texts).split()) == "".join("".join(pieces).split())


def long_answer(sentences: int) -> Answer:
    article = Reference("a", "https://paper.example/a", "A title", "Paper", "2026-03-04")
    said = tuple(
        AnswerSentence(f"Sentence {n} says something of some length.", (1, 2))
        for n in range(sentences)
    )
    cited = tuple(Citation(n, article, "Its words.") for n in (1, 2))
    return Answer("Q?", "…", False, said, cited, model="m", notes=(Note.verbatim("A note."),))  # fmt: skip


def test_a_long_answer_is_split_at_sentence_ends_and_the_last_page_has_the_sources() -> None:
    pages = answer_pages(
        long_answer(200), AnswerContext("abcdefgh", NOW, translator_for("en"), "Q?")
    )
    assert len(pages) > 2
    for page in pages:
        assert len(page.embed) <= 6_000
        assert len(page.embed.description or "") <= 4_096
    assert all((p.embed.description or "").endswith("[1][2]") for p in pages[:-1])
    assert [field.name for field in pages[-1].embed.fields] == ["Sources"]
    assert "id abcdefgh" in str(pages[-1].embed.footer.text)


def article_of(n: int) -> Reference:
    url = f"https://paper.example/{n}/" + "a" * 300
    return Reference(f"id{n}", url, f"T{n} " * 40, "P" * 100, None)


def test_hundreds_of_sources_stay_within_discords_limits() -> None:
    cited = tuple(Citation(n, article_of(n), "Its words.") for n in range(1, 100))
    answer = Answer("Q?", "…", False, (AnswerSentence("All.", (1,)),), cited)
    pages = answer_pages(answer, AnswerContext("abcdefgh", NOW, translator_for("en")))
    assert all(len(p.embed) <= 6_000 and len(p.embed.fields) <= 25 for p in pages)
    lines = "\n".join(str(f.value) for p in pages for f in p.embed.fields)
    assert all(f"[{n}] P" in lines for n in range(1, 100))


@pytest.mark.parametrize("sources", [1, 3, 4, 15])
@pytest.mark.parametrize("said", ["It was **413**.", "*_" * 400, "word " * 160])
def test_a_note_of_moderators_stays_within_discords_limits(sources: int, said: str) -> None:
    cited = tuple(Citation(n, article_of(n), "Its words.") for n in range(1, sources + 1))
    answer = Answer("Q?", "…", False, (AnswerSentence("All. " * 600, (1,)),), cited, model="m")
    marked = AnswerNote(said, 2**63, NOW)
    frame = AnswerContext("abcdefgh", NOW, translator_for("de"), "Q?" * 125, note=marked)
    declined = replace(answer, abstained=True, nearest=tuple(article_of(n) for n in range(3)))
    for page in (answer_pages(answer, frame)[-1], answer_pages(declined, frame)[-1]):
        assert len(page.embed) <= 6_000
        assert all(len(field.value or "") <= 1_024 for field in page.embed.fields)
        first = page.embed.fields[0]
        assert str(first.name).startswith("📝")
        assert str(first.value).splitlines()[-1].startswith(f"-# <@{2**63}> · <t:")
        # Once more, as when a note is changed.
        assert len(set_note_field(page.embed, marked, frame.say)) <= 6_000
        assert len(page.embed.fields) > 1 or sources == 1


def blocks_of(page: Page) -> list[str]:
    """The texts of a page that is made of components."""
    assert page.layout is not None
    return ["\n".join(filter(None, (each.head, each.text))) for each in page.layout.blocks]


def test_an_article_stands_once_among_the_sources_with_all_its_passages() -> None:
    bridge, ferry = [
        Reference(name, None, f"The {name}", "Courier", None) for name in ("bridge", "ferry")
    ]
    cited = (
        Citation(1, bridge, "It cost 412 million.", ("Reuters",)),
        Citation(2, ferry, "It sails."),
        Citation(3, bridge, "It is long.", ("Reuters", "BBC")),
    )
    answer = Answer("Q?", "…", False, (AnswerSentence("All.", (1, 2, 3)),), cited)
    [page] = answer_pages(answer, AnswerContext("abcdefgh", NOW, translator_for("en")))
    assert page.embed.fields[0].value == (
        "[1][3] Courier · The bridge · also: Reuters, BBC\n[2] Courier · The ferry"
    )
    [sources] = sources_pages(cited, translator_for("en"), {})
    assert blocks_of(sources) == [
        "[1][3] Courier · The bridge · also: Reuters, BBC\n"
        "> [1] It cost 412 million.\n"
        "> [3] It is long.",
        "[2] Courier · The ferry\n> [2] It sails.",
    ]


def test_many_passages_of_one_article_are_all_shown_whole_on_pages() -> None:
    cited = tuple(Citation(n, article_of(1), f"Words {n} " + "w " * 250) for n in range(1, 31))
    pages = sources_pages(cited, translator_for("en"), {})
    said = [text for page in pages for text in blocks_of(page)]
    assert all(sum(map(len, blocks_of(page))) <= 4_000 for page in pages)
    assert "\n".join(said).count("](https:") == 1
    quoted = [line for text in said for line in text.split("\n")[0 if text[0] == ">" else 1 :]]
    assert [line.split(" w ")[0] for line in quoted] == [f"> [{n}] Words {n}" for n in range(1, 31)]


def test_a_bare_date_is_shown_as_a_day_and_a_moment_as_a_moment() -> None:
    assert (
        timestamp("2026-03-04") == f"<t:{int(datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp())}:D>"
    )
    assert timestamp("2026-03-04T07:00:00Z").endswith(":f>")
    assert timestamp(None) == ""


def test_an_answer_comes_back_from_what_is_kept_of_it() -> None:
    answer = long_answer(3)
    assert from_record("Q?", as_record(answer)) == answer


def test_blocks_go_on_pages_that_discord_takes_with_each_picture_once() -> None:
    blocks = [Block(f"{n} " + "word " * size, "head", f"https://img.example/{n}", "x" * 300) for n, size in enumerate((5,) * 20 + (900,) + (300,) * 4)]  # fmt: skip
    parts = on_pages(blocks)
    pages = [Page.of_layout(Layout(part, "T" * 250, "F" * 120, 5), ("a",)) for part in parts]
    for page in pages:
        assert page.layout is not None
        view = page.layout.view(page_view("abcdefgh", 0, 2, translator_for("en")))
        assert view.total_children_count <= 40
        assert view.content_length() <= 4_000
    shown = [block.picture for part in parts for block in part if block.picture]
    assert shown == [block.picture for block in blocks]
    # A text that is cut goes on without its picture.
    assert "".join(b.text for part in parts for b in part).count("word") == 20 * 5 + 900 + 4 * 300
    assert pages_of(json.loads(json.dumps(pages_record(pages)))) == [
        replace(page, articles=()) for page in pages
    ]


def test_a_topic_with_markup_is_no_markup_in_the_heading_of_a_digest() -> None:
    noted = Note("note-no-budget")
    topic = "bridge [Claim a prize](https://evil.example) **now**"
    digest = Digest(NOW, NOW, topic, (), 0, 0, "my_7b_model", (noted,))
    [page] = digest_pages(digest, SummaryContext("0123abcd", NOW, translator_for("en")))
    assert page.layout is not None
    shown = f"{page.layout.title} {page.layout.footer}"
    assert "](https" not in shown
    assert "**now" not in shown
    assert "my\\_7b\\_model" in shown


def test_pages_that_were_kept_as_embeds_are_embeds_again() -> None:
    page = note("Some words")
    [again] = pages_of(json.loads(json.dumps(pages_record([page]))))
    assert again.layout is None
    assert again.embed == page.embed


def test_slow_edits_become_rarer_and_quick_ones_recover() -> None:
    pace = EditThrottle(1.0)
    pace.edited(0.1)
    assert pace.pause == 1.0
    pace.edited(4.0)
    assert pace.pause == 4.0
    pace.failed()
    assert pace.pause == 8.0
    for _ in range(20):
        pace.edited(0.1)
    assert pace.pause == 1.0


async def test_conversations_are_forgotten_with_time_with_number_and_on_request() -> None:
    now = [0.0]
    kept = ConversationMemory(most=3, seconds=10, tick=lambda: now[0])
    said = Conversation((Turn("Q?", "A."),))
    for n in range(4):
        await kept.remember([ThreadKey(n)], said, Participant(n, "harbour", None))
    assert await kept.of(ThreadKey(0)) is None
    assert await kept.of(ThreadKey(3)) == said
    await kept.remember([ThreadKey(3)], said, Participant(7, "harbour", None))
    await kept.forget(3)
    assert await kept.of(ThreadKey(3)) is None
    await kept.remember([AnswerKey("x")], said, Participant(1, "harbour", None))
    now[0] = 11.0
    assert await kept.of(AnswerKey("x")) is None


def test_who_else_has_the_story_stands_behind_its_source() -> None:
    article = Reference("a", "https://paper.example/a", "A bridge", "Courier", None)
    cited = (Citation(1, article, "Its words.", ("Reuters", "BBC")),)
    answer = Answer("Q?", "All. [1]", False, (AnswerSentence("All.", (1,)),), cited)
    [page] = answer_pages(answer, AnswerContext("abcdefgh", NOW, translator_for("en")))
    assert "Courier · [A bridge](https://paper.example/a) · also: Reuters, BBC" in str(page.embed.fields[0].value)  # fmt: skip
    assert "auch: Reuters, BBC" in blocks_of(sources_pages(cited, translator_for("de"), {})[0])[0]
    assert from_record("Q?", as_record(answer)) == answer


def test_a_remark_is_kept_with_its_key_and_said_in_another_language() -> None:
    note = Note("note-no-budget").then(Note("note-answer-quoted"))
    answer = replace(
        long_answer(1), notes=(note, Note("note-left-out", count=2), Note.verbatim("As it is."))
    )
    kept = json.loads(json.dumps(as_record(answer)))
    [page] = answer_pages(
        from_record("Q?", kept), AnswerContext("abcdefgh", NOW, translator_for("de"))
    )
    said = str(page.embed.description)
    assert "Budget für das Sprachmodell ist aufgebraucht. Diese Antwort besteht aus Zitaten" in said
    assert "2 Sätze wurden weggelassen" in said
    assert "As it is" in said
    assert describe(answer.notes[0]).startswith(
        "Today's budget for the language model is used up. This answer"
    )


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://news.example/a.", ["https://news.example/a"]),
        ("(https://news.example/a)!", ["https://news.example/a"]),
        ("https://news.example/a?b=1&c=2?", ["https://news.example/a?b=1&c=2"]),
        ("[words](https://news.example/a), **https://news.example/b**", ["https://news.example/a", "https://news.example/b"]),
        ("https://news.example/Tram_(city).", ["https://news.example/Tram_(city)"]),
        ("<https://news.example/a>。", ["https://news.example/a"]),
        ("\u201ehttps://news.example/a\u201d, https://news.example/b\u3002", ["https://news.example/a", "https://news.example/b"]),
    ],
)  # fmt: skip
def test_what_ends_a_sentence_is_no_part_of_its_link(text: str, links: list[str]) -> None:
    assert links_in(text) == links
    assert [link_of(each) for each in links] == links
    assert link_of(f"{links[0]}.") == link_of(f"<{links[0]}>,") == links[0]
