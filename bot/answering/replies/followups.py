"""Reply to what people say after an answer: "source?", "are you sure?", "tell me more",
"shorter"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.answering.conflicts import numbers_in
from bot.answering.conversation import Turn
from bot.answering.models import Answer, AnswerSentence, Citation, text_with_citations
from bot.answering.replies.coverage import CoveringArticle, coverage_of, loaded
from bot.answering.replies.flatten import quoted, quoted_answer
from bot.answering.replies.told_differences import attributed
from bot.answering.summaries.lexrank import extract, quotable_sentences
from bot.answering.summaries.models import CitedSentence
from retrieval.catalogue.coverage import passages_of, reports_of_articles
from retrieval.errors import Note
from retrieval.library import Library
from retrieval.models import SearchResult
from retrieval.runtime.executors import ASKING
from retrieval.search.query import content_words
from retrieval.text.stemming import stems
from retrieval.timestamps import TimeRange

_MORE = 3
_CONFIRMING = 3
_INNER = str.maketrans("“”", "‘’")  # quotation marks within others
_NAME = re.compile(r"\b[A-Z][\w’'-]+")
# Least share of the question's words in the passage of another report.
_SHARED = 0.6


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last turn, where its answer was searched, the sentences of all turns, and the last digest
    among them."""

    turn: Turn
    within: TimeRange
    corpus: str
    told: tuple[str, ...] = ()
    digest: Turn | None = None


def sources_again(question: str, turn: Turn, language: str) -> Answer:
    """Return the sources of the last answer, each with its publisher, date and passage."""
    sentences = tuple(
        AnswerSentence(
            attributed(citation.article, f"“{citation.quote.translate(_INNER)}”", language), (n,)
        )
        for n, citation in enumerate(turn.citations, 1)
    )
    citations = tuple(
        Citation(n, citation.article, citation.quote, citation.also)
        for n, citation in enumerate(turn.citations, 1)
    )
    return Answer(question, text_with_citations(sentences), False, sentences, citations)


def shorter(question: str, turn: Turn) -> Answer:
    """Return the first sentence of the last answer, which must have one."""
    first = turn.sentences[0]
    kept = [citation for citation in turn.citations if citation.n in first.citations]
    numbers = {citation.n: n for n, citation in enumerate(kept, 1)}
    sentence = AnswerSentence(first.text, tuple(numbers[n] for n in first.citations))
    citations = tuple(Citation(numbers[c.n], c.article, c.quote, c.also) for c in kept)
    return Answer(question, text_with_citations((sentence,)), False, (sentence,), citations)


async def checked_again(library: Library, question: str, earlier: Earlier) -> Answer:
    """Return the first sentence of the last answer with reports that say the same, and how many
    do."""
    turn = earlier.turn
    found = await library.search(
        turn.question, earlier.within, corpus=earlier.corpus, source=turn.source, limit=30
    )
    first = turn.citations[0]
    said = await ASKING.run(_confirming, first, turn.question, found.hits)
    answer = shorter(question, turn)
    sentences, citations = list(answer.sentences), list(answer.citations)
    for one in said[: _CONFIRMING - 1]:
        n = len(citations) + 1
        citations.append(Citation(n, one.passages[0].article, one.quotes[0]))
        sentences.append(AnswerSentence(one.text, (n,)))
    publishers = {c.article.source for c in citations} | {
        one.passages[0].article.source for one in said
    }
    note = Note("note-checked-again", articles=len(said) + 1, count=len(publishers - {None}))
    made = tuple(sentences)
    return Answer(question, text_with_citations(made), False, made, tuple(citations), notes=(note,))


