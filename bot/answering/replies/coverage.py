"""Find the articles that are about a subject, not those that merely name it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.answering.conversation import Turn
from retrieval.catalogue import PASSAGES_PER_VERSION
from retrieval.catalogue.coverage import Report, passages_of
from retrieval.library import Library
from retrieval.models import Passage, Reference, SearchResult, SearchResults
from retrieval.runtime.executors import ASKING
from retrieval.text.stemming import stems
from retrieval.timestamps import DAY_MICROS, TimeRange, parse_span, to_micros

if TYPE_CHECKING:
    from bot.answering.summaries.extractive import LoadedReport

_RESULTS = 40
_CLOSE = 0.1  # least share of the best result's score
_SENTENCE = 0.3  # least share of the subject's weight in one sentence
_MOST_PASSAGES = 12
_EARLIER = 4
# Reports further apart, in days, are about two events: last year's strike and this year's.
_APART = 60
_MAIN = 0.5  # least share of the best article's score


@dataclass(frozen=True, slots=True)
class CoveringArticle:
    """An article about a subject. ``at`` is when it was published, in microseconds since 1970, 0 if
    unknown; ``score`` is that of its best passage, from 0 to 1."""

    article: Reference
    version_id: int
    at: int
    score: float


@dataclass(frozen=True, slots=True)
class SubjectCoverage:
    """The articles about a subject, the closest first; ``names`` tells whether a sentence names it,
    ``heads`` whether a title has most of it."""

    articles: tuple[CoveringArticle, ...]
    names: Callable[[str], bool]
    heads: Callable[[str], bool]
    found: SearchResults

    @property
    def newest_first(self) -> list[CoveringArticle]:
        """The articles by time of publication, newest first."""
        return sorted(self.articles, key=lambda one: -one.at)


async def coverage_of(
    library: Library, subject: str, within: TimeRange, corpus: str, source: str | None = None
) -> SubjectCoverage:
    """Return the articles about ``subject`` in a range; empty if there are none."""
    from bot.answering.summaries.topic import DigestTopic

    found = await library.search(subject, within, corpus=corpus, source=source, limit=_RESULTS)
    topic = DigestTopic(subject, found.weights)

    def names(text: str) -> bool:
        return topic.named_in(text, _SENTENCE)

    def about() -> list[CoveringArticle]:
        best: dict[str, CoveringArticle] = {}
        for hit in found.hits:
            if hit.score < _CLOSE * found.hits[0].score or not topic.is_in(hit.passage):
                continue
            best.setdefault(hit.passage.article.article_id, _covering(hit))
        return list(best.values())

    return SubjectCoverage(tuple(await ASKING.run(about)), names, topic.named_in, found)


def latest_event(articles: Sequence[CoveringArticle]) -> list[CoveringArticle]:
    """Return those articles about a subject that report its last event, the closest first: reports
    without a long pause between them, one of which is mainly about it."""
    newest = sorted((one for one in articles if one.at), key=lambda one: -one.at)
    best = max((one.score for one in articles), default=0.0)
    event: list[CoveringArticle] = []
    for one in newest:
        pause = event[-1].at - one.at if event else 0
        if pause > _APART * DAY_MICROS:
            if any(each.score >= _MAIN * best for each in event):
                break
            event = []
        event.append(one)
    return sorted(event, key=lambda one: -one.score) or list(articles)


async def with_earlier(library: Library, found: SearchResults, turn: Turn) -> SearchResults:
    """Return the results of a follow-up, preceded by the passages of the last answer's articles
    that have most of its words: what continues from an answer is mostly told there."""
    corpus_articles = {citation.article.article_id for citation in turn.citations}
    known = [hit for hit in found.hits if hit.passage.article.article_id in corpus_articles]
    if not found.hits or not corpus_articles:
        return found
    versions = {hit.passage.passage_id // PASSAGES_PER_VERSION for hit in known}
    passages = await passages_of(library.catalogue, sorted(versions), _MOST_PASSAGES)
    wanted = set(found.weights)

    def best() -> list[Passage]:
        whole = [passage for own in passages.values() for passage in own]
        return sorted(whole, key=lambda p: -len(wanted & set(stems(p.text))))[:_EARLIER]

    first = await ASKING.run(best)
    shown = {passage.passage_id for passage in first}
    others = [hit for hit in found.hits if hit.passage.passage_id not in shown]
    also = {hit.passage.article.article_id: hit.also for hit in known}
    ordered = [
        *(
            SearchResult(0, 1.0, passage, also.get(passage.article.article_id, ()))
            for passage in first
        ),
        *others,
    ]
    hits = tuple(replace(hit, rank=n) for n, hit in enumerate(ordered, 1))
    return replace(found, hits=hits)


async def loaded(library: Library, articles: Sequence[CoveringArticle]) -> list[LoadedReport]:
    """Return the articles with their passages, oldest first."""
    from bot.answering.summaries.extractive import LoadedReport

    versions = [one.version_id for one in articles]
    passages = await passages_of(library.catalogue, versions, _MOST_PASSAGES)
    reports = [
        LoadedReport(
            Report(one.version_id, one.article, one.at, 0, one.version_id),
            passages.get(one.version_id, []),
        )
        for one in articles
    ]
    return sorted(reports, key=lambda read: (read.report.at, read.report.version_id))


def _covering(hit: SearchResult) -> CoveringArticle:
    article = hit.passage.article
    at = to_micros(parse_span(article.published_at).start) if article.published_at else 0
    return CoveringArticle(article, hit.passage.passage_id // PASSAGES_PER_VERSION, at, hit.score)
