"""Learn which sentences answer a question in another language than English, and when to decline.

    python -m tests.benchmarks.train_answer_languages [--write] [--folder FOLDER]

The encyclopaedic paragraphs of ``tests.benchmarks.languages``. Each question is read over what is
found for it, and every other one also over what is found without the paragraph that answers. Each
language is left out of the learning in turn; what is printed is of those, and so is the threshold,
which answers `_ANSWERED` of the questions that can be answered. English is never learned from.

The same model answers from English texts that are no reports. By what share of passages with a word
of reports these are told is chosen on eight passages at a time of the news of two years and of the
English paragraphs.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bot.answering.extractive.analysis import analyse
from bot.answering.extractive.answer_evidence import asks_of_the_unheld, passage_evidence
from bot.answering.extractive.scoring import LANGUAGES_PATH, Model, share_of_reports
from bot.answering.extractive.selection import quotable, telling_weights
from bot.answering.extractive.sentence_features import QuestionContext
from bot.answering.extractive.vectors import NO_VECTORS
from bot.answering.extractive.window_evidence import window_evidence
from bot.evaluation.questions import EvaluationQuestion, read_records
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.models import SearchResults
from retrieval.text.chunking import passage_spans
from retrieval.text.stemming import stems
from retrieval.timestamps import TimeRange, parse_span
from tests.benchmarks.language_data import (
    LANGUAGES,
    articles_of,
    has_words,
    questions_of,
    take_in,
)
from tests.benchmarks.quoting_data import Example
from tests.benchmarks.train_quoting import learn, read_example
from tests.benchmarks.weekly_news import SHARED

_READ = 10
_QUESTIONS = 150
# Of the questions that can be answered, so many should be.
_ANSWERED = 0.94
_TOGETHER, _DRAWS = 8, 400
_NEWS_YEARS = ("weekly-news-2022", "weekly-news-2024")
_LEADING = 6_000
# Examples are told apart by years, which no questions are of here.
_YEARS = 3000


def example(
    language: str, question: EvaluationQuestion, results: SearchResults, *, answerable: bool
) -> Example:
    """A question as it is read over ``results``; its year tells its language."""
    analysis = analyse(
        results.question,
        results.hits,
        telling_weights(results),
        language=results.language,
        stemming=results.stemming,
    )
    sentences = quotable(analysis)
    context = QuestionContext(analysis, sentences, results.until)
    features, candidates = context.features(), context.candidates
    answer = set(stems(question.answer, results.stemming)) - analysis.common
    return Example(
        question, _YEARS + LANGUAGES.index(language), "half" if answerable else "distractors", answerable,
        replace(analysis, vectors=NO_VECTORS), sentences, features, candidates,
        passage_evidence(analysis),
        window_evidence(analysis, sentences),
        asks_of_the_unheld(analysis),
        np.array([has_words(question.answer, each.text) for each in sentences], dtype=bool),
        np.array([stem in answer for stem in candidates.stems], dtype=bool),
    )  # fmt: skip


async def examples(folder: Path, language: str) -> list[Example]:
    """The examples of a language; kept in ``folder``."""
    kept = folder / f"{language}.pickle"
    if kept.exists():
        found: list[Example] = pickle.loads(kept.read_bytes())
        return found
    data = folder / language
    known = data.exists()
    records = questions_of(language)
    made: list[Example] = []
    async with open_library(LibraryConfig(data), writer="training") as library:
        if not known:
            await take_in(library, language, language, data)
        for number, record in enumerate(records[:: len(records) // _QUESTIONS]):
            gold = frozenset(record["gold_urls"])
            question = EvaluationQuestion(
                str(record["id"]), record["question"], record["answer"], record["asked_at"], gold
            )
            within = TimeRange(parse_span(record["asked_at"]).end)
            results = await library.search(
                question.question, within, corpus=language, limit=_READ + 2
            )
            rest = tuple(hit for hit in results.hits if hit.passage.article.url not in gold)
            if len(rest) < len(results.hits):
                whole = replace(results, hits=results.hits[:_READ])
                made.append(example(language, question, whole, answerable=True))
            if number % 2:
                less = replace(results, hits=rest[:_READ])
                made.append(example(language, question, less, answerable=False))
    kept.write_bytes(pickle.dumps(made))
    print(f"{language}: {len(made)} examples read", flush=True)
    return made


def train(everything: Sequence[Example]) -> dict[str, Any]:
    """Print how each language does that is left out, and learn from all of them."""
    confidences: list[float] = []
    rows = []
    for number in sorted({each.year for each in everything}):
        model = Model.from_json(learn([e for e in everything if e.year != number]))
        own = [e for e in everything if e.year == number]
        reads = [read_example(model, each) for each in own]
        rows.append((LANGUAGES[number - _YEARS], reads))
        confidences += [
            read.confidence for read in reads if read.example.answerable and not read.example.unheld
        ]
    threshold = round(float(np.quantile(confidences, 1 - _ANSWERED, method="lower")), 3)
    print("| left out | answers what it can | right | right, were all answered | first | declines what it must |")  # fmt: skip
    for language, reads in rows:
        known = [r for r in reads if r.example.answerable]
        given = [r.confidence >= threshold and not r.example.unheld for r in known]
        right = [has_words(r.example.question.answer, r.text) for r in known]
        first = [has_words(r.example.question.answer, r.first) for r in known]
        unknown = [r for r in reads if not r.example.answerable]
        declined = [r.confidence < threshold or r.example.unheld for r in unknown]
        both = [g and r for g, r in zip(given, right, strict=True)]
        figures = [np.mean(each) for each in (given, both, right, first, declined)]
        print(f"| {language} | {' | '.join(f'{each:.3f}' for each in figures)} |")
    return learn(everything) | {"threshold": threshold}


def threshold_of_reports() -> float:
    """Print and return the share of passages with words of reports that tells news best."""
    draw = random.Random(19)
    news = [
        each["text"]
        for year in _NEWS_YEARS
        for each in draw.sample(read_records(SHARED / "data" / year / "articles.jsonl.gz"), 300)
    ]
    shares = []
    for texts in (news, [each["text"] for each in articles_of("en")]):
        passages = [
            text[start:end] for text in texts for start, end in passage_spans(text[:_LEADING])
        ]
        shares.append(
            np.array([share_of_reports(draw.sample(passages, _TOGETHER)) for _ in range(_DRAWS)])
        )
    reports, others = shares
    levels = (np.arange(_TOGETHER) + 0.5) / _TOGETHER
    wrong = [max(float((reports <= at).mean()), float((others > at).mean())) for at in levels]
    best = float(levels[int(np.argmin(wrong))])
    print(f"reports beyond {best:.3f}: {(reports > best).mean():.3f} of news, {(others > best).mean():.3f} of other texts")  # fmt: skip
    return best


async def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        named = sys.argv[sys.argv.index("--folder") + 1] if "--folder" in sys.argv else temporary
        folder = Path(named)
        folder.mkdir(parents=True, exist_ok=True)
        read = [each for name in LANGUAGES[1:] for each in await examples(folder, name)]
    data = train(read) | {"reports": threshold_of_reports()}
    if "--write" in sys.argv:
        LANGUAGES_PATH.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
