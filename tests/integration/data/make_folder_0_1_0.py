"""Make ``folder_0_1_0.tar.gz``: a small data folder as version 0.1.0 left it.

It runs with the code of version 0.1.0 alone (hence modules that are called otherwise today)::

    git worktree add /tmp/newsdesk-0.1.0 113b989
    cd /tmp/newsdesk-0.1.0
    python .../tests/integration/data/make_folder_0_1_0.py .../tests/integration/data

Beside the folder it leaves ``folder_0_1_0.json``: what search and the answers without a model gave
for a few questions. Every article is invented, and the clock stands still.
"""
# mypy: ignore-errors

from __future__ import annotations

import asyncio
import json
import sys
import tarfile
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.answering.answers import Answer, Citation, Sentence
from bot.kept import as_record
from retrieval.articles import Incoming, Ingested, Reference
from retrieval.catalogue.auditing import Actor
from retrieval.catalogue.given import Given, keep_answer, record_feedback, set_message
from retrieval.catalogue.job_messages import JobMessage, keep_job_message
from retrieval.catalogue.servers import change_server_settings, mark_present, mark_removed
from retrieval.catalogue.spending import record_spending
from retrieval.catalogue.subscriptions import (
    Delivery,
    Subscription,
    add_subscription,
    end_subscription,
    intend,
)
from retrieval.catalogue.subscriptions import settle as settle_delivery
from retrieval.ingest import ingest
from retrieval.moderating import Moderator
from retrieval.moments import TimeRange
from retrieval.readers.jsonl import article_from_record

from bot.answering.engine import AnswerEngine, Asked
from bot.cli.output import answer_record, search_record
from retrieval.catalogue.feeds import Feeds, KnownItem
from retrieval.catalogue.jobs import Jobs, JobSource, settle
from retrieval.library import LibraryConfig, open_library

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
SERVER, CHANNEL, MESSAGE, MEMBER, MODERATOR = 710, 720, 730, 740, 741
CORPUS = f"discord:{SERVER}"
ACTOR = Actor(f"Mara Lindqvist ({MODERATOR})", f"#newsroom ({CHANNEL})")

_QUAKE = (
    "An earthquake of magnitude 5.8 shook the harbour town of Velmora on Tuesday night. "
    "Fourteen people were injured, the fire service said. The old customs house collapsed, "
    "and 320 residents spent the night in the sports hall.\n\n"
    "Mayor Orla Fenwick said that the hospital was open. Schools stay closed until Friday."
)
ARTICLES = [
    ("velmora-quake", "Earthquake injures fourteen in Velmora", "Harbour Gazette", "2026-03-03T22:40:00Z", _QUAKE),
    ("quake-wire", "Earthquake injures fourteen in Velmora", "Northern Wire", "2026-03-03T22:10:00Z", _QUAKE + " (Northern Wire)"),
    ("customs-house", "Velmora's customs house falls in earthquake", "Inland Post", "2026-03-04T07:00:00Z",
     "The customs house of Velmora, built in 1784, collapsed in Tuesday's earthquake of magnitude 5.8. "
     "Fourteen people were injured in the town. The state will pay 12 million crowns for repairs, minister Tomas Rell said."),
    ("bridge", "Glass Bridge of Ostrin opens to traffic", "Inland Post", "2026-02-20T09:00:00Z",
     "The Glass Bridge of Ostrin opened on Friday after six years of work. It cost 87 million crowns, "
     "nine more than planned. The first tram crossed at noon, and 4,000 people watched."),
    ("election", "Petra Valk wins the election in Ostrin", "Harbour Gazette", "2026-02-15",
     "Petra Valk won the mayoral election in Ostrin with 53 percent of the votes on Sunday. "
     "Her rival Jon Aster conceded in the evening. Valk takes office on 1 April."),
    ("ferry", "Ferry line to Skarn Island ends", "Coast Radio", "2026-02-28T16:00:00Z",
     "The ferry line from Velmora to Skarn Island ends on 31 May, its operator Seaway said. "
     "Only 60 passengers a day used it last year. The islanders want a bus over the dam instead."),
    ("museum", "Museum of Tides buys a whale skeleton", "Coast Radio", "2026-01-12T08:00:00Z",
     "The Museum of Tides in Velmora bought the skeleton of a blue whale for 240,000 crowns. "
     "It is 24 metres long and will hang in the main hall from June, director Ilse Korb said."),
    ("wolf", "Wolf seen in the forest of Hamar", "Inland Post", "2026-01-30T10:00:00Z",
     "A forester saw a wolf near Hamar on Thursday, the first for 90 years. "
     "Shepherds asked for fences, and the county set 2 million crowns aside."),
    ("strom", "Stromausfall legt Ostrin lahm", "Morgenblatt", "2026-02-10T06:00:00Z",
     "Ein Stromausfall hat am Montag den Verkehr in Ostrin lahmgelegt. Rund 18.000 Haushalte waren "
     "vier Stunden ohne Strom, teilte der Netzbetreiber mit. Grund war ein Brand in einem Umspannwerk."),
    ("rumour", "Glass Bridge said to close", "Gossip Daily", "2026-03-01T09:00:00Z",
     "The Glass Bridge of Ostrin is said to close for the summer, people in a café told this paper. "
     "The city knows nothing of it."),
    ("prices", "Bread costs more in Velmora", "Harbour Gazette", "2026-02-25T05:00:00Z",
     "A loaf of bread costs 4.20 crowns in Velmora since Monday, 30 cents more than in January. "
     "Bakers blame the price of flour. Correction: an earlier version said 40 cents."),
]  # fmt: skip
_UPDATED = (
    "ferry", "Ferry line to Skarn Island goes on until autumn", "Coast Radio", "2026-02-28T16:00:00Z",
    "The ferry line from Velmora to Skarn Island goes on until 30 September, its operator Seaway said after talks "
    "with the county. Only 60 passengers a day used it last year.",
)  # fmt: skip
QUESTIONS = [
    "How many people were injured in the Velmora earthquake?",
    "How much did the Glass Bridge of Ostrin cost?",
    "Who won the mayoral election in Ostrin?",
    "Until when does the ferry line to Skarn Island go on?",
    "How long is the whale skeleton?",
    "How many residents does Atlantis have?",
]


