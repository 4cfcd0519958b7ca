"""Order the lines of a PDF page as people read them, column after column.

A page draws its text in any order. Pieces of text are put together to lines by their places; a
white gutter that runs down through many lines separates columns, and text across it belongs between
what is above and below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

COLUMN_END = "\f"
# The least width of a gutter, in line heights, and the least number of lines on each side.
_GUTTER = 0.9
_LINES_BESIDE = 4
# Lines closer than this, in line heights, belong to one paragraph.
_PARAGRAPH = 1.75
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class TextBox:
    """Text and the box that it fills, in points from the lower left corner of the page."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        """The height of the box, at least 1."""
        return max(1.0, self.top - self.bottom)

    @property
    def middle(self) -> float:
        """The vertical centre of the box."""
        return (self.top + self.bottom) / 2


def lines_of(boxes: Sequence[TextBox]) -> list[str]:
    """Return the lines of a page, with an empty one where a paragraph ends and ``COLUMN_END`` where
    a column does."""
    whole = [box for box in boxes if box.text.strip()]
    if not whole:
        return []
    heights = sorted(box.height for box in whole)
    return list(_blocks(whole, heights[len(heights) // 2], 0))


def _blocks(boxes: list[TextBox], height: float, depth: int) -> Iterator[str]:
    """Yield lines column by column; of the two sides of a gutter the left one first, or the right
    one in scripts that run right to left."""
    if depth < _DEEPEST and (gutter := _gutter(boxes, height)) is not None:
        beside = [p for p in boxes if p.right <= gutter or p.left >= gutter]
        across = [p for p in boxes if p not in beside]
        top, bottom = max(p.top for p in beside), min(p.bottom for p in beside)
        above = [p for p in across if p.middle > top]
        below = [p for p in across if p.middle < bottom]
        between = sorted(
            (p for p in across if p not in above and p not in below), key=lambda p: -p.middle
        )
        if above:
            yield from _blocks(above, height, depth + 1)
        limits = [top, *(p.middle for p in between), bottom - 1]
        for place, (high, low) in enumerate(pairwise(limits)):
            if place:
                yield from _blocks([between[place - 1]], height, depth + 1)
            band = [p for p in beside if low < p.middle <= high]
            left = [p for p in band if p.right <= gutter]
            right = [p for p in band if p.left >= gutter]
            sides = (right, left) if _is_right_to_left(band) else (left, right)
            for side in sides:
                if side:
                    yield from _blocks(side, height, depth + 1)
        if below:
            yield from _blocks(below, height, depth + 1)
        return
    yield from _paragraphs(boxes, height)


def _gutter(boxes: list[TextBox], height: float) -> float | None:
    """Return the middle of a white stripe with many lines on both sides, of several the one that
    the fewest boxes cross, then the widest; None if there is none."""
    lefts = sorted({round(p.left, 1) for p in boxes})
    best: tuple[int, float, float] | None = None
    for left in lefts[1:]:
        before = [p for p in boxes if p.right <= left]
        if not before:
            continue
        right_edge = max(p.right for p in before)
        beside_right = [p for p in boxes if p.left >= left - 0.05]
        across = len(boxes) - len(before) - len(beside_right)
        width = left - right_edge
        rows = [len({round(p.middle / height) for p in side}) for side in (before, beside_right)]
        if width < _GUTTER * height or min(rows) < _LINES_BESIDE or across > 0.25 * len(boxes):
            continue
        overlap = min(max(p.top for p in before), max(p.top for p in beside_right)) - max(
            min(p.bottom for p in before), min(p.bottom for p in beside_right)
        )
        if overlap < _LINES_BESIDE * height:
            continue
        best = max(best or (-across, 0.0, 0.0), (-across, width, left - width / 2))
    return best[2] if best else None


def _paragraphs(boxes: list[TextBox], height: float) -> Iterator[str]:
    rows: list[list[TextBox]] = []
    for box in sorted(boxes, key=lambda p: (-p.middle, p.left)):
        if rows and abs(rows[-1][0].middle - box.middle) < 0.5 * max(height, box.height):
            rows[-1].append(box)
        else:
            rows.append([box])
    before: list[TextBox] | None = None
    for row in rows:
        if before is not None and before[0].middle - row[0].middle > _PARAGRAPH * max(
            before[0].height, row[0].height
        ):
            yield ""
        yield _line(row, height)
        before = row
    yield COLUMN_END


def _line(row: list[TextBox], height: float) -> str:
    right_to_left = _is_right_to_left(row)
    text = ""
    last: TextBox | None = None
    for box in sorted(row, key=lambda p: p.left, reverse=right_to_left):
        gap = (
            0.0
            if last is None
            else (last.left - box.right if right_to_left else box.left - last.right)
        )
        text += (" " if last is not None and gap > 0.12 * height else "") + box.text.strip("\r\n")
        last = box
    return " ".join(text.split())


def _is_right_to_left(boxes: Sequence[TextBox]) -> bool:
    letters = "".join(box.text for box in boxes)
    return len(_RIGHT_TO_LEFT.findall(letters)) > 0.5 * max(1, sum(c.isalpha() for c in letters))
