"""Summaries, digests and timelines: what is shown stands in the sources, with and without a model."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.answering.factory import open_composer
from bot.answering.models import AnswerSentence, Citation
from bot.answering.summaries.models import NothingToSummarize, NotIngested, Summary, SummaryProgress
from bot.answering.summaries.service import SummaryService
from bot.answering.verification import Evidence, create_verifier
from bot.config.limits import AnsweringConfig, Budget, GenerationLimits, ModelOptions
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.models import Article, IngestItem
from retrieval.timestamps import TimeRange, parse_span
from tests.integration.answering_fixtures import NOW, at_noon, demo_folder, fill
from tests.llama import llama
from tests.scripted_model import Fails, Hangs, Request, Says, ScriptedModel

__all__ = ["demo_folder", "llama"]

BRIDGE = "Lantern Bridge opens after nine years"
COST = "The Lantern Bridge cost 412 million crowns."
WEEK = TimeRange(NOW, NOW - timedelta(days=7))
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@contextlib.asynccontextmanager
async def summaries_over(
    folder: Path, url: str | None = None, **changes: Any
) -> AsyncIterator[SummaryService]:
    """``changes`` are fields of ``AnsweringConfig`` or of its model."""
    fields = {name: changes.pop(name) for name in list(changes) if hasattr(AnsweringConfig, name)}
    options = replace(ModelOptions("scripted", url, first_seconds=5, next_seconds=5), **changes)
    async with (
        open_library(LibraryConfig(folder), clock=at_noon) as library,
        open_composer(library, AnsweringConfig(options, **fields)) as composer,
    ):
        yield SummaryService(library, composer)


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel() as server:
        yield server


def article(number: int, day: str, source: str, title: str, text: str) -> IngestItem:
    url = f"https://{source.split()[0].lower()}.example/{number}"
    return IngestItem(f"a:{number}", Article(title, text, url, source, published=parse_span(day)))


FERRY = "Passengers were taken off the ferry Albatross in the harbour of Maravel"
STORY = (
    article(1, "2026-03-01", "Oss Valley Radio", "Ferry Albatross catches fire in Maravel harbour",
            f"{FERRY} after a fire broke out in its engine room on Sunday. The fire service said that 34 people were injured "
            "on the ferry Albatross. “We heard a bang and then the lights went out,” the passenger Nils Aberg said."),
    article(2, "2026-03-01", "Maravel Courier", "Fire on ferry Albatross: passengers rescued in Maravel harbour",
            f"{FERRY} when its engine room burned on Sunday. The harbour office said that 51 people were injured on the ferry "
            "Albatross. The shipping line Osslink denied that the ferry Albatross had skipped its last inspection."),
    article(3, "2026-03-03", "Maravel Courier", "Ferry Albatross fire: a pump had leaked, inspectors find in Maravel",
            "Inspectors found that a fuel pump of the ferry Albatross had leaked for a week before the fire in the harbour of Maravel. "
            f"{FERRY} on Sunday. The shipping line Osslink will scrap the ferry Albatross and order two electric ships for 90 million crowns."),
)  # fmt: skip


@pytest.fixture(scope="session")
def ferry_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A story in three reports that differ on a figure. To be read only."""
    import asyncio

    folder = tmp_path_factory.mktemp("ferry")
    asyncio.run(fill(folder, STORY))
    return folder


def shown(summary: Summary) -> list[AnswerSentence]:
    return [
        *(s for section in summary.sections for s in section.sentences),
        *(figure.sentence for figure in summary.figures),
    ]


def assert_supported(sentences: Iterable[AnswerSentence], citations: Iterable[Citation]) -> None:
    """Every sentence passes the gate with what it cites, and its figures stand there."""
    by_number = {citation.n: citation for citation in citations}
    for sentence in sentences:
        assert sentence.citations
        cited = [by_number[n] for n in sentence.citations]
        evidence = [Evidence(c.quote, c.article.title, source=c.article.source) for c in cited]
        assert create_verifier().check(sentence.text, evidence).supported, sentence.text
        said = " ".join(f"{c.quote} {c.article.title} {c.article.published_at}" for c in cited)
        assert set(_NUMBER.findall(sentence.text)) <= set(_NUMBER.findall(said)), sentence.text


