"""Whether both sides are told where articles differ, and no difference where none is.

    python -m tests.benchmarks.planted_conflicts [--set weekly-news-2025] [--most 120] [--list]

Of each question whose answer stands in an article, a second publisher's report of the same day is
made, with another answer of the same shape in its place: a name for a name, a figure for a figure.
Told is what has both in the first 120 words and in `conflicts`. The same questions are asked of the
articles as they are; each difference that is remarked there is printed with --list, to be read.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.answering.answer_request import AnswerRequest
from bot.answering.engine import AnswerEngine
from bot.answering.models import Answer
from bot.evaluation.questions import EvaluationQuestion, plain, read_records
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.text.answer_types import expected_answer_type
from retrieval.timestamps import TimeRange
from retrieval.web.urls import canonical_url
from tests.benchmarks import weekly_news

_WORDS = 120


def planted(
    questions: Sequence[EvaluationQuestion], articles: dict[str, dict[str, Any]]
) -> Iterator[tuple[EvaluationQuestion, str, str, dict[str, Any]]]:
    """For each question that it can be made of: its answer, another one, and the altered report."""
    for n, question in enumerate(questions):
        answer = question.answer
        other = next(
            (
                each.answer
                for each in (*questions[n + 1 :], *questions[:n])
                if _shape(each) == _shape(question) and plain(each.answer) != plain(answer)
            ),
            None,
        )
        said = re.compile(rf"\b{re.escape(answer)}\b", re.IGNORECASE)
        gold = [articles[url] for url in question.gold if said.search(articles[url]["text"])]
        if other is None or not gold:
            continue
        first = gold[0]
        text = said.sub(other, first["text"])
        title = said.sub(other, first["title"])
        yield (
            question,
            answer,
            other,
            {**first, "url": f"https://planted.example/{n}", "source": "Planted Post", "text": text,
             "title": title},
        )  # fmt: skip


def _shape(question: EvaluationQuestion) -> tuple[object, ...]:
    """Alike for questions whose answers can stand in each other's place."""
    asked = expected_answer_type(question.question)
    answer = question.answer
    return asked.kinds, any(c.isdigit() for c in answer), answer[:1].isupper()


def is_told(answer: Answer, values: Sequence[str]) -> bool:
    """Whether both values stand at the beginning and in ``conflicts``."""
    beginning = plain(" ".join(answer.text.split()[:_WORDS]))
    listed = plain(" ".join(v.value for c in answer.conflicts for v in c.values))
    return all(plain(value) in beginning and plain(value) in listed for value in values)


async def _asked(folder: Path, questions: Sequence[EvaluationQuestion]) -> list[Answer]:
    async with open_library(LibraryConfig(folder)) as library:
        engine = AnswerEngine(library)
        return [
            await engine.answer(AnswerRequest(each.question, TimeRange(each.as_of), "local"))
            for each in questions
        ]


def _answers(articles: Sequence[dict[str, Any]], questions: Sequence[EvaluationQuestion]) -> Any:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        asyncio.run(weekly_news.ingest_once(folder, articles))
        return asyncio.run(_asked(folder, questions))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--set", default="weekly-news-2025")
    parser.add_argument("--most", type=int, default=120)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    folder = weekly_news.SHARED / "data" / options.set
    if not folder.exists():
        print(f"not measured: {folder} is not there")
        return
    known = {
        canonical_url(record["url"]): record
        for record in read_records(folder / "articles.jsonl.gz")
        if record.get("url")
    }
    questions = weekly_news.counting_questions(folder)[: options.most]
    cases = list(planted(questions, known))
    asked = [question for question, *_ in cases]
    own = list({url: known[url] for question in asked for url in question.gold}.values())
    with_planted = _answers([*own, *(report for *_, report in cases)], asked)
    told = [
        is_told(answer, values) for answer, (_, *values, _) in zip(with_planted, cases, strict=True)
    ]
    shown = [not answer.abstained for answer in with_planted]
    untouched = _answers(own, asked)
    false = [answer for answer in untouched if answer.conflicts]
    print(
        f"{len(cases)} planted: told {sum(told) / len(cases):.2f}, answered {sum(shown) / len(cases):.2f}"
    )
    print(f"as they are: {len(false)} of {len(asked)} remark a difference")
    for answer in false if options.list else ():
        print(f"- {answer.question}\n  {answer.text[:400]}")
    if options.list:
        for case, answer, is_right in zip(cases, with_planted, told, strict=True):
            if not is_right:
                print(
                    f"not told: {case[0].question} | {case[1]} | {case[2]}\n  {answer.text[:300]}"
                )


if __name__ == "__main__":
    main()