def incoming(number: int, row: tuple[str, ...]) -> Incoming:
    slug, title, source, published, text = row
    host = source.lower().replace(" ", "-")
    record = {
        "url": f"https://{host}.example/{slug}", "title": title, "source": source,
        "published_at": published, "text": text, "authors": ["Ines Moreau"],
    }  # fmt: skip
    return Incoming(f"articles.jsonl:{number}", article_from_record(record))


async def bring_in(library, corpus: str, items: list[Incoming]) -> list[Ingested]:
    indexer = await library.indexer(corpus)
    folder = library.config.data_dir
    found = ingest(indexer, items, actor=ACTOR.who, place=ACTOR.where, data_dir=folder)
    return [each async for each in found]


async def fill(library) -> None:
    """Everything that a server of some months has, a little of each."""
    catalogue = library.catalogue
    items = [incoming(n, row) for n, row in enumerate(ARTICLES, 1)]
    pasted = {
        "title": "Notes from the council",
        "text": "The council of Velmora meets on 12 March.",
    }
    items.append(Incoming("pasted text", article_from_record(pasted)))
    results = await bring_in(library, CORPUS, items)
    await bring_in(library, CORPUS, [incoming(1, _UPDATED)])
    await bring_in(library, "local", items[:3])
    corpus = await catalogue.corpus(CORPUS)

    moderator = await Moderator.of(library, CORPUS)
    rumour = results[9].article_id
    await moderator.remove(rumour, ACTOR, because="a rumour")
    await moderator.remove(results[7].article_id, ACTOR)
    await moderator.restore(results[7].article_id, ACTOR)
    await moderator.merge(results[3].article_id, results[4].article_id, ACTOR)

    feeds = Feeds(catalogue)
    feed = await feeds.add(
        corpus, url="https://inland-post.example/feed.xml", title="Inland Post", kind="rss",
        include=["Ostrin", "Velmora"], exclude=["sport"], interval=timedelta(minutes=30),
        actor=ACTOR, now=NOW,
    )  # fmt: skip
    known = {
        "k1": KnownItem("seen", None, "f1"),
        "k2": KnownItem("failed", "the site did not answer", "f2", 2),
    }
    await feeds.put_items(feed, known, NOW)
    later = NOW + timedelta(hours=1)
    visited = {
        "etag": '"abc"', "begun": True, "checked_at": NOW, "changed_at": NOW, "failures": 1,
        "failing_since": NOW, "last_error": "503", "alone_until": later, "next_at": later,
    }  # fmt: skip
    await feeds.keep(replace(feed, **visited))
    other = await feeds.add(
        corpus, url="https://gossip-daily.example/rss", title=None, kind="atom", include=[],
        exclude=[], interval=timedelta(hours=2), actor=ACTOR, now=NOW,
    )  # fmt: skip
    await feeds.pause(corpus, other, ACTOR, NOW)

    jobs = Jobs(catalogue)
    done = await jobs.add(
        corpus, [JobSource("url", "https://inland-post.example/bridge")], ACTOR, NOW
    )
    await jobs.set_state(done.id, "running", NOW)
    item = (await jobs.items(done.id, 0, 1))[0]
    async with catalogue._write() as connection:
        await settle(connection, done.id, [results[3]], {item.id: 1}, [item.id])
    await jobs.set_state(done.id, "done", NOW)
    cancelled = await jobs.add(
        corpus, [JobSource("text", "a note", {"text": "Too short."})], ACTOR, NOW
    )
    await jobs.cancel(corpus, cancelled, ACTOR, NOW)
    await keep_job_message(catalogue, JobMessage(done.id, SERVER, CHANNEL, MESSAGE, "en"))

    await mark_present(catalogue, [SERVER, SERVER + 1], NOW)
    await change_server_settings(
        catalogue, SERVER, NOW, by=(corpus, ACTOR), channels=(CHANNEL,), moderator_roles=(750,),
        threads=True, language="de", welcomed=True,
    )  # fmt: skip
    await mark_removed(catalogue, SERVER + 1, NOW)

    reference = Reference(
        results[3].article_id,
        results[3].url,
        results[3].title,
        "Inland Post",
        "2026-02-20T09:00:00Z",
    )
    answer = Answer(
        "How much did the bridge cost?", "It cost 87 million crowns. [1]", False,
        (Sentence("It cost 87 million crowns.", (1,)),),
        (Citation(1, reference, "It cost 87 million crowns, nine more than planned."),),
        (), "quotations", (),
    )  # fmt: skip
    given = Given(
        "a1b2c3", NOW, CORPUS, SERVER, CHANNEL, None, MEMBER, answer.question, False,
        as_record(answer),
    )  # fmt: skip
    await keep_answer(catalogue, given)
    await set_message(catalogue, given.id, CHANNEL, MESSAGE + 1)
    await keep_answer(catalogue, replace(given, id="d4e5f6", guild_id=None, private=True))
    await record_feedback(catalogue, given.id, MEMBER, helpful=True, now=NOW)
    await record_feedback(catalogue, given.id, MODERATOR, helpful=False, now=NOW)

    digest = Subscription(
        0, "digest", CORPUS, SERVER, CHANNEL, MODERATOR, "Europe/Berlin", NOW, NOW, locale="de",
        at_minute=480, weekday=0,
    )  # fmt: skip
    kept = await add_subscription(catalogue, digest)
    topic = replace(
        digest, kind="topic", channel_id=None, user_id=MEMBER, topic="earthquake", at_minute=None,
        weekday=None, most_a_day=3, quiet_from=1320, quiet_until=420,
    )  # fmt: skip
    ended = await add_subscription(catalogue, topic)
    await end_subscription(catalogue, ended.id, "the channel is gone", NOW)
    delivery = Delivery("n1", kept.id, "2026-03-02T07:00", (1, 4), NOW)
    await intend(catalogue, delivery)
    await settle_delivery(catalogue, delivery, NOW, sent=True, until=NOW)
    await intend(catalogue, replace(delivery, id="n2", slot="2026-03-09T07:00"))

    for model, cost in (("gpt-4o-mini", 0.0012), ("local", None)):
        await record_spending(
            catalogue, at=NOW, day=date(2026, 3, 5), corpus=CORPUS, model=model,
            prompt_tokens=900, completion_tokens=60, cost=cost,
        )  # fmt: skip


async def record(library) -> list[dict[str, object]]:
    engine = AnswerEngine(library, None)
    made = []
    for question in QUESTIONS:
        within = TimeRange(NOW)
        found = await library.search(question, within, corpus=CORPUS)
        answer = await engine.answer(Asked(question, within, CORPUS))
        hits, told = search_record(found, None, 0.0), answer_record(answer, None, 0.0)
        made.append({"question": question, "search": hits, "answer": told})
    return made


async def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        config = LibraryConfig(folder)
        async with open_library(config, writer="fixture", clock=lambda: NOW) as library:
            await fill(library)
        async with open_library(config, clock=lambda: NOW) as library:
            answers = await record(library)
        (target / "folder_0_1_0.json").write_text(
            json.dumps(answers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        with tarfile.open(target / "folder_0_1_0.tar.gz", "w:gz") as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.suffix != ".lock":
                    archive.add(path, path.relative_to(folder).as_posix())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).absolute()))
