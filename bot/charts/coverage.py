"""Pictures of how much a topic was covered, drawn here, for a chat on dark or light ground.

Drawing takes some tenths of a second of CPU: call ``coverage_chart`` from a worker thread.
matplotlib is imported with the first picture, and its figures are used directly, not by way of
pyplot, which is not made for threads.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bot.charts.fonts import FontStack

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bot.answering.summaries.timeline import Timeline

# A chat shows pictures at most 550 pixels wide, and some 290 on a phone, where the small type below is
# as many pixels high as it has points; 1,100 are sharp on fine screens.
_INCHES, _DPI = (4.0, 3.4), 275
_GROUND, _INK, _FAINT = "#1e1f22", "#f2f3f5", "#6d6f78"
# Told apart by colour-blind readers too, on a dark ground (after Okabe and Ito, 2008).
_COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#b5bac1")
_OTHERS = "others"
_MOST_OUTLETS = 5
_LONGEST, _TOPIC = 22, 27  # characters of an outlet and of the topic
_LANES = 2
_MOST_TICKS = 5
_SMALL, _MEDIUM = 9.5, 11.5


@dataclass(frozen=True, slots=True)
class Chart:
    """A PNG and the words for who can't see it. ``key`` are the outlets whose names no font here
    can write, each with the letters that stand for it."""

    png: bytes
    alt: str
    key: tuple[tuple[str, str], ...] = ()


def coverage_chart(timeline: Timeline) -> Chart:
    """Articles by day and outlet as stacked bars, events marked by their number in the list."""
    file = io.BytesIO()
    coverage_figure(timeline).savefig(file, format="png", dpi=_DPI, facecolor=_GROUND)
    key = _key(_outlets(timeline.coverage), FontStack())
    alt = " ".join(
        [alt_text(timeline), *(f"{name} is shown as {letters}." for letters, name in key)]
    )
    return Chart(file.getvalue(), alt, key)


def alt_text(timeline: Timeline) -> str:
    """What the picture shows, in a few sentences."""
    if not timeline.coverage:
        return f"No articles on “{timeline.topic}”."
    days, totals = sorted(timeline.coverage), _totals(timeline.coverage)
    articles = totals.total()
    peak = max(days, key=lambda day: sum(timeline.coverage[day].values()))
    most = ", ".join(f"{name} {count}" for name, count in totals.most_common(3))
    return (
        f"Bar chart: {articles} {'article' if articles == 1 else 'articles'} on “{timeline.topic}” "
        f"from {_written(days[0])} to {_written(days[-1])}, by day and outlet ({most}). "
        f"Most on {_written(peak)}: {sum(timeline.coverage[peak].values())}. "
        f"Events marked: {len(timeline.events)}."
    )


def coverage_figure(timeline: Timeline) -> Figure:
    """The picture before it becomes a file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=_INCHES, dpi=_DPI, facecolor=_GROUND)
    FigureCanvasAgg(figure)
    axes: Any = figure.add_axes((0.085, 0.31, 0.895, 0.42), facecolor=_GROUND)
    bins, unit = _bins(timeline)
    outlets = _outlets(timeline.coverage)
    counts = _counts(timeline.coverage, bins, unit, outlets)
    bottoms = [0] * len(bins)
    for colour, outlet in zip(_colours(outlets), outlets, strict=True):
        heights = [counts[i][outlet] for i in range(len(bins))]
        axes.bar(range(len(bins)), heights, 0.8, bottom=bottoms, color=colour, linewidth=0)
        bottoms = [a + b for a, b in zip(bottoms, heights, strict=True)]
    # One bar alone would be as wide as the picture.
    margin = max(0.6, (8 - len(bins)) / 2)
    axes.set_xlim(-margin, len(bins) - 1 + margin)
    highest = max([1, *bottoms])
    axes.set_ylim(0, 1.06 * highest)
    levels = MaxNLocator(nbins=4, integer=True).tick_values(0, highest)
    axes.set_yticks([level for level in levels if 0 <= level <= highest])
    step = -(-len(bins) // _MOST_TICKS)
    ticks = range(0, len(bins), step)
    axes.set_xticks(list(ticks), [_tick(bins, i, step, unit) for i in ticks])
    axes.tick_params(colors=_INK, labelsize=_SMALL, length=2)
    axes.tick_params(axis="x", pad=7)
    axes.grid(axis="y", color=_FAINT, linewidth=0.4, alpha=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_FAINT)
    _mark_events(figure, axes, timeline, bins, unit)
    letters = FontStack()
    topic = _short(timeline.topic, _TOPIC)
    title = f"Coverage of {topic if letters.has(topic) else 'the topic'}"
    figure.text(
        0.02,
        0.975,
        title,
        color=_INK,
        fontproperties=letters.of_size(_MEDIUM),
        weight="bold",
        va="top",
        parse_math=False,
    )
    each = {1: "day", 7: "week", 30: "month"}[unit]
    figure.text(
        0.02,
        0.9,
        f"articles a {each}, by outlet; numbers: events listed",
        color="#b5bac1",
        fontsize=_SMALL,
        va="top",
    )
    stands_for = {name: letter for letter, name in _key(outlets, letters)}
    legend = figure.legend(
        handles=[Patch(color=colour) for colour in _colours(outlets)],
        labels=[stands_for.get(outlet, _short(outlet, _LONGEST)) for outlet in outlets],
        loc="lower center",
        ncols=2,
        frameon=False,
        prop=letters.of_size(_SMALL),
        labelcolor=_INK,
        handlelength=1.0,
        columnspacing=1.4,
        borderaxespad=0.3,
        labelspacing=0.35,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def _mark_events(
    figure: Figure, axes: Any, timeline: Timeline, bins: Sequence[date], unit: int
) -> None:
    """A tick over the bars for each event, with its number or those of its bar where there is room."""
    place = {day: i for i, day in enumerate(bins)}
    canvas: Any = figure.canvas
    renderer = canvas.get_renderer()
    taken: list[list[Any]] = [[] for _ in range(_LANES)]
    numbered = [
        (place[_bin(event.day, unit)], n)
        for n, event in enumerate(timeline.events, 1)
        # What happened before anybody here reported it has no bar to stand over.
        if event.day is not None and _bin(event.day, unit) in place
    ]
    for x, group in groupby(numbered, key=lambda entry: entry[0]):
        numbers = [n for _, n in group]
        label = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
        axes.plot(
            [x],
            [1.02],
            marker="v",
            markersize=3,
            color=_INK,
            clip_on=False,
            transform=axes.get_xaxis_transform(),
        )
        for lane, others in enumerate(taken):
            text = axes.text(
                x,
                1.06 + 0.115 * lane,
                label,
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="bottom",
                color=_INK,
                fontsize=_SMALL,
                clip_on=False,
            )
            box = text.get_window_extent(renderer).expanded(1.15, 1.0)
            inside = box.x0 >= 0 and box.x1 <= figure.bbox.x1
            if inside and not any(box.overlaps(other) for other in others):
                others.append(box)
                break
            text.remove()


def _bins(timeline: Timeline) -> tuple[list[date], int]:
    """The first days of the bars, without a gap, and how many days each is: 1, 7 or, for months, 30."""
    days = [*timeline.coverage] or [event.day for event in timeline.events if event.day]
    first, last = min(days), max(days)
    span = (last - first).days + 1
    unit = 1 if span <= 45 else 7 if span <= 45 * 7 else 30
    bins = [_bin(first, unit)]
    while (following := _bin(_after(bins[-1], unit), unit)) <= last:
        bins.append(following)
    return bins, unit


def _bin(day: date, unit: int) -> date:
    if unit == 30:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if unit == 7 else day


def _after(day: date, unit: int) -> date:
    return day + timedelta(days=32 if unit == 30 else unit)


def _totals(coverage: Mapping[date, Mapping[str, int]]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for outlets in coverage.values():
        totals.update(outlets)
    return totals


def _outlets(coverage: Mapping[date, Mapping[str, int]]) -> list[str]:
    """Those with most articles first; the rest together, unless it is only one."""
    names = [name for name, _ in sorted(_totals(coverage).items(), key=lambda e: (-e[1], e[0]))]
    return names if len(names) <= _MOST_OUTLETS + 1 else [*names[:_MOST_OUTLETS], _OTHERS]


def _key(outlets: Sequence[str], letters: FontStack) -> tuple[tuple[str, str], ...]:
    """Letters for the outlets whose names can't be written."""
    unwritten = [name for name in outlets if not letters.has(_short(name, _LONGEST))]
    return tuple((f"outlet {chr(ord('A') + n)}", name) for n, name in enumerate(unwritten))


def _colours(outlets: Iterable[str]) -> list[str]:
    return [colour for _, colour in zip(outlets, _COLOURS, strict=False)]


def _counts(
    coverage: Mapping[date, Mapping[str, int]],
    bins: Sequence[date],
    unit: int,
    outlets: Sequence[str],
) -> list[Counter[str]]:
    place = {day: i for i, day in enumerate(bins)}
    counts: list[Counter[str]] = [Counter() for _ in bins]
    for day, of_day in coverage.items():
        for outlet, count in of_day.items():
            shown = outlet if outlet in outlets else _OTHERS
            counts[place[_bin(day, unit)]][shown] += count
    return counts


def _tick(bins: Sequence[date], i: int, step: int, unit: int) -> str:
    """``3 Nov``, or ``Nov`` for a month; with the year where it is another than at the tick before."""
    day = bins[i]
    written = f"{day:%b}" if unit == 30 else f"{day.day} {day:%b}"
    new_year = i == 0 or bins[i - step].year != day.year
    return f"{written}\n{day.year}" if new_year else written


def _written(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _short(text: str, most: int) -> str:
    text = " ".join(text.split()).lstrip("_")
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
