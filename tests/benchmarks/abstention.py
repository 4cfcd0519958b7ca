"""Abstention on the dev set, and its chart: `python -m tests.benchmarks.abstention [CHART]`.

Indexes the articles named for the questions of the first ten dates, asks all questions that name
articles, prints the figures and draws the trade-off to CHART (docs/abstention.png unless said).
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from bot.evaluation.abstention import Tradeoff, tradeoff
from retrieval.library import LibraryConfig
from tests.benchmarks import weekly_news

_CHART = Path(__file__).parents[2] / "docs" / "abstention.png"
_AIM = (0.75, 0.85)  # abstained, answered
_INK, _GREY, _BLUE, _RED = "#222222", "#8a8a8a", "#1f5fa8", "#b3402a"


def draw(half: Tradeoff, chart: Path) -> None:
    """The curve over all thresholds, the threshold that is used and the aim."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    points = half.curve()
    figure, axes = pyplot.subplots(figsize=(6.4, 5.2), dpi=150)
    axes.plot(
        [abstained for _, _, abstained in points],
        [answered for _, answered, _ in points],
        color=_BLUE, linewidth=2, drawstyle="steps-pre",
    )  # fmt: skip
    axes.plot([0, 1], [1, 0], color=_GREY, linewidth=1, linestyle=":")
    axes.annotate("chance", (0.5, 0.5), (-6, -4), textcoords="offset points", ha="right", va="top", color=_GREY)  # fmt: skip
    x, y = half.abstained.value, half.answered.value
    axes.plot([x], [y], "o", color=_BLUE, markersize=8)
    axes.annotate(f"as it ships:\n{y:.2f} answered,\n{x:.2f} refused", (x, y), (10, 8), textcoords="offset points", color=_BLUE)  # fmt: skip
    axes.plot(*_AIM, "s", color=_RED, markersize=7, markerfacecolor="none", markeredgewidth=1.6)
    axes.annotate(f"aim: {_AIM[1]:.2f}, {_AIM[0]:.2f}", _AIM, (0, -10), textcoords="offset points", ha="center", va="top", color=_RED)  # fmt: skip
    axes.set_xlim(0, 1.08)
    axes.set_ylim(0, 1.08)
    axes.set_xlabel(f"refused, of {len(half.unknown)} questions whose articles are all missing")
    axes.set_ylabel(f"answered, of {len(half.known)} questions that the articles answer")
    axes.set_title(f"Knowing when it does not know (area {half.area:.3f})", color=_INK, loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    figure.tight_layout()
    chart.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(chart)
    pyplot.close(figure)


async def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.abstention", description=__doc__
    )
    parser.add_argument("chart", type=Path, nargs="?", default=_CHART)
    parsed = parser.parse_args()
    half = await tradeoff(
        weekly_news.ARTICLES, weekly_news.QUESTIONS, LibraryConfig(Path("unused"))
    )
    if half is None:
        raise SystemExit("The dev set has too few dates or questions.")
    for name, of, share in (
        ("answered", len(half.known), half.answered),
        ("abstained", len(half.unknown), half.abstained),
    ):
        print(f"{name} {share.value:.3f} ({share.low:.3f} to {share.high:.3f}) of {of}")
    print(f"area under the curve {half.area:.3f}")
    chart = parsed.chart
    draw(half, chart)
    print(f"chart: {chart}")


if __name__ == "__main__":
    asyncio.run(main())