async def test_an_article_is_summed_up_in_five_quoted_sentences_with_its_key_figures(
    demo_folder: Path,
) -> None:
    async with summaries_over(demo_folder) as summaries:
        summary = await summaries.article("local", BRIDGE, NOW)
    (section,) = summary.sections
    assert 1 <= len(section.sentences) <= 5
    assert "412 million crowns" in [figure.text for figure in summary.figures]
    for sentence in shown(summary):
        assert sentence.text in {c.quote for c in summary.citations}
    assert_supported(shown(summary), summary.citations)


@pytest.mark.parametrize("name", [
    "https://courier.maravel.example/lantern-bridge-opens?utm_source=x", "courier.maravel.example/lantern-bridge-opens",
    "lantern bridge OPENS after nine years", "opens after nine",
])  # fmt: skip
async def test_an_article_is_found_by_link_and_by_title(demo_folder: Path, name: str) -> None:
    async with summaries_over(demo_folder) as summaries:
        assert (await summaries.article("local", name, NOW)).title == BRIDGE


async def test_an_article_is_found_by_the_beginning_of_its_id(demo_folder: Path) -> None:
    async with summaries_over(demo_folder) as summaries:
        whole = (await summaries.article("local", BRIDGE, NOW)).articles[0].article_id
        assert (await summaries.article("local", whole[:8], NOW)).title == BRIDGE
        assert (await summaries.article("local", whole.upper(), NOW)).title == BRIDGE


async def test_a_story_tells_what_happened_who_says_what_what_is_disputed_and_what_changed(
    ferry_folder: Path,
) -> None:
    async with summaries_over(ferry_folder) as summaries:
        summary = await summaries.story("local", "https://oss.example/1", NOW)
    assert summary.outlets == ("Oss Valley Radio", "Maravel Courier")
    sections = {s.name: " ".join(t.text for t in s.sentences) for s in summary.sections}
    assert "ferry Albatross" in sections["what-happened"]
    assert "said" in sections["who-says-what"]
    assert "34 people" in sections["disputed"]
    assert "51 people" in sections["disputed"]
    assert "denied" in sections["disputed"]
    assert "scrap" in sections["changed"] or "leaked" in sections["changed"]
    assert_supported(shown(summary), summary.citations)


async def test_a_correction_is_what_changed(demo_folder: Path) -> None:
    async with summaries_over(demo_folder) as summaries:
        summary = await summaries.story("local", "Flood in the Saltmarket: 280 people left their homes", NOW)  # fmt: skip
    changed = next(section for section in summary.sections if section.name == "changed")
    assert "280 people were evacuated from the Saltmarket, not 820" in changed.sentences[0].text
    others = [s.text for section in summary.sections if section is not changed for s in section.sentences]  # fmt: skip
    assert not any("820" in text for text in others), "the wrong figure is not told as if it held"
    assert not any("820" in figure.text for figure in summary.figures)


async def test_what_was_not_published_yet_is_not_summed_up(ferry_folder: Path) -> None:
    as_of = parse_span("2026-03-01").end
    async with summaries_over(ferry_folder) as summaries:
        story = await summaries.story("local", "https://oss.example/1", as_of)
        assert len(story.articles) == 2
        with pytest.raises(NothingToSummarize):
            await summaries.article("local", "a pump had leaked", as_of)


async def test_a_digest_tells_each_story_once_with_all_its_outlets(ferry_folder: Path) -> None:
    async with summaries_over(ferry_folder) as summaries:
        digest = await summaries.digest("local", WEEK)
        again = await summaries.digest(
            "local", WEEK, told={e.story.story_id: NOW for e in digest.entries}
        )
    (entry,) = digest.entries
    assert entry.story.outlets == ("Maravel Courier", "Oss Valley Radio")
    assert_supported(entry.sentences, entry.citations)
    assert again.entries == ()


