"""The scenes: what members and moderators of a server see, played with the bot on the stand-in."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.client import NewsdeskBot
from bot.config.settings import load_settings
from bot.demo import demo_articles
from bot.ui.pages import BUSY
from retrieval.catalogue.audit_log import Actor
from retrieval.ingestion.pipeline import ingest
from retrieval.models import Article, IngestItem
from tests.discord_standin import Channel, DiscordStandIn, Guild, Message, User
from tests.discord_standin.model import FORUM
from tests.integration.answering_fixtures import BRIDGE, ELECTION, NOW
from tests.integration.discord.looking import footer
from tests.integration.discord_fixtures import addresses_of
from tests.newsite import NewsSite, documents
from tests.pictures.page import message_html

UNKNOWN = "Who is the president of Brazil?"
TITLE = "Lantern Bridge opens after nine years"
LINK = "https://courier.maravel.example/lantern-bridge-opens"
_NASTY = IngestItem("nasty", Article(
    "**Free** [prize](https://evil.example) @everyone",
    "The harbour lantern cost 77 million crowns, says [the council](https://evil.example/a) of <@123456789012345678>. @everyone",
    "https://paper.example/lantern_(harbour)", "The *Paper*",
))  # fmt: skip

_FERRY, _ORCHARD = (
    "Ferry to Oss Island stopped for a day",
    "City plants 2,000 apple trees on the old rail yard",
)
_FERRY_TEXT = (
    "The ferry to Oss Island was stopped for a day after divers found a crack in its rudder. Some 900 commuters "
    "took the detour over the Lantern Bridge, the harbour office said.\n\nHarbour master Wilma Dorn said the rudder "
    "was welded overnight. “Nobody was in danger at any time,” she said.\n\nThe ferry is forty-one years old; its "
    "replacement, ordered in 2024, is to arrive in the autumn."
)  # fmt: skip
_ORCHARD_TEXT = (
    "Maravel will plant 2,000 apple trees on the old rail yard, the city's parks office said. The orchard is to be "
    "open to everyone and its fruit free.\n\nSchools may adopt a row each. Gardener Ruben Achterberg said that forty "
    "classes had asked for one within a week.\n\nThe planting costs 1.2 million crowns and begins at Easter."
)  # fmt: skip


def _pictured(items: Iterable[IngestItem]) -> Iterable[IngestItem]:
    """The articles, most with a picture."""
    for n, item in enumerate(items):
        if item.article is not None and n % 4 != 3:
            url = f"https://img.maravel.example/{n}.jpg"
            yield replace(item, article=replace(item.article, picture_url=url))
        else:
            yield item


class Stage:
    """A server with members, a site of news and a bot; ``pictures`` holds what was drawn."""

    def __init__(self, standin: DiscordStandIn, bot: NewsdeskBot, site: NewsSite) -> None:
        self.standin, self.bot, self.site = standin, bot, site
        self.services = bot.services
        self.now = NOW
        self.services.library.clock = lambda: self.now
        self.pictures: dict[str, list[str]] = {}
        self.guild = standin.guild("Harbour News")
        self.general = standin.channel(self.guild)
        self.readers = standin.role(self.guild, "readers", mentionable=True)
        self.ada = standin.member(self.guild, "Ada")
        self.mo = standin.member(self.guild, "Mo", moderator=True)

    def draw(self, name: str, *messages: Message, language: str = "en") -> None:
        """Keep how these messages stand now, below those that the picture has already."""
        drawn = [message_html(message, self.now, language) for message in messages]
        self.pictures.setdefault(name, []).extend(drawn)

    async def ask(self, who: User, question: str, channel: Channel | None = None, **more: Any) -> Message:  # fmt: skip
        asked = await who.slash(channel or self.general, "ask", question=question, **more)
        return await asked.final(whole)

    async def do(self, who: User, command: str, **options: Any) -> Message:
        """What a command shows in the end."""
        return await (await who.slash(self.general, command, **options)).final(_still)

    async def press(self, who: User, message: Message, button: str) -> Message:
        return await (await who.press(message, button)).final(_still)

    async def bring_in(self, articles: Iterable[IngestItem], guild: Guild | None = None) -> None:
        corpus = self.services.contexts.corpus_of((guild or self.guild).id)
        indexer = await self.services.library.indexer(corpus)
        folder = self.bot.settings.data_dir
        async for _ in ingest(indexer, articles, actor="pictures", data_dir=folder):
            pass


def whole(message: Message) -> bool:
    """Whether it is an answer in its final form, in English or German."""
    return re.search(r"\b(id|ID) ", footer(message)) is not None


def _still(message: Message) -> bool:
    return all(embed.get("color") != BUSY for embed in message.embeds)


async def _answers(stage: Stage) -> None:
    ada = stage.ada
    answer = await stage.ask(ada, BRIDGE)
    stage.draw("answer", answer)
    stage.draw("sources", answer, await stage.press(ada, answer, "Sources"))
    reply = await ada.send(stage.general, "and what is her shoe size", reply_to=answer)
    back = await stage.standin.wait_for_message(stage.general, after=reply)
    stage.draw("asked-back", answer, reply, back)
    stage.draw("private", await stage.ask(ada, ELECTION, private=True))
    refused = await stage.ask(ada, UNKNOWN)
    desk = stage.standin.channel(stage.guild, "desk")
    await stage.services.guild_settings.change(stage.guild.id, moderators_channel=desk.id)
    stage.draw("refusal", refused)
    pressed = await stage.press(ada, refused, "Ask the moderators for this")
    stage.draw("refusal", pressed)
    stage.draw("asked-of-moderators", await stage.standin.wait_for_message(desk))
    bea = stage.standin.member(stage.guild, "Bea", locale="de")
    stage.draw("german", await stage.ask(bea, ELECTION), language="de")
    stage.draw("german", await stage.ask(bea, "Wer ist Präsident von Brasilien?"), language="de")


async def _summaries(stage: Stage) -> None:
    for name, command, options in (
        ("digest", "digest", {"period": "week"}),
        ("summary", "summary article", {"article": LINK}),
        ("summary-story", "summary story", {"story": TITLE}),
        ("timeline", "timeline", {"topic": "Lantern Bridge"}),
        ("compare", "compare", {"topic": "Lantern Bridge"}),
    ):
        asked = await stage.ada.slash(stage.general, command, **options)
        stage.draw(name, await asked.final(whole))


async def _with_pictures(stage: Stage) -> None:
    """The same where the server wants pictures of articles."""
    await stage.do(stage.mo, "settings pictures", on=True)
    digest = await stage.ada.slash(stage.general, "digest", period="week")
    stage.draw("digest-pictures", await digest.final(whole))
    answer = await stage.ask(stage.ada, BRIDGE)
    stage.draw("sources-pictures", await stage.press(stage.ada, answer, "Sources"))
    summary = await stage.ada.slash(stage.general, "summary article", article=LINK)
    stage.draw("summary-pictures", await summary.final(whole))
    await stage.do(stage.mo, "settings pictures", on=False)


async def _help(stage: Stage) -> None:
    stage.draw("help-member", await stage.do(stage.ada, "help"))
    stage.draw("help-moderator", await stage.do(stage.mo, "help"))
    stage.draw("privacy", await stage.do(stage.ada, "privacy show"))
    stage.draw("privacy-forget", await stage.do(stage.ada, "privacy forget"))
    stage.draw("usage-member", await stage.do(stage.ada, "usage"))
    await stage.do(stage.mo, "settings limit", questions=20)
    await stage.do(stage.mo, "settings limit", questions=50, cost=0.5, role=stage.readers)
    stage.draw("usage-moderator", await stage.do(stage.mo, "usage"))
    stage.draw("settings", await stage.do(stage.mo, "settings show"))
    stage.draw("members-only", await stage.do(stage.ada, "timeline", topic="zebra racing"))


async def _subscriptions(stage: Stage) -> None:
    news = stage.standin.channel(stage.guild, "news")
    await stage.do(stage.mo, "subscribe digest", at="8am", zone="Europe/Berlin", channel=news)
    hours = {"quiet_from": "10pm", "quiet_until": "6:30", "zone": "Europe/Berlin"}
    await stage.do(stage.mo, "subscribe topic", topic="floods", most_a_day=2, **hours)
    made = await stage.do(stage.mo, "subscribe topic", topic="Lantern Bridge")
    await stage.do(stage.mo, "subscriptions pause", id=2)
    stage.draw("subscriptions", made, await stage.do(stage.mo, "subscriptions list"))


def _report(stage: Stage, number: int, title: str, text: str) -> documents.Entry:
    """A report that stands in a feed and on a page."""
    at = NOW - timedelta(minutes=60 - number)
    path = f"/reports/{number}"
    body = "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n\n"))
    page = f"<html><head><meta charset=utf-8><title>{title}</title></head><body><article><h1>{title}</h1>{body}</article></body></html>"
    stage.site.serve(path, page)
    return documents.Entry(stage.site.url(path), title, text[:120], text, at, f"report-{number}")


async def _feeds(stage: Stage) -> None:
    standin, guild, mo, feeds = stage.standin, stage.guild, stage.mo, stage.services.ingestion.feeds
    corpus = stage.services.contexts.corpus_of(guild.id)
    for path in ("/courier.xml", "/radio.xml"):
        stage.site.serve(path, documents.KINDS["rss"]([]), documents.TYPES["rss"])
        await feeds.add(stage.site.url(path), corpus, Actor("discord user 1", "pictures"))
    news, forum = standin.channel(guild, "news"), standin.channel(guild, "stories", kind=FORUM)
    made = await stage.do(
        mo, "feeds post", feed="1", channel=news, mention=stage.readers, most_a_day=5, quiet_from="10pm",
        quiet_until="6:30", zone="Europe/Berlin", settle=0, exclude="sport, horoscope",
    )  # fmt: skip
    await stage.do(mo, "feeds post", channel=forum, template="opening", settle=0)
    stage.draw("feed-posts", made, await stage.do(mo, "feeds posts list"))

    async def visit(minutes: int, **served: list[documents.Entry]) -> None:
        stage.now = NOW + timedelta(minutes=minutes)
        for name, entries in served.items():
            stage.site.feed(f"/{name}.xml", entries)
        for feed in await feeds.feeds(corpus):
            await feeds.visit(feed)
        await stage.services.posts.tick()

    await visit(1, courier=[_report(stage, 1, _FERRY, _FERRY_TEXT), _report(stage, 2, _ORCHARD, _ORCHARD_TEXT)])  # fmt: skip
    later = f"{_FERRY_TEXT}\n\nThe ferry company apologised this evening."
    await visit(5, radio=[_report(stage, 3, "Ferry to Oss Island is back at sea", later)])
    stage.draw("feed-post-channel", *standin.bot_messages(news)[:2])
    for thread in standin.threads(forum):
        if thread.name == _FERRY:
            stage.draw("feed-post-forum", *standin.bot_messages(thread))
    stage.site.serve("/radio.xml", "no", status=404)
    for hour in (1, 3, 6):
        await visit(60 * hour)
    stage.draw("feeds", await stage.do(mo, "feeds list"))
    await stage.services.failing_feeds.tick()
    desk = standin.channel(guild, "desk")
    stage.draw("failing-feeds", standin.bot_messages(desk)[-1])


async def _jobs(stage: Stage) -> None:
    stage.site.seconds = 0.2
    links = " ".join([stage.site.url("/status/404"), *(stage.site.url(f"/news/{n}") for n in range(40, 65))])  # fmt: skip
    begun = await stage.mo.slash(stage.general, "ingest url", links=links)
    stage.draw("job-running", await begun.final(lambda m: "█" in m.text))
    stage.draw("job-done", await begun.final(_still, timeout=30))
    stage.site.seconds = 0.0


async def _moderating(stage: Stage) -> None:
    answer = await stage.ask(stage.ada, BRIDGE)
    await stage.press(stage.ada, answer, "Not helpful")
    for question in ("Who is the prime minister of Brazil?", "When is the next comet over Kazakhstan?"):  # fmt: skip
        await stage.ask(stage.ada, question)
    stage.draw("report", await stage.do(stage.mo, "report"))
    stage.draw("audit", await stage.do(stage.mo, "audit"))
    form = await stage.mo.context_menu(stage.general, "Correct this answer", answer)
    label = next(iter((await form.modal()).inputs))
    said = await stage.mo.submit_modal(form, {label: "The council now speaks of 413 million crowns."})  # fmt: skip
    await said.final()
    await stage.standin.wait_until(lambda: "413" in answer.text)
    stage.draw("corrected", answer)


async def _setup(stage: Stage) -> None:
    stage.draw("setup", await stage.do(stage.mo, "setup"))
    empty = stage.standin.guild("Empty News")
    general = stage.standin.channel(empty)
    stage.draw("hello", await stage.standin.wait_for_message(general))
    boss = stage.standin.member(empty, "Nia", moderator=True)
    eve = stage.standin.member(empty, "Eve")
    stage.draw("setup-new", await (await boss.slash(general, "setup")).final())
    stage.draw("empty", await stage.ask(eve, BRIDGE, general))
    stage.draw("help-empty", await (await eve.slash(general, "help")).final())
    stage.standin.member(empty, stage.ada)
    await stage.ada.dm(BRIDGE)
    stage.draw("choice", await stage.standin.wait_for_message(stage.ada.direct))


async def _abuse(stage: Stage) -> None:
    await stage.bring_in([_NASTY])
    nasty = "How much did the harbour lantern cost? @everyone **now**"
    answer = await stage.ask(stage.ada, nasty)
    stage.draw("abuse", answer, await stage.press(stage.ada, answer, "Sources"))


SCENES: tuple[Callable[[Stage], Awaitable[None]], ...] = (
    _answers, _summaries, _with_pictures, _help, _subscriptions, _feeds, _jobs, _moderating, _setup, _abuse,
)  # fmt: skip


async def play(folder: Path) -> dict[str, list[str]]:
    """The messages of each picture as HTML; ``folder`` holds the bot's data."""
    async with _staged(folder) as stage:
        await stage.bring_in(_pictured(demo_articles(NOW)))
        for scene in SCENES:
            await scene(stage)
    return stage.pictures


@contextlib.asynccontextmanager
async def _staged(folder: Path) -> AsyncIterator[Stage]:
    async with DiscordStandIn() as standin:
        with addresses_of(standin), NewsSite() as site:
            given = standin.environment | {
                "NEWSDESK_DATA_DIR": str(folder), "NEWSDESK_COOLDOWN_SECONDS": "0",
                "NEWSDESK_FETCH_ALLOW": site.allow,
            }  # fmt: skip
            bot = NewsdeskBot(load_settings(given, folder / "none"), clock=lambda: NOW)
            running = asyncio.create_task(bot.start(standin.token))
            try:
                await standin.wait_for_bot("ask")
                await bot.wait_until_ready()
                yield Stage(standin, bot, site)
            finally:
                await bot.close()
                await asyncio.gather(running, return_exceptions=True)
