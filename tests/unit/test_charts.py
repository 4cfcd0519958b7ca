"""Charts: nothing that is written on one collides, whatever there is to draw."""

from __future__ import annotations

import io
import random
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
from matplotlib.font_manager import fontManager
from matplotlib.image import imread
from matplotlib.text import Text

from bot.answering.models import AnswerSentence
from bot.answering.summaries.timeline import Timeline, TimelineEvent
from bot.charts.coverage import alt_text, coverage_chart, coverage_figure

OUTLETS = ("BBC News", "The Washington Post", "Associated Press of the United States", "$1 News$", "_Le Monde", "CNN", "NPR", "Reuters")  # fmt: skip


def timeline(events: int, days: int, topic: str = "Lantern Bridge") -> Timeline:
    dice = random.Random(events * 1_000 + days)
    first = date(2023, 8, 28)
    on = sorted(first + timedelta(days=dice.randrange(days)) for _ in range(events))
    coverage: dict[date, dict[str, int]] = {}
    for day in on:
        coverage.setdefault(day, {})[dice.choice(OUTLETS)] = dice.randrange(1, 9)
    told = tuple(
        TimelineEvent(day, "title", AnswerSentence("text", (1,)), (), (), n)
        for n, day in enumerate(on)
    )
    return Timeline(topic, told, coverage, events)


@pytest.mark.parametrize(
    ("events", "days"),
    [(1, 1), (2, 2), (10, 9), (10, 140), (45, 45), (200, 40), (200, 140), (200, 900), (200, 3_000)],
)
def test_no_two_labels_overlap_and_none_leaves_the_picture(events: int, days: int) -> None:
    figure = coverage_figure(
        timeline(events, days, "A topic with a name that is far too long " * 3)
    )
    canvas: Any = figure.canvas
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = {
        text: text.get_window_extent(renderer)
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
    }
    assert len(boxes) > 5
    colliding = [(a.get_text(), b.get_text()) for a, b in combinations(boxes, 2) if boxes[a].overlaps(boxes[b])]  # fmt: skip
    assert colliding == []
    size = figure.bbox
    outside = [t.get_text() for t, b in boxes.items() if b.x0 < 0 or b.y0 < 0 or b.x1 > size.x1 or b.y1 > size.y1]  # fmt: skip
    assert outside == []


def test_every_event_of_a_short_list_has_its_number() -> None:
    figure = coverage_figure(timeline(10, 140))
    written = {text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)}
    numbers = [label.split("–") for label in written if label.replace("–", "").isdecimal()]
    named = {n for ends in numbers for n in range(int(ends[0]), int(ends[-1]) + 1)}
    assert set(range(1, 11)) <= named


def test_the_picture_is_opaque_and_twice_as_wide_as_a_chat_shows_it() -> None:
    pixels = imread(io.BytesIO(coverage_chart(timeline(10, 30)).png), format="png")
    assert pixels.shape[1] == 1_100
    assert pixels.shape[2] == 3 or (pixels[..., 3] == 1).all()
    ground, brightest = pixels[3, 3, :3].mean(), pixels[..., :3].max()
    assert brightest - ground > 0.7


def test_the_words_for_who_cannot_see_it_tell_what_it_shows() -> None:
    words = alt_text(timeline(1, 1))
    assert "on “Lantern Bridge” from 28 August 2023" in words
    assert "Events marked: 1" in words


def in_japanese() -> Timeline:
    """Outlets and a topic that the font which comes with matplotlib can't write."""
    day = date(2023, 11, 3)
    coverage = {day: {"朝日新聞": 3, "BBC News": 2, "新华社": 1}}
    event = TimelineEvent(day, "title", AnswerSentence("text", (1,)), (), (), 1)
    return Timeline("能登半島地震", (event,), coverage, 1)


def words_on(figure: Any) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text)}


@pytest.mark.filterwarnings("error")
def test_what_no_font_can_write_is_a_letter_that_the_words_explain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.charts.fonts._OTHERS", ())
    words = words_on(coverage_figure(in_japanese()))
    assert {"Coverage of the topic", "outlet A", "outlet B", "BBC News"} <= words
    assert all(word.isascii() for word in words)
    chart = coverage_chart(in_japanese())
    assert chart.key == (("outlet A", "朝日新聞"), ("outlet B", "新华社"))
    assert "on “能登半島地震”" in chart.alt
    assert "朝日新聞 is shown as outlet A." in chart.alt


@pytest.mark.filterwarnings("error")
def test_a_font_of_the_machine_writes_what_it_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fontManager, "ttflist", list(fontManager.ttflist))
    monkeypatch.setattr("bot.charts.fonts._OTHERS", ("Newsdesk Test",))
    fontManager.addfont(font_with(tmp_path / "test.ttf", "Newsdesk Test", "朝日新聞"))
    chart = coverage_chart(in_japanese())
    assert "朝日新聞" in words_on(coverage_figure(in_japanese()))
    assert chart.key == (("outlet A", "新华社"),)


def font_with(path: Path, family: str, signs: str) -> Path:
    """A font that has these signs, all of one shape."""
    names = [".notdef", *(f"g{ord(sign)}" for sign in signs)]
    builder = FontBuilder(1_000)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(sign): f"g{ord(sign)}" for sign in signs})
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 700), (900, 700), (900, 0)):
        pen.lineTo(point)
    pen.closePath()
    builder.setupGlyf(dict.fromkeys(names, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1_000, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(path)
    return path