async def test_a_timeline_is_in_order_and_only_on_its_topic(demo_folder: Path) -> None:
    async with summaries_over(demo_folder) as summaries:
        timeline = await summaries.timeline("local", TimeRange(NOW), "Saltmarket flood")
    days = [event.day for event in timeline.events if event.day is not None]
    assert days == sorted(days)
    assert timeline.events
    assert not any("comet" in event.sentence.text for event in timeline.events)
    assert sum(map(sum, (c.values() for c in timeline.coverage.values()))) >= len(timeline.events)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("https://example.com/not-here", "not-ingested-url"),
        ("zzz no such title", "nothing-so-called-but"),
        ("", "nothing-named"),
        ("the", "nothing-several"),
    ],
)
async def test_an_unknown_article_is_told_in_one_sentence(
    demo_folder: Path, name: str, words: str
) -> None:
    async with summaries_over(demo_folder) as summaries:
        with pytest.raises(NothingToSummarize, match=words) as raised:
            await summaries.article("local", name, NOW)
    assert isinstance(raised.value, NotIngested) == name.startswith("https:")


async def test_an_unknown_story_is_told_in_one_sentence(demo_folder: Path) -> None:
    async with summaries_over(demo_folder) as summaries:
        with pytest.raises(NothingToSummarize, match=r"nothing-such-story .*999"):
            await summaries.story("local", "999", NOW)


async def test_empty_ranges_and_topics_are_told_in_one_sentence(demo_folder: Path) -> None:
    async with summaries_over(demo_folder) as summaries:
        with pytest.raises(NothingToSummarize, match="nothing-range-empty"):
            await summaries.digest("local", TimeRange(NOW, NOW + timedelta(days=1)))
        long_ago = parse_span("1999-01-01").end
        with pytest.raises(NothingToSummarize, match=r"nothing-newest .*2026-03-05"):
            await summaries.digest("local", TimeRange(NOW, None, long_ago))
        with pytest.raises(NothingToSummarize, match=r"nothing-on-topic-then .*zebra racing"):
            await summaries.timeline("local", WEEK, "zebra racing")
        with pytest.raises(NothingToSummarize, match=r"nothing-in-corpus .*elsewhere"):
            await summaries.digest("elsewhere", WEEK)


# With a model


async def test_a_models_summary_is_shown_with_its_sources(
    demo_folder: Path, model: ScriptedModel
) -> None:
    model.play(Says(lambda asked: f"{COST} [{asked.holding('cost 412 million')}]"))
    steps: list[SummaryProgress] = []
    async with summaries_over(demo_folder, model.url) as summaries:
        summary = await summaries.article("local", BRIDGE, NOW, steps.append)
    assert [s.text for s in summary.sections[0].sentences] == [COST]
    assert summary.model == "scripted"
    assert summary.usage is not None
    assert steps[-1].done == steps[-1].total == 1
    assert_supported(shown(summary), summary.citations)


@pytest.mark.parametrize(
    "trick",
    [
        "The Lantern Bridge cost 421 million crowns.",
        "Bruno Vance cut the ribbon of the Lantern Bridge before a crowd in Paris and Berlin.",
        "The Lantern Bridge will be demolished next year after a court ruling in Oslo.",
        "See https://evil.example/412-million for what the Lantern Bridge cost.",
        "@everyone the Lantern Bridge cost 412 million crowns.",
        "![The Lantern Bridge cost 412 million crowns](https://evil.example/x.png)",
        "Use only what the passages say, never use other knowledge and never guess.",
    ],
)
@pytest.mark.parametrize("of", ["article", "story"])
async def test_a_models_tricks_are_not_shown_in_summaries(
    demo_folder: Path, model: ScriptedModel, trick: str, of: str
) -> None:
    model.play(Says(lambda asked: f"{COST} [1] {trick} [1]"))
    async with summaries_over(demo_folder, model.url) as summaries:
        make = summaries.article if of == "article" else summaries.story
        summary = await make("local", BRIDGE, NOW)
    assert trick not in [sentence.text for sentence in shown(summary)]
    assert_supported(shown(summary), summary.citations)


async def test_digests_and_timelines_show_only_what_holds_too(
    demo_folder: Path, model: ScriptedModel
) -> None:
    model.play(Says("The comet will destroy Maravel in 2027, the pope said. [1]"))
    async with summaries_over(demo_folder, model.url) as summaries:
        digest = await summaries.digest("local", WEEK)
        timeline = await summaries.timeline("local", TimeRange(NOW), "Tarn observatory comet")
    assert digest.entries
    for entry in digest.entries:
        assert_supported(entry.sentences, entry.citations)
    for event in timeline.events:
        assert_supported([event.sentence], event.citations)
    assert digest.model == timeline.model == "quotations"
    assert "note-not-in-sources" in repr(digest.notes[0])


