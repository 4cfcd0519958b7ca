"""What goes on from an answer and what stands alone, in conversations in seven languages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.answering.router.leaning import FEATURES, learned_leaning
from tests.benchmarks.conversations import ReadTurn, halves, read
from tests.benchmarks.turns import SaidTurn

# Shares of the conversations of which nothing was learned. Lower them only for a reason that
# docs/messages.md tells.
FOLLOW_UPS, FRESH = 0.85, 0.9


def _share(turns: Sequence[ReadTurn], *, follows: bool) -> float:
    mine = [turn for turn in turns if turn.said.follows == follows]
    return sum(turn.right for turn in mine) / len(mine)


@pytest.mark.parametrize("turns", halves(), ids=["development", "blind"])
async def test_most_messages_are_read_as_what_they_are(turns: Sequence[SaidTurn]) -> None:
    told = await read(turns)
    assert len(told) > 100
    assert _share(told, follows=True) >= FOLLOW_UPS, _wrong(told)
    assert _share(told, follows=False) >= FRESH, _wrong(told)


def test_thresholds_are_in_order() -> None:
    model = learned_leaning()
    assert tuple(model.weights) == FEATURES
    assert 0 < model.maybe <= model.sure <= model.surely < 1


def _wrong(told: Sequence[ReadTurn]) -> list[str]:
    return [turn.said.text for turn in told if not turn.right]
