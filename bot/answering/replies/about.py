"""What the bot knows of itself: from the catalogue and its settings, not from articles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from bot.answering.replies.lines import line
from retrieval.catalogue.coverage import reports
from retrieval.library import Library
from retrieval.search.query import day
from retrieval.timestamps import TimeRange, from_micros

_NAMES = 5


@dataclass(frozen=True, slots=True)
class OwnCosts:
    """The model that writes, if one does, and what it cost today in US dollars."""

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
    """How many articles of whom and when, what writes, what it costs, who feeds it.

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
            line(
                language,
                "status-articles",
                articles=f"{len(known):,}",
                publishers=len(names),
                oldest=day(from_micros(known[0].at)),
                newest=day(from_micros(known[-1].at)),
            )
        )
        most = ", ".join(name for name, _ in names.most_common(_NAMES))
        said.append(line(language, "status-publishers", names=most))
    else:
        said.append(line(language, "status-none"))
    if costs.model is None:
        said.append(line(language, "status-no-model"))
    else:
        said.append(line(language, "status-model", model=costs.model))
        if costs.cost:
            said.append(line(language, "status-spent", cost=f"{costs.cost:.2f}"))
    said.append(line(language, "status-feed"))
    return " ".join(said)


async def _named(library: Library, corpus_name: str, subject: str, language: str) -> str | None:
    """Whether articles are of the publisher that was named; None if none was."""
    corpus = await library.catalogue.corpora.by_name(corpus_name)
    if corpus is None:
        return None
    publishers = await library.searcher.publishers(corpus)
    if found := publishers.find(subject):
        return line(language, "status-has", count=found.articles, name=found.name)
    return None
