"""What was reported in a time range, by which publishers, and whole articles to summarize."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select, true

from retrieval.catalogue.catalogue import Catalogue
from retrieval.catalogue.dialects import LikeAnyCase
from retrieval.catalogue.publishers import SourceFilter
from retrieval.catalogue.queries import REFERENCE
from retrieval.catalogue.records import Corpus
from retrieval.catalogue.schema import INDEXED, articles, passages, story_members, versions
from retrieval.models import Passage, Reference
from retrieval.timestamps import TimeRange, to_micros
from retrieval.web.urls import canonical_url

_LOOKUP = 5_000
_MOST_NAMED = 20
_MARK = re.compile(r"[^\w\s]")
_ID = re.compile(r"[0-9a-f]{4,16}")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+/\S*$")


@dataclass(frozen=True, slots=True)
class Report:
    """An article as coverage counts it. ``at`` is when it was published, or else ingested, in
    microseconds since 1970; near-copies share ``copy_id``, reports of one event ``story_id``."""

    version_id: int
    article: Reference
    at: int
    story_id: int
    copy_id: int


async def reports(
    catalogue: Catalogue, corpus: Corpus, within: TimeRange, source: SourceFilter | None = None
) -> list[Report]:
    """Return the articles published in a range and visible at its moment, oldest first. The filters
    are exact."""
    query = (
        _reports()
        .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
        .where(versions.c.visible_from <= to_micros(within.as_of))
    )
    if within.since is not None:
        query = query.where(versions.c.published_to >= to_micros(within.since))
    if within.until is not None:
        query = query.where(versions.c.published_from <= to_micros(within.until))
    return await _read(catalogue, query, source)


async def reports_of_stories(
    catalogue: Catalogue, corpus: Corpus, story_ids: Sequence[int], within: TimeRange
) -> list[Report]:
    """Return all reports of these stories that were visible at the moment of ``within``, oldest
    first."""
    found: list[Report] = []
    for first in range(0, len(story_ids), _LOOKUP):
        query = (
            _reports()
            .where(story_members.c.corpus_id == corpus.id, versions.c.state == INDEXED)
            .where(story_members.c.story_id.in_(story_ids[first : first + _LOOKUP]))
            .where(versions.c.visible_from <= to_micros(within.as_of))
        )
        found += await _read(catalogue, query, None)
    return sorted(found, key=lambda report: (report.at, report.version_id))


async def reports_of_articles(
    catalogue: Catalogue, corpus: Corpus, article_ids: Sequence[str], as_of: datetime
) -> dict[str, Report]:
    """Return by id the articles among these that were visible at that moment."""
    query = (
        _reports()
        .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
        .where(versions.c.article_id.in_(article_ids))
        .where(versions.c.visible_from <= to_micros(as_of))
    )
    found = await _read(catalogue, query, None)
    return {report.article.article_id: report for report in found}


async def reports_named(
    catalogue: Catalogue, corpus: Corpus, name: str, as_of: datetime
) -> list[Report]:
    """Return up to 20 articles that ``name`` means, newest first: by link, by the beginning of an
    id, or by title.

    A whole title takes precedence over a part of one, and that over its words in any order. If
    several are returned, the caller asks which is meant. Raises ``InvalidURL`` for a broken link.
    """
    shown = (
        _reports()
        .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
        .where(versions.c.visible_from <= to_micros(as_of))
        .order_by(None)
        .order_by(versions.c.visible_from.desc(), versions.c.id.desc())
        .limit(_MOST_NAMED)
    )
    name = " ".join(name.split())
    ways = [
        func.lower(versions.c.title) == name.lower(),
        versions.c.title.icontains(name, autoescape=True),
        and_(true(), *(versions.c.title.icontains(w, autoescape=True) for w in name.split())),
    ]
    if _ID.fullmatch(name.lower()):
        ways.insert(0, versions.c.article_id.startswith(name.lower()))
    if "://" in name or _HOST.match(name):
        link = name if "://" in name else f"https://{name}"
        shown = shown.join(articles, articles.c.id == versions.c.article_id)
        ways = [articles.c.canonical_url == canonical_url(link)]
    for way in ways:
        if found := await _read(catalogue, shown.where(way), None):
            return found
    return []


async def passages_quoting(
    catalogue: Catalogue, corpus: Corpus, words: str, within: TimeRange, most: int = 6
) -> list[Passage]:
    """Return the passages that contain these words in sequence, from the newest ``most`` articles
    of a range, newest first. Punctuation marks match any character."""
    pattern = "%" + _MARK.sub("_", words) + "%"
    query = (
        _reports()
        .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
        .where(versions.c.visible_from <= to_micros(within.as_of))
        .where(LikeAnyCase(versions.c.text, pattern))
    )
    if within.since is not None:
        query = query.where(versions.c.published_to >= to_micros(within.since))
    if within.until is not None:
        query = query.where(versions.c.published_from <= to_micros(within.until))
    found = (await _read(catalogue, query, None))[-most:]
    standing = re.compile(_MARK.sub(".", words), re.IGNORECASE)
    loaded = await passages_of(catalogue, [report.version_id for report in found])
    return [
        passage
        for report in reversed(found)
        for passage in loaded.get(report.version_id, [])
        if standing.search(passage.text)
    ]


async def passages_of(
    catalogue: Catalogue, version_ids: Sequence[int], most: int | None = None
) -> dict[int, list[Passage]]:
    """Return by version its passages in text order, at most the first ``most`` of each. Only those
    of shown versions are included."""
    query = (
        select(passages.c.version_id, passages.c.id)
        .where(passages.c.version_id.in_(version_ids))
        .order_by(passages.c.id)
    )
    ids = await catalogue.database.read(
        lambda connection: [(row[0], row[1]) for row in connection.execute(query)]
    )
    chosen: dict[int, list[int]] = {}
    for version_id, passage_id in ids:
        held = chosen.setdefault(version_id, [])
        if most is None or len(held) < most:
            held.append(passage_id)
    loaded = await catalogue.articles.load_passages([i for held in chosen.values() for i in held])
    return {
        version_id: [loaded[i] for i in held if i in loaded] for version_id, held in chosen.items()
    }


def _reports() -> Select[Any]:
    return (
        select(
            versions.c.id,
            versions.c.visible_from,
            story_members.c.story_id,
            story_members.c.copy_id,
            versions.c.source_key,
            versions.c.host,
            *REFERENCE,
        )
        .outerjoin(story_members, story_members.c.version_id == versions.c.id)
        .order_by(versions.c.visible_from, versions.c.id)
    )


async def _read(
    catalogue: Catalogue, query: Select[Any], source: SourceFilter | None
) -> list[Report]:
    rows = await catalogue.database.read(lambda connection: connection.execute(query).all())
    return [
        Report(row[0], Reference(*row[6:]), row[1], row[2] or row[0], row[3] or row[0])
        for row in rows
        if source is None or source.admits(row[4], row[5])
    ]