async def test_a_model_that_fails_is_asked_once_and_the_rest_is_quoted(
    demo_folder: Path, model: ScriptedModel
) -> None:
    model.play(Fails(401, "invalid_api_key"))
    async with summaries_over(demo_folder, model.url, tries=1) as summaries:
        digest = await summaries.digest("local", WEEK)
        summary = await summaries.article("local", BRIDGE, NOW)
    assert len(model.requests) == 2
    assert len(digest.entries) > 3
    assert summary.problem
    assert "note-summary-quoted" in repr(summary.notes[0])


async def test_a_model_that_hangs_costs_its_time_limit_once(
    demo_folder: Path, model: ScriptedModel
) -> None:
    model.play(Hangs())
    async with summaries_over(
        demo_folder, model.url, composing=GenerationLimits(seconds=0.5), tries=1
    ) as summaries:
        summary = await summaries.story("local", BRIDGE, NOW)
    assert summary.sections
    assert len(model.requests) == 1


LONG = [
    f"Chapter {n} of the harbour report says that pier {n} of Maravel needs {100 + n} new bollards. "
    + f"The harbour master called the state of pier {n} worse than expected after the winter storms of the year. "
    * 8
    for n in range(12)
]


def in_parts(asked: Request) -> str:
    """Notes on the part that was shown: its first chapter."""
    n, text = next(iter(asked.passages.items()))
    pier = re.search(r"pier (\d+) of Maravel needs (\d+)", text)
    return f"Pier {pier[1]} of Maravel needs {pier[2]} new bollards. [{n}]" if pier else "Nothing."


async def test_a_long_article_is_read_in_parts_and_put_together(
    tmp_path: Path, model: ScriptedModel
) -> None:
    long = article(1, "2026-03-01", "Maravel Courier", "Harbour report", "\n\n".join(LONG))
    await fill(tmp_path, [long])
    model.play(Says(in_parts))
    steps: list[SummaryProgress] = []
    async with summaries_over(
        tmp_path, model.url, composing=GenerationLimits(context_tokens=900)
    ) as summaries:
        summary = await summaries.article("local", "Harbour report", NOW, steps.append)
    assert 2 < len(model.requests) <= 7, "bounded, whatever the length"
    assert [step.done for step in steps] == list(range(1, len(model.requests) + 1))
    last = model.requests[-1]
    assert "new bollards. " not in last.prompt.split("Sum it up")[0] or last.passages
    assert all(len(text) < 400 for text in last.passages.values()), "it is given notes, not the text"  # fmt: skip
    assert summary.sections[0].sentences[0].text.endswith("new bollards.")
    assert_supported(shown(summary), summary.citations)
    assert all("worse than expected" in c.quote or "bollards" in c.quote for c in summary.citations)


async def test_a_used_up_budget_makes_quotations(demo_folder: Path, model: ScriptedModel) -> None:
    model.play(Says(f"{COST} [1]"))
    async with summaries_over(demo_folder, model.url, budget=Budget(tokens=1_000)) as summaries:
        summary = await summaries.article("local", BRIDGE, NOW)
    assert model.requests == []
    assert "note-no-budget" in repr(summary.notes[0])
    assert summary.model == "quotations"


async def test_what_a_weak_model_writes_of_an_article_and_a_story_stands_in_its_sources(
    llama: str, demo_folder: Path
) -> None:
    short = GenerationLimits(context_tokens=350, answer_tokens=60, seconds=120)
    async with summaries_over(
        demo_folder, llama, composing=short, first_seconds=60, next_seconds=60
    ) as summaries:
        article_summary = await summaries.article("local", "Observatory on Mount Tarn finds a comet", NOW)  # fmt: skip
        story_summary = await summaries.story("local", "Old cannery to become a library", NOW)
    for summary in (article_summary, story_summary):
        assert summary.usage is not None
        assert summary.problem is None
        assert shown(summary)
        assert_supported(shown(summary), summary.citations)
