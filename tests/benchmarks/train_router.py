"""Learn what kind of message people send.

    python -m tests.benchmarks.train_router [--write] [--languages] [--list]

The messages in `router_messages/` were written for this, line by line, in eleven languages; `{x}` and
the like are filled in from `slots.toml`, and each line is seen in some spellings; those in
`router_turns.txt` stand in conversations (train_leaning.py learns from them what follows). A multinomial
logistic regression over `bot/answering/router/message_features.py`. Prints how it does on lines left out (a
line with all its fillings is a family) and on languages left out, which are the figures to believe.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.answering.router.classifier import (
    KINDS,
    LEANING,
    SMALL_TALK,
    Kind,
    RouterThresholds,
    learned_thresholds,
    save,
    save_thresholds,
)
from bot.answering.router.leaning import save_leaning
from bot.answering.router.message_features import Floats, features
from bot.answering.router.openings import save_openings
from bot.answering.router.subjects import FRAMES, squeezed_words
from bot.answering.router.wrapping import UNSPACED
from bot.evaluation.questions import read_records
from retrieval.embedders.wordllama import WordLlamaEmbedder
from tests.benchmarks import weekly_news
from tests.benchmarks.router_thresholds import (
    headline_names,
    kind_thresholds,
    language_threshold,
)
from tests.benchmarks.train_leaning import Heard, is_whole, learn_leaning, said_turns

FOLDER = Path(__file__).parent / "router_messages"
_VARIANTS = 4
_ROUNDS = 14
_BATCH = 256
_RATE = 0.03
_PENALTY = 1e-5
_PARTS = 5
# Of each of these years; 2023 and 2025 stay out for measuring.
_QUIZ = 250
_ALL_QUIZ = 10_000
_QUIZ_YEARS = (2022, 2024)
# Kinds of messages with a subject.
WITH_SUBJECT: tuple[Kind, ...] = (
    "topic",
    "digest",
    "summary",
    "timeline",
    "compare",
    "opinion",
    "status",
    "more",
)
_SLOT = re.compile(r"\{(\w)\}")


@dataclass(frozen=True, slots=True)
class Message:
    """``family`` is the line that it was made of."""

    text: str
    kind: Kind
    language: str
    family: str


def lines(language: str) -> list[tuple[Kind, str]]:
    """The messages of a language as they were written, with their kinds."""
    found: list[tuple[Kind, str]] = []
    kind: Kind = "question"
    for line in (FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# ") and line[2:] in KINDS:
            kind = KINDS[KINDS.index(line[2:])]
        elif line.strip():
            found.append((kind, line.strip()))
    return found


def quiz_questions(most: int) -> list[Message]:
    """Questions about the news as quiz makers ask them, where they lie beside the project; each as
    it is and as it would be typed."""
    found: list[Message] = []
    for year in _QUIZ_YEARS:
        path = weekly_news.FOLDER.parent / f"weekly-news-{year}" / "questions.jsonl"
        if not path.exists():
            continue
        texts = [record["question"] for record in read_records(path)]
        random.Random(2).shuffle(texts)
        for text in texts[:most]:
            for spelt in (text, text.lower().rstrip("?")):
                found.append(Message(spelt, "question", "en", f"quiz:{text}"))
    return found


def in_turns() -> list[Message]:
    """The messages of conversations, each spelt in some ways."""
    dice = random.Random(5)
    made = []
    for turn in said_turns():
        # "did the police find the gun" sounds like a whole question; only its turn tells that it isn't.
        sounds = "question" if is_whole(turn) else "followup"
        name = sounds if turn.follows else turn.kind
        kind = next(known for known in KINDS if known == name)
        texts = dict.fromkeys(_spelt(turn.text, n, dice) for n in range(_VARIANTS))
        made += [Message(text, kind, turn.language, f"{kind}:{turn.text}") for text in texts]
    return made


def opening_questions() -> list[str]:
    """The questions of all languages, filled in, and those of news quizzes, each once."""
    asked = [
        m.text for language in languages() for m in messages(language, 1) if m.kind == "question"
    ]
    return [*asked, *(m.text for m in quiz_questions(_ALL_QUIZ) if f"quiz:{m.text}" == m.family)]


def languages() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def messages(language: str, variants: int, seed: int = 0) -> list[Message]:
    """Every line, filled in and spelt in as many ways as it can be, at most ``variants``."""
    slots = tomllib.loads((FOLDER / "slots.toml").read_text(encoding="utf-8"))[language]
    fillings = {name: values.split("; ") for name, values in slots.items()}
    dice = random.Random(seed)
    made = []
    for kind, line in lines(language):
        often = _often(kind, line)
        texts = dict.fromkeys(
            _spelt(_SLOT.sub(lambda slot: dice.choice(fillings[slot[1]]), line), n, dice)
            for n in range(variants * often)
        )
        made += [Message(text, kind, language, f"{kind}:{line}") for text in texts]
    return made


def _often(kind: Kind, line: str) -> int:
    """How much more often a line is seen for what is put into it: "and {x}" and "{x}" stay what they
    are whatever that is, and are nothing else."""
    if not _SLOT.sub("", line).strip():
        return 6
    return 2 if kind == "followup" and _SLOT.search(line) else 1


def _spelt(text: str, variant: int, dice: random.Random) -> str:
    """As it is, or as others would type it."""
    if variant % 4 == 1:
        text = text[:1].upper() + text[1:]
        return text if text[-1:] in "?!." else text + dice.choice(["?", "?", "", ".", "!", " ?"])
    if variant % 4 == 2 and len(text) > 8 and text.isascii():
        place = dice.randrange(1, len(text) - 2)
        return dice.choice([
            text[:place] + text[place + 1 :],
            text[:place] + text[place] + text[place:],
            text[:place] + text[place + 1] + text[place] + text[place + 2 :],
        ])  # fmt: skip
    if variant % 4 == 3:
        return text.title() if dice.random() < 0.5 else text + dice.choice([" pls", "??", " 🙏", "!!", ""])  # fmt: skip
    return text


def frames() -> dict[str, dict[str, list[str]]]:
    """The words that stand around subjects, by kind; for languages without spaces, what stands
    before and after them; and the words of small talk. A word of English has to do so twice: of it there is enough to be careful."""
    words: dict[str, set[str]] = {}
    affixes: dict[str, set[str]] = {}
    talk: set[str] = set()
    for language in languages():
        counts: dict[str, Counter[str]] = {}
        for kind, line in lines(language):
            if kind in SMALL_TALK:
                talk.update(squeezed_words(_SLOT.sub(" ", line)))
            if kind not in WITH_SUBJECT:
                continue
            if language in UNSPACED:
                parts = _SLOT.split(line)
                if len(parts) == 3:
                    affixes.setdefault(kind, set()).add(f"{parts[0]}…{parts[2]}")
                continue
            found = _SLOT.sub(" ", line).casefold().split()
            counts.setdefault(kind, Counter()).update({word.strip('?!.,:;„“«»"') for word in found})
        for name, count in counts.items():
            least = 2 if language == "en" else 1
            words.setdefault(name, set()).update(w for w, n in count.items() if w and n >= least)
    return {
        "words": {kind: sorted(found) for kind, found in sorted(words.items())},
        "affixes": {kind: sorted(found) for kind, found in sorted(affixes.items())},
        "talk": {"any": sorted(talk)},
    }


def learn(rows: Floats, wanted: Sequence[int], most: int) -> Floats:
    """Softmax regression over ``most`` classes, by Adam in small batches; rare classes weigh more."""
    numbers = np.asarray(wanted)
    counts = np.bincount(numbers, minlength=most).clip(1)
    weight = (len(numbers) / counts[numbers]) ** 0.3
    weight = (weight / weight.mean()).astype(np.float32)
    weights = np.zeros((rows.shape[1], most), dtype=np.float32)
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    dice = np.random.default_rng(3)
    batches = [
        batch
        for _ in range(_ROUNDS)
        for batch in np.array_split(dice.permutation(len(numbers)), max(1, len(numbers) // _BATCH))
    ]
    for step, batch in enumerate(batches, 1):
        logits = rows[batch] @ weights
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        shares[np.arange(len(batch)), numbers[batch]] -= 1
        slope = rows[batch].T @ (shares * weight[batch, None]) / len(batch) + _PENALTY * weights
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope * slope
        rate = _RATE * (1 - step / (len(batches) + 1))
        weights -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-6)
    return weights


async def _vectors(texts: Sequence[str]) -> Floats:
    return np.asarray(await WordLlamaEmbedder().embed([text.casefold() for text in texts]))


def _report(name: str, told: Sequence[tuple[Message, Kind]]) -> None:
    right = sum(message.kind == kind for message, kind in told)
    print(f"{name}: {right / len(told):.3f} of {len(told)} right")


def main() -> None:
    known = {language: messages(language, _VARIANTS) for language in languages()}
    quiz = quiz_questions(_QUIZ)
    everything = [message for some in known.values() for message in some]
    everything += [*quiz, *in_turns()]
    print(f"{len(quiz) // 2} questions of news quizzes" if quiz else "no questions of news quizzes")
    written = sum(len(lines(language)) for language in known)
    print(f"{written} messages in {len(known)} languages, {len(everything)} with their spellings")
    vectors = asyncio.run(_vectors([message.text for message in everything]))
    rows = features([message.text for message in everything], vectors)

    families = sorted({message.family for message in everything})
    random.Random(1).shuffle(families)
    part_of = {family: n % _PARTS for n, family in enumerate(families)}
    part = np.array([part_of[message.family] for message in everything])
    shares = np.zeros((len(everything), len(KINDS)), dtype=np.float32)
    for left_out in range(_PARTS):
        shares[part == left_out] = _held_out(everything, rows, part == left_out)
    told = _told(everything, shares)
    _report("lines left out", told)
    for language in known:
        _report(f"  {language}", [one for one in told if one[0].language == language])
    wrong = Counter((message.kind, found) for message, found in told if message.kind != found)
    print("most taken for another: " + ", ".join(f"{a} as {b} {n}" for (a, b), n in wrong.most_common(14)))  # fmt: skip
    _report_languages(everything, rows, part)
    leaning = learn_leaning(_heard(everything, shares))
    kinds = kind_thresholds(shares, [message.kind for message in everything])
    print("from how likely on: " + ", ".join(f"{kind} {sure:.2f}" for kind, sure in kinds.items()))
    if "--languages" in sys.argv:
        for language in known:
            out = np.array([message.language == language for message in everything])
            asked = [message for message in everything if message.language == language]
            found = _held_out(everything, rows, out)
            _report(f"{language} left out", _told(asked, found))
    if "--list" in sys.argv:
        for message, kind in told:
            if message.kind != kind:
                print(f"  {message.language} {message.kind} as {kind}: {message.text}")
    if "--write" in sys.argv:
        FRAMES.write_text(
            json.dumps(frames(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        names = list(known)
        of_languages = learn(rows, [names.index(each.language) for each in everything], len(names))
        save(
            learn(rows, [KINDS.index(each.kind) for each in everything], len(KINDS)),
            of_languages,
            names,
        )
        save_leaning(leaning)
        save_openings(opening_questions())
        save_thresholds(RouterThresholds(kinds, _sure_of_language(of_languages, names)))


def _heard(everything: Sequence[Message], shares: Floats) -> list[Heard]:
    leans = [KINDS.index(kind) for kind in KINDS if kind in LEANING]
    following = {turn.text for turn in said_turns() if turn.follows}
    return [
        Heard(
            message.text,
            message.language,
            message.family.partition(":")[2],
            float(row[leans].sum()),
            message.kind in LEANING or message.family.partition(":")[2] in following,
        )
        for message, row in zip(everything, shares, strict=True)
    ]


def _sure_of_language(weights: Floats, names: Sequence[str]) -> float:
    texts = headline_names()
    if not texts:
        return learned_thresholds().language
    logits = features(texts, asyncio.run(_vectors(texts))) @ weights
    return language_threshold(_shares(logits), names.index("en"))


def _shares(logits: Floats) -> Floats:
    found: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    found /= found.sum(axis=1, keepdims=True)
    return found


def _report_languages(everything: Sequence[Message], rows: Floats, part: np.ndarray) -> None:
    """Print how often the language of a line that was left out is told right."""
    names = languages()
    wanted = np.array([names.index(message.language) for message in everything])
    found = np.empty_like(wanted)
    for left_out in range(_PARTS):
        out = part == left_out
        found[out] = (rows[out] @ learn(rows[~out], wanted[~out], len(names))).argmax(axis=1)
    for n, name in enumerate(names):
        mine = wanted == n
        print(f"  language {name}: {(found[mine] == n).mean():.3f} of {mine.sum()} right")


def _held_out(everything: Sequence[Message], rows: Floats, out: np.ndarray) -> Floats:
    """How likely each kind is for the messages ``out``, by a model that saw the others only."""
    kept = [KINDS.index(m.kind) for m, away in zip(everything, out, strict=True) if not away]
    return _shares(rows[out] @ learn(rows[~out], kept, len(KINDS)))


def _told(asked: Sequence[Message], shares: Floats) -> list[tuple[Message, Kind]]:
    best = shares.argmax(axis=1)
    return [(message, KINDS[int(n)]) for message, n in zip(asked, best, strict=True)]


if __name__ == "__main__":
    main()
