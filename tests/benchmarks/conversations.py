"""Whether a follow-up is read as one and a fresh message as fresh, in conversations of two to four turns.

    python -m tests.benchmarks.conversations [--list]

`conversations.txt` holds them (turns.py reads it): a message follows, or is of a kind that stands alone. Every second
conversation is the blind half, which nothing was chosen on; --list prints what is misread in the
other one only.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.answering.router.classifier import LEANING, SMALL_TALK
from bot.answering.router.router import read_message
from tests.benchmarks.train_router import languages, lines
from tests.benchmarks.turns import FOLLOWS, SaidTurn, conversations

CONVERSATIONS = Path(__file__).with_suffix(".txt")
NOW = datetime(2025, 10, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReadTurn:
    """``kind`` is one of the router's."""

    said: SaidTurn
    kind: str

    @property
    def right(self) -> bool:
        return self.said.follows == (self.kind in LEANING)

    @property
    def of_its_kind(self) -> bool:
        """Whether it is read as what it is, a question as one that articles answer."""
        kinds = {"talk": SMALL_TALK, FOLLOWS: LEANING, "help": {"help", "status"}}
        kinds["question"] = kinds["topic"] = frozenset(["question", "topic"])
        return self.kind in kinds.get(self.said.kind, {self.said.kind})


def halves(path: Path = CONVERSATIONS) -> tuple[list[SaidTurn], list[SaidTurn]]:
    """The turns that come after an answer, of the development half and of the blind half."""
    known = conversations(path)
    development, blind = (
        [turn for turns in half for turn in turns if turn.before.turns]
        for half in (known[::2], known[1::2])
    )
    return development, blind


async def read(turns: Sequence[SaidTurn]) -> list[ReadTurn]:
    """Each as the router reads it."""
    found = []
    for turn in turns:
        message = await read_message(turn.text, turn.before, NOW)
        found.append(ReadTurn(turn, message.kind))
    return found


def share(turns: Sequence[ReadTurn], *, follows: bool) -> str:
    """How many of the follow-ups, or of the fresh messages, are read as such."""
    mine = [turn for turn in turns if turn.said.follows == follows]
    right = sum(turn.right for turn in mine)
    return f"{right} of {len(mine)} ({right / len(mine):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--list", action="store_true", help="print what is misread")
    options = parser.parse_args()
    learned = {line for language in languages() for _, line in lines(language)}
    for name, turns in zip(("development half", "blind half"), halves(), strict=True):
        told = asyncio.run(read(turns))
        print(
            f"{name}: follow-ups read as such {share(told, follows=True)}, "
            f"fresh messages {share(told, follows=False)}, "
            f"of their kind {sum(turn.of_its_kind for turn in told)} of {len(told)}"
        )
        new = [turn for turn in told if turn.said.text not in learned]
        print(
            f"  without the {len(told) - len(new)} that were learned from word for word: "
            f"{share(new, follows=True)}, {share(new, follows=False)}"
        )
        wrong = Counter(turn.said.language for turn in told if not turn.right)
        print(
            "  misread, by language: "
            + (", ".join(f"{a} {n}" for a, n in sorted(wrong.items())) or "none")
        )
        if options.list and name.startswith("development"):
            for turn in told:
                if not turn.of_its_kind:
                    print(
                        f"  {turn.said.language} {turn.said.kind} read as {turn.kind}: {turn.said.text}"
                    )


if __name__ == "__main__":
    main()
