"""Answers written by a model: how soon a sentence is shown, and whether a weak model's inventions are.

`python -m tests.benchmarks.composed [--questions 60] [--folder DIR]`. The second part, which
`--questions 0` leaves out, asks SmolLM2 of a llama.cpp server
questions of the dev set, and holds what is shown against the cited passages by rules of its own, not
by the gate's: every citation exists, every number, name and quotation of a sentence stands in a
passage that it cites, and nothing is a link.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import statistics
import tempfile
import time
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from bot.answering.engine import AnswerRequest
from bot.answering.factory import open_engine
from bot.answering.models import Answer, AnswerCompleted, SentenceAccepted
from bot.config.limits import AnsweringConfig, GenerationLimits, ModelOptions
from bot.demo import demo_articles
from bot.evaluation.questions import plain
from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import LibraryConfig
from retrieval.timestamps import TimeRange, utc_now
from tests.benchmarks import weekly_news
from tests.llama import llama_server
from tests.scripted_model import Request, Says, ScriptedModel

_NUMBER = re.compile(r"\w*\d(?:[\w.,]*\w)?")
_NAME = re.compile(r"(?<![.!?:“\"‘] )(?<!^)\b[A-Z][a-z]+\b")
_QUOTED = re.compile(r"[“\"]([^“”\"]{12,})[”\"]")
_LINK = re.compile(r"https?:|www\.|\]\(|<[@#]|@everyone|@here", re.IGNORECASE)
_ROUNDS = 30


async def measure_latency() -> None:
    """Milliseconds from a sentence's last token, sent, to the sentence, checked and given out."""
    cost = "The Lantern Bridge cost 412 million crowns."
    ribbon = "Mayor Ines Calder cut the ribbon before a crowd of about 6,000 people."
    sent: list[float] = []

    def words(request: Request) -> str:
        n = request.holding("cost 412 million")
        return f"{cost} [{n}] {ribbon} [{n}] {cost.replace('The', 'In all the')} [{n}]"

    class Timed(ScriptedModel):
        def wrote(self, text: str) -> None:
            while text.count("]") > len(sent):
                sent.append(time.perf_counter())

    delays: list[float] = []
    firsts: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        config = LibraryConfig(Path(folder))
        async with open_library(config, writer="bench") as library:
            indexer = await library.indexer("local")
            async for _ in ingest(
                indexer, demo_articles(utc_now()), actor="bench", data_dir=Path(folder)
            ):
                pass
        for size, pause in ((4, 0.01), (4, 0.1)):
            async with AsyncExitStack() as stack:
                model = await stack.enter_async_context(Timed())
                library = await stack.enter_async_context(open_library(config))
                options = ModelOptions("scripted", model.url)
                engine = await stack.enter_async_context(
                    open_engine(library, AnsweringConfig(options))
                )
                model.play(Says(words, size=size, pause=pause))
                for number in range(_ROUNDS if pause < 0.1 else _ROUNDS // 5):
                    sent.clear()
                    asked = AnswerRequest(f"How much did the Lantern Bridge cost? {number}", TimeRange(utc_now()), "local")  # fmt: skip
                    said = 0
                    async with aclosing(engine.stream(asked)) as events:
                        async for event in events:
                            if isinstance(event, SentenceAccepted):
                                late = (time.perf_counter() - sent[said]) * 1000
                                delays.append(late)
                                if not said:
                                    firsts.append(late)
                                said += 1
    print(f"the first sentence is shown after its last token: median {statistics.median(firsts):.0f} ms, longest {max(firsts):.0f} ms ({len(firsts)} answers)")  # fmt: skip
    print(f"a sentence is shown after its last token: median {statistics.median(delays):.0f} ms, 99th percentile {statistics.quantiles(delays, n=100)[98]:.0f} ms, longest {max(delays):.0f} ms ({len(delays)} sentences)")  # fmt: skip


async def measure_weak_model(count: int, folder: Path) -> None:
    config = LibraryConfig(folder)
    if not (folder / "catalogue.sqlite3").exists():
        async with open_library(config, writer="bench") as library:
            indexer = await library.indexer("local")
            sources = read_source(weekly_news.ARTICLES, 5_000_000)
            async for _ in ingest(indexer, sources, actor="bench", data_dir=folder):
                pass
    questions = weekly_news.counting_questions()
    questions = questions[:: max(1, len(questions) // count)][:count]
    answers: list[Answer] = []
    with llama_server() as url:
        options = ModelOptions(
            "SmolLM2-135M-Instruct", url, first_seconds=120, next_seconds=60, tries=1
        )
        answering = AnsweringConfig(options, GenerationLimits(700, 100, 300))
        async with (
            open_library(config) as library,
            open_engine(library, answering) as engine,
        ):
            for question in questions:
                asked = AnswerRequest(question.question, TimeRange(question.as_of), "local")
                async with aclosing(engine.stream(asked)) as events:
                    async for event in events:
                        if isinstance(event, AnswerCompleted):
                            answers.append(event.answer)
    written = [answer for answer in answers if answer.model != "quotations"]
    shown = sum(len(answer.sentences) for answer in written)
    dropped = sum(len(answer.dropped) for answer in answers)
    print(f"{len(answers)} questions to SmolLM2: {len(written)} answers of its own with {shown} sentences, {dropped} sentences left out, {sum(a.abstained for a in answers)} abstained, {sum(a.problem is not None for a in answers)} problems")  # fmt: skip
    faults = [fault for answer in answers for fault in faults_of(answer)]
    print(f"faults in what is shown: {len(faults)}")
    for fault in faults:
        print(f"  {fault}")


def faults_of(answer: Answer) -> list[str]:
    """What is shown although it must not be, by rules that know nothing of the gate."""
    found = []
    cited = {c.n: f"{c.article.title}\n{c.quote}\n{c.article.source}" for c in answer.citations}
    if _LINK.search(answer.text):
        found.append(f"a link or mention: {answer.text}")
    for sentence in answer.sentences:
        if not sentence.citations or any(n not in cited for n in sentence.citations):
            found.append(f"a citation that does not exist: {sentence.text}")
            continue
        text = "\n".join(cited[n] for n in sentence.citations)
        for kind, pattern in (("number", _NUMBER), ("name", _NAME), ("quotation", _QUOTED)):
            for match in pattern.finditer(sentence.text):
                words = match[match.lastindex or 0]
                if plain(words) not in plain(text):
                    found.append(f"a {kind} not in its passage ({words}): {sentence.text}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--folder", type=Path, help="a data folder to ingest into and to keep")
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    asyncio.run(measure_latency())
    if not arguments.questions:
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure_weak_model(arguments.questions, arguments.folder or Path(folder)))


if __name__ == "__main__":
    main()
