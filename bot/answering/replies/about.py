"""What the bot knows about itself, from the catalogue and its settings, not from articles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from bot.i18n import reply_text
from retrieval.catalogue.coverage import reports
from retrieval.errors import Note
from retrieval.library import Library
from retrieval.timestamps import TimeRange, from_micros, iso

_NAMES = 5


@dataclass(frozen=True, slots=True)
class OwnCosts:
    """The model that writes, if any, and what it cost today in US dollars."""

    model: str | None
    cost: float


async def about_itself(
    library: Library,
    corpus_name: str,
    as_of: datetime,
    language: str,
    subject: str,
    costs: OwnCosts,
) -> str:
    """Return how many articles there are, from whom and when, which model writes, what it costs,
    and who feeds it.

    If ``subject`` is a publisher, whether it is among them comes first.
    """
    corpus = await library.catalogue.corpora.by_name(corpus_name)
    known = await reports(library.catalogue, corpus, TimeRange(as_of)) if corpus else []
    said = []
    if corpus and subject and (mine := await _named(library, corpus_name, subject, language)):
        said.append(mine)
    if known:
        names = Counter(report.article.source for report in known if report.article.source)
        said.append(
            reply_text(
                language,
                "status-articles",
                count=len(known),
                publishers=Note("reply-publishers", count=len(names)),
                oldest=iso(from_micros(known[0].at)),
                newest=iso(from_micros(known[-1].at)),
            )
        )
        most = ", ".join(name for name, _ in names.most_common(_NAMES))
        said.append(reply_text(language, "status-publishers", names=most))
    else:
        said.append(reply_text(language, "status-none"))
    if costs.model is None:
        said.append(reply_text(language, "status-no-model"))
    else:
        said.append(reply_text(language, "status-model", model=costs.model))
        if costs.cost:
            said.append(reply_text(language, "status-spent", cost=costs.cost))
    said.append(reply_text(language, "status-feed"))
    return " ".join(said)


async def _named(library: Library, corpus_name: str, subject: str, language: str) -> str | None:
    """Return whether there are articles of the publisher named; None if none was."""
    corpus = await library.catalogue.corpora.by_name(corpus_name)
    if corpus is None:
        return None
    publishers = await library.searcher.publishers(corpus)
    if found := publishers.find(subject):
        return reply_text(language, "status-has", count=found.articles, name=found.name)
    return None
