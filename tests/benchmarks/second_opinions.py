"""What is shown where a model is asked once more: `python -m tests.benchmarks.second_opinions`.

A scripted server writes the texts of the labelled claims as answers, each sentence citing all its
passages, and is then asked once more about those that are not certain. It judges by people's labels
and is wrong in one of ten, at random. All goes over the wire and through the code that answers go
through. Sets that support is learned on are measured with a model that was learned without them.
The same answers are written without a second opinion, to see when the first certain sentence is
shown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import re
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bot.answering.budget import TokenBudget
from bot.answering.composer import Composer
from bot.answering.generation import PromptTask
from bot.answering.prompt_passages import PromptPassage
from bot.answering.providers import make_model
from bot.answering.sentence_check import VerifiedSentence, plain_sentence
from bot.answering.verification import Verifier, create_verifier
from bot.answering.verification.rules import RulesVerifier
from bot.config.limits import Budget, GenerationLimits, ModelOptions
from bot.evaluation.questions import read_records
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.models import Passage, Reference
from retrieval.text.sentences import sentences
from retrieval.timestamps import utc_now
from tests.benchmarks import train_verification
from tests.scripted_model import Request, Says, ScriptedModel

_TESTED = ("qags-cnndm-dev", "qags-xsum-dev", "by-hand")
_TASK = PromptTask("summary_rules", "summary_article")
_MOST = 12  # sentences of an answer
_WRONG = 0.1
_NUMBERED = re.compile(r"^(\d+)\. (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """An answer to be written: its sentences with their labels, and what they are made of."""

    claims: tuple[tuple[str, bool], ...]
    passages: tuple[str, ...]


@dataclass(slots=True)
class Counts:
    """Sentences by label and by what became of them; calls for each answer; delays in ms."""

    became: dict[tuple[bool, str], int] = field(default_factory=lambda: defaultdict(int))
    calls: list[int] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    unread: int = 0

    def share(self, label: bool, *outcomes: str) -> float:
        """Return the share of the sentences of a label that became one of these."""
        total = sum(n for (other, _), n in self.became.items() if other == label)
        return sum(self.became[label, outcome] for outcome in outcomes) / max(1, total)


def texts_of(path: Path) -> Iterator[Text]:
    """Yield the texts of a set in order, long ones in parts."""
    grouped: dict[tuple[str, tuple[str, ...]], list[tuple[str, bool]]] = defaultdict(list)
    for record in read_records(path):
        claim = plain_sentence(re.sub(r"\[\d[\d, ]*\]", "", record["claim"]))
        if claim is not None and re.search(r"\w", claim):
            passages = tuple(record["passages"])
            grouped[str(record.get("text_id")), passages].append((claim, record["label"]))
    for (_, passages), claims in grouped.items():
        for first in range(0, len(claims), _MOST):
            yield Text(tuple(claims[first : first + _MOST]), passages)


class Author:
    """Plays the model: writes a text, then judges its sentences by their labels."""

    def __init__(self, text: Text, generator: random.Random) -> None:
        self._text = text
        self._generator = generator

    def words(self, request: Request) -> str:
        """Return what the server says to a request."""
        if "response_format" not in request.body:
            marks = "".join(f"[{n}]" for n in range(1, len(self._text.passages) + 1))
            return "\n\n".join(f"{claim} {marks}" for claim, _ in self._text.claims)
        labels = dict(self._text.claims)
        asked = request.prompt.rpartition("Numbered sentences:")[2]
        verdicts = []
        for number, sentence in _NUMBERED.findall(asked):
            if sentence in labels:
                wrong = self._generator.random() < _WRONG
                verdicts.append(
                    {"sentence": int(number), "supported": labels[sentence] is not wrong}
                )
        return json.dumps({"verdicts": verdicts})


async def write(
    text: Text, composer: Composer, server: ScriptedModel, author: Author
) -> tuple[dict[str, str], dict[str, float], int, int]:
    """Have one text written; return what became of each claim, when the certain ones were shown
    (seconds), how many calls it took, and how many sentences were not those of the text."""
    reference = Reference(article_id="a", url="", title=_title(text), source="", published_at=None)
    passages = [
        PromptPassage(n, Passage(n, reference, 0, len(one), one), one)
        for n, one in enumerate(text.passages, 1)
    ]
    server.play(Says(author.words, size=40))
    server.requests.clear()
    begun = time.perf_counter()
    shown: dict[str, float] = {}

    def passed(sentence: VerifiedSentence, _: Sequence[PromptPassage]) -> None:
        if len(server.requests) == 1:  # while it is written, before it is asked about
            shown[sentence.text] = time.perf_counter() - begun

    result = await composer.write(
        _TASK,
        _title(text),
        passages,
        corpus="local",
        as_of=utc_now(),
        language="English",
        passed=passed,
    )
    became = {sentence.text: "as written" for sentence in result.passed}
    for dropped in result.dropped:
        became[dropped.text] = "quoted" if dropped.replaced else "left out"
    known = {claim for claim, _ in text.claims}
    told = sum(text not in known for text in (one.text for one in result.dropped))
    return became, shown, len(server.requests), told


def _title(text: Text) -> str:
    return (sentences(text.passages[0]) or [text.passages[0]])[0][:200]


async def measure(texts: Sequence[Text], verifier: Verifier, seed: int) -> Counts:
    """Have all texts written with a second opinion, and without one for the times."""
    counts = Counts()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        library = await stack.enter_async_context(
            open_library(LibraryConfig(Path(folder)), writer="bench")
        )
        server = await stack.enter_async_context(ScriptedModel())
        model = make_model(ModelOptions("scripted", server.url))
        if model is None:
            raise RuntimeError("no model for the scripted server")
        stack.push_async_callback(model.close)
        zone = utc_now().tzinfo
        if zone is None:
            raise RuntimeError("the clock has no zone")
        ledger = TokenBudget(library.database, {}, Budget(), library.clock, zone)
        asking, alone = (
            Composer(
                model,
                ledger,
                GenerationLimits(answer_tokens=4_000, second_opinion=asks),
                zone,
                verifier,
            )
            for asks in (True, False)
        )
        for number, text in enumerate(texts):
            author = Author(text, random.Random(f"{seed} {number}"))
            timed = number % 4 == 0
            if timed:  # so that neither of the two reads the passages first
                await write(text, alone, server, author)
            became, shown, calls, unread = await write(text, asking, server, author)
            counts.calls.append(calls)
            counts.unread += unread
            for claim, label in text.claims:
                counts.became[label, became.get(claim, "left out")] += 1
            first = min(shown, key=lambda claim: shown[claim], default="")
            if timed and first and calls > 1:
                _, before, _, _ = await write(text, alone, server, author)
                if first in before:
                    counts.later.append((shown[first] - before[first]) * 1000)
    return counts


def _line(name: str, counts: Counts) -> str:
    parts = [
        f"faithful as written {counts.share(True, 'as written'):.3f}",
        f"or quoted {counts.share(True, 'as written', 'quoted'):.3f}",
        f"unfaithful as written {counts.share(False, 'as written'):.3f}",
        f"calls an answer at most {max(counts.calls, default=0)}",
    ]
    return f"{name:18} {', '.join(parts)}; {counts.unread} sentences read otherwise"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the texts of each set")
    parser.add_argument(
        "--tested", action="store_true", help="only sets that nothing is learned on, which is quick"
    )
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    measured: dict[str, Counts] = {}
    verifiers: dict[str, Verifier] = dict.fromkeys(_TESTED, create_verifier())
    if not arguments.tested:
        left_out = train_verification.left_out_models()
        verifiers |= {name: RulesVerifier(model) for name, model in left_out.items()}
    for name, verifier in verifiers.items():
        texts = list(texts_of(train_verification.claims_file(name)))
        chosen = random.Random(name).sample(texts, max(1, int(arguments.share * len(texts))))
        measured[name] = asyncio.run(measure(chosen, verifier, 5))
        print(_line(name, measured[name]), flush=True)
    means = [
        statistics.mean(shares)
        for shares in (
            [one.share(True, "as written") for one in measured.values()],
            [one.share(True, "as written", "quoted") for one in measured.values()],
            [one.share(False, "as written") for one in measured.values()],
        )
    ]
    names = ("faithful as written", "or quoted", "unfaithful as written")
    told = ", ".join(f"{name} {mean:.3f}" for name, mean in zip(names, means, strict=True))
    print(f"mean of sets: {told}")
    later = [delay for one in measured.values() for delay in one.later]
    if later:
        print(
            f"the first certain sentence came {statistics.median(later):+.1f} ms later than "
            f"without a second opinion in the median of {len(later)} answers that were asked about"
        )


if __name__ == "__main__":
    main()
