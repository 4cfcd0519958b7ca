"""What people type to a news bot gets what they want: over the invented articles of the demo."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.answering.conversation import Conversation
from bot.answering.engine import AnswerEngine, AnswerRequest
from bot.answering.models import Answer
from bot.i18n import reply_text
from retrieval.timestamps import TimeRange
from tests.integration.answering_fixtures import NOW, demo_folder, engine_over

__all__ = ["demo_folder"]


@pytest_asyncio.fixture
async def engine(demo_folder: Path) -> AsyncIterator[AnswerEngine]:
    async with engine_over(demo_folder) as (_, engine):
        yield engine


async def say(engine: AnswerEngine, *texts: str) -> Answer:
    """The answer to the last of these messages, said one after the other."""
    conversation = Conversation()
    for text in texts:
        asked = AnswerRequest(text, TimeRange(NOW), "local", conversation=conversation)
        answer = await engine.answer(asked)
        conversation = engine.after(conversation, asked, answer)
    return answer


@pytest.mark.parametrize(
    "text", ["hi", "hey bot", "thx!!", "good night", "tell me a joke", "lol", "hola"]
)
async def test_small_talk_gets_a_line_without_articles(engine: AnswerEngine, text: str) -> None:
    answer = await say(engine, text)
    assert (answer.form, answer.citations, answer.nearest) == ("smalltalk", (), ())
    assert 2 < len(answer.text) < 300


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("what can you do?", "en"),
        ("how do i subscribe", "en"),
        ("are you a bot", "en"),
        ("hilfe", "de"),
    ],
)
async def test_help_says_what_the_bot_does(engine: AnswerEngine, text: str, language: str) -> None:
    answer = await say(engine, text)
    assert (answer.form, answer.citations) == ("help", ())
    assert answer.text == reply_text(language, "help")
    assert "`/" in answer.text


async def test_what_the_bot_knows_of_itself_is_from_the_catalogue(engine: AnswerEngine) -> None:
    answer = await say(engine, "how many articles do you have")
    assert answer.form == "help"
    assert re.search(r"\b\d+ articles from \d+ publishers", answer.text)


@pytest.mark.parametrize(
    "text",
    [
        "what is the capital of france",
        "write me a poem",
        "who should i vote for",
        "how do i bake bread",
    ],
)
async def test_what_no_news_answers_is_declined_in_a_line(engine: AnswerEngine, text: str) -> None:
    answer = await say(engine, text)
    assert (answer.form, answer.sentences) == ("declined", ())
    assert "\n" not in answer.text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Who is the president of Brazil?", "en"),
        ("Wer ist der Präsident von Brasilien?", "de"),
        ("Qui est le président du Brésil ?", "fr"),
        ("¿Quién es el presidente de Brasil?", "es"),
        ("Кто президент Бразилии?", "ru"),
        ("谁是巴西总统？", "zh"),
    ],
)
async def test_a_decline_is_in_the_language_of_its_question(
    engine: AnswerEngine, text: str, language: str
) -> None:
    answer = await say(engine, text)
    assert (answer.form, answer.nearest) == ("declined", ())
    assert answer.text == reply_text(language, "decline-unknown")


@pytest.mark.parametrize(
    "text",
    ["who is the mayor of paris", "who won the election in new zealand", "Who is mayor of Paris?"],
)
async def test_a_place_that_no_article_names_is_declined_in_any_case(
    engine: AnswerEngine, text: str
) -> None:
    assert (await say(engine, text)).form == "declined"
    assert (await say(engine, "who is the mayor of maravel")).form == "answer"


@pytest.mark.parametrize("text", ["what happened this week?", "news", "top stories this week pls"])
async def test_the_news_of_a_time_is_a_digest(engine: AnswerEngine, text: str) -> None:
    answer = await say(engine, text)
    assert answer.form == "digest"
    assert len({citation.article.article_id for citation in answer.citations}) >= 3
    assert all(sentence.citations for sentence in answer.sentences)


async def test_a_day_without_news_is_told(engine: AnswerEngine) -> None:
    answer = await say(engine, "what happened on 3 may 2019")
    assert answer.form == "declined"


async def test_a_summary_and_a_timeline_are_of_their_subject(engine: AnswerEngine) -> None:
    summary = await say(engine, "can u summarise the lantern bridge opening")
    timeline = await say(engine, "timeline of the lantern bridge")
    assert (summary.form, timeline.form) == ("summary", "timeline")
    assert "412 million" in summary.text
    assert any("Lantern Bridge" in citation.article.title for citation in timeline.citations)


async def test_a_topic_gets_its_newest_report_with_its_day(engine: AnswerEngine) -> None:
    answer = await say(engine, "lantern bridge")
    assert answer.form == "answer"
    assert re.match(r"\d+ March 2026: ", answer.sentences[0].text)
    assert 1 <= len(answer.sentences) <= 3


async def test_wrapping_does_not_keep_an_answer_away(engine: AnswerEngine) -> None:
    answer = await say(engine, "hey can anyone tell me how much the lantern bridge cost? thx 😅")
    assert "412 million" in answer.text


async def test_sources_more_and_shorter_go_on_from_an_answer(engine: AnswerEngine) -> None:
    first = await say(engine, "how much did the lantern bridge cost?")
    sources = await say(engine, "how much did the lantern bridge cost?", "source?")
    assert {c.quote for c in sources.citations} == {c.quote for c in first.citations}
    assert all((c.article.source or "?") in sources.text for c in first.citations)
    more = await say(engine, "how much did the lantern bridge cost?", "tell me more")
    assert more.sentences
    assert not {s.text for s in more.sentences} & {s.text for s in first.sentences}
    shorter = await say(engine, "how much did the lantern bridge cost?", "source?", "shorter")
    assert [s.text for s in shorter.sentences] == [first.sentences[0].text]


async def test_a_slip_is_told_with_its_own_answer_only(engine: AnswerEngine) -> None:
    slipped = "how much did the lantern brigde cost?"
    first = await say(engine, slipped)
    assert "note-respelled" in {note.code for note in first.notes}
    for text in ("when did it open?", "and why?", "who opened the bridge"):
        after = await say(engine, slipped, text)
        assert "note-respelled" not in {note.code for note in after.notes}
        assert "brigde" not in (after.asked or "")


async def test_are_you_sure_counts_the_publishers(engine: AnswerEngine) -> None:
    answer = await say(engine, "how much did the lantern bridge cost?", "are you sure?")
    assert len({citation.article.source for citation in answer.citations}) == 2
    assert any("2" in str(note) for note in answer.notes)


@pytest.mark.parametrize("text", ["source?", "are you sure?", "shorter", "why?"])
async def test_what_goes_on_from_nothing_is_asked_back(engine: AnswerEngine, text: str) -> None:
    answer = await say(engine, text)
    assert (answer.form, answer.citations) == ("declined", ())


async def test_who_said_it_is_told_from_where_the_words_stand(engine: AnswerEngine) -> None:
    answer = await say(engine, 'who said "finish what we started"')
    assert "Calder" in answer.text
    invented = await say(engine, 'who said "we will tear it all down again"')
    assert invented.form == "declined"


COST = "how much did the lantern bridge cost"


@pytest.mark.parametrize(
    ("text", "form", "told"),
    [
        ("what happened this week", "digest", "Saltmarket"),
        ("who won the election", "answer", "Calder"),
        ("why was the flood barrier planed", "answer", "barrier"),
        ("saltmarket flood", "answer", "Saltmarket"),
        ("comet", "answer", "comet"),
        ("how many books will the library have", "answer", "200,000"),
        ("what can you do", "help", "`/"),
        ("cheers mate", "smalltalk", ""),
    ],
)
async def test_what_stands_alone_does_so_after_an_answer(
    engine: AnswerEngine, text: str, form: str, told: str
) -> None:
    before = await say(engine, COST)
    answer = await say(engine, COST, text)
    assert answer.form == form
    assert told in answer.text
    if form == "answer":
        assert answer.sentences[0].text != before.sentences[0].text


async def test_a_follow_up_to_a_digest_is_about_the_story_it_names(engine: AnswerEngine) -> None:
    answer = await say(engine, "what happened this week", "how long is it")
    assert "Lantern Bridge" in answer.text
    answer = await say(engine, "what happened this week", "how many were evacuated")
    assert "280" in answer.text


async def test_more_after_a_digest_is_of_its_stories_in_order(engine: AnswerEngine) -> None:
    said = ["what happened this week"]
    digest = await say(engine, *said)
    stories = list(dict.fromkeys(each.article.article_id for each in digest.citations))
    told = {each.text for each in digest.sentences}
    cited: list[str] = []
    for _ in range(3):
        said.append("tell me more")
        more = await say(engine, *said)
        assert more.sentences
        assert told.isdisjoint(each.text for each in more.sentences)
        told |= {each.text for each in more.sentences}
        cited += dict.fromkeys(each.article.article_id for each in more.citations)
    assert cited[0] == stories[0]


async def test_more_after_a_timeline_repeats_no_event(engine: AnswerEngine) -> None:
    timeline = await say(engine, "timeline of the lantern bridge")
    more = await say(engine, "timeline of the lantern bridge", "tell me more")
    told = [sentence.text for sentence in timeline.sentences]
    assert more.form == "declined" or more.sentences
    assert not [each.text for each in more.sentences if any(each.text in text for text in told)]


async def test_nothing_goes_on_from_what_was_asked_back(engine: AnswerEngine) -> None:
    unclear = await say(engine, COST, "and what is her shoe size")
    assert (unclear.form, unclear.sentences) == ("declined", ())
    sources = await say(engine, COST, "and what is her shoe size", "source?")
    assert any("412" in citation.quote for citation in sources.citations)