async def more_of(library: Library, question: str, subject: str, earlier: Earlier) -> Answer | None:
    """Return what else the last answer's articles, or newer ones on its subject, say; after a digest
    what those of its first story say that aren't told yet. None if there is nothing."""
    turn, digest = earlier.turn, earlier.digest
    if subject or digest is None:
        return await _more_on(library, question, subject, earlier)
    more = None if turn.open else await _more_on(library, question, subject, earlier)
    # A reply to "tell me more" follows from the title of what it is about.
    titles = {each.article.title for each in digest.citations}
    if more is None and (turn.open or turn.question in titles):
        return await _more_of_stories(library, question, digest, earlier)
    return more


async def _more_of_stories(
    library: Library, question: str, digest: Turn, earlier: Earlier
) -> Answer | None:
    """Return more of the first article of a digest that isn't told yet, as what follows from its
    title."""
    corpus = await library.catalogue.corpora.by_name(earlier.corpus)
    if corpus is None:
        return None
    cited = list(dict.fromkeys(each.article.article_id for each in digest.citations))
    catalogue, as_of = library.catalogue, earlier.within.as_of
    found = await reports_of_articles(catalogue, corpus, cited, as_of)
    held = await passages_of(catalogue, [each.version_id for each in found.values()])
    for report in (found[each] for each in cited if each in found):
        passages = held.get(report.version_id, [])
        lines = await ASKING.run(partial(extract, [passages], _MORE, told=earlier.told))
        if lines:
            answer = quoted_answer(question, list(map(CitedSentence.quoted, lines)))
            return replace(answer, asked=report.article.title)
    return None


async def _more_on(
    library: Library, question: str, subject: str, earlier: Earlier
) -> Answer | None:
    turn = earlier.turn
    about = "" if turn.open else " ".join(content_words(turn.question))
    covering = await coverage_of(
        library, about or subject, earlier.within, earlier.corpus, turn.source
    )
    cited = {citation.article.article_id for citation in turn.citations}
    articles = [one for one in covering.articles if one.article.article_id in cited]
    articles += [one for one in covering.newest_first if one not in articles][:_MORE]
    names = covering.names
    if subject:
        both = f"{subject} {about}".strip()
        closer = await coverage_of(library, both, earlier.within, earlier.corpus, turn.source)
        wanted = set(stems(subject))
        articles = _united(closer.articles[:_MORE], articles)

        def names(text: str) -> bool:
            return bool(wanted & set(stems(text)))

    if not articles:
        return None
    reads = await loaded(library, articles)
    told = earlier.told

    def new() -> list[CitedSentence]:
        passages = [read.passages for read in reversed(reads)]
        found = extract(passages, _MORE, told=told, wanted=names)
        if not found and not subject:
            found = extract(passages, _MORE, told=told)
        return [CitedSentence.quoted(one) for one in found]

    lines = await ASKING.run(new)
    return quoted_answer(question, lines) if lines else None


def _united(
    first: Sequence[CoveringArticle], others: Sequence[CoveringArticle]
) -> list[CoveringArticle]:
    return list({one.article.article_id: one for one in [*first, *others]}.values())


def _confirming(said: Citation, question: str, hits: Sequence[SearchResult]) -> list[CitedSentence]:
    """Return one sentence of each other article with the same figures, or names, about the same
    thing."""
    figures = numbers_in(said.quote)
    names = set(_NAME.findall(said.quote)) - set(_NAME.findall(question))
    asked = set(stems(" ".join(content_words(question)))) & set(stems(said.quote))
    found: dict[str, CitedSentence] = {}
    for hit in hits:
        article = hit.passage.article
        if article.article_id == said.article.article_id or article.article_id in found:
            continue
        about = asked & set(stems(f"{article.title} {hit.passage.text}"))
        if len(about) < _SHARED * len(asked):
            continue
        for text in _sentences(hit):
            same = figures & numbers_in(text) if figures else names & set(_NAME.findall(text))
            if same:
                found[article.article_id] = quoted(text, hit.passage)
                break
    return list(found.values())


def _sentences(hit: SearchResult) -> Iterator[str]:
    yield from quotable_sentences(hit.passage)
