"""`make bench-peers`: Newsdesk, LangChain, LlamaIndex and Haystack, one after the other.

Needs the dev data beside the project; prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bot.evaluation.scoring import MEASURES, Interval, difference
from tests.benchmarks import weekly_news
from tests.benchmarks.peers.measure import SYSTEMS, Measured, measure_apart
from tests.benchmarks.peers.scoring import first_hits

_COLUMNS = (*MEASURES, "Median", "99th percentile", "Ingest", "Peak memory")
_COMPARED = ("Hits@5", "MRR@10")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers", description=__doc__)
    parser.add_argument("--articles", type=int, help="only the first so many, to try things out")
    wanted: int | None = parser.parse_args().articles
    if not weekly_news.FOLDER.is_dir():
        sys.exit(f"make bench-peers needs the dev data in {weekly_news.FOLDER}.")
    questions = weekly_news.counting_questions()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        articles, asked = folder / "articles.jsonl", folder / "questions.json"
        count = _write_articles(articles, wanted)
        asked.write_text(json.dumps([(q.question, q.asked_at) for q in questions]), "utf-8")
        measured = {}
        for system in SYSTEMS:
            print(f"{system} ...", file=sys.stderr)
            measured[system] = measure_apart(system, articles, asked, folder / system)
    ranks = {name: first_hits(questions, each.results) for name, each in measured.items()}
    _print_setting(count, len(questions), measured)
    _print_figures(count, measured, ranks)
    _print_leads(ranks)


def _write_articles(path: Path, wanted: int | None) -> int:
    articles = weekly_news.load_articles()[:wanted]
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(article) + "\n" for article in articles)
    return len(articles)


def _print_setting(articles: int, questions: int, measured: dict[str, Measured]) -> None:
    versions = {k: v for each in measured.values() for k, v in each.versions.items()}
    written = ", ".join(f"{package} {version}" for package, version in versions.items())
    print(
        f"Measured on {datetime.now(UTC).date()}: {articles} articles, {questions} questions; "
        f"Python {platform.python_version()}, {os.cpu_count()} cores; {written}.\n"
    )


def _print_figures(
    articles: int, measured: dict[str, Measured], ranks: dict[str, list[int | None]]
) -> None:
    _print_row("", *_COLUMNS)
    _print_row("---", *["---:"] * len(_COLUMNS))
    for system, each in measured.items():
        scores = weekly_news.summarize_scores(ranks[system])
        times = each.search_milliseconds
        _print_row(
            system,
            *(f"{scores[figure]:.3f}" for figure in MEASURES),
            f"{statistics.median(times):.1f} ms",
            f"{statistics.quantiles(times, n=100)[98]:.1f} ms",
            f"{articles / each.ingest_seconds:.1f} articles/s",
            f"{each.peak_megabytes:.0f} MB",
        )
    print()


def _print_leads(ranks: dict[str, list[int | None]]) -> None:
    ours, *others = ranks
    _print_row(f"{ours} ahead of", "Hits@5 (95% interval)", "MRR@10 (95% interval)")
    _print_row("---", "---:", "---:")
    for other in others:
        leads = [
            difference([*map(MEASURES[name], ranks[ours])], [*map(MEASURES[name], ranks[other])])
            for name in _COMPARED
        ]
        _print_row(other, *map(_written, leads))


def _written(lead: Interval) -> str:
    return f"{lead.value:+.3f} ({lead.low:+.3f} to {lead.high:+.3f})"


def _print_row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
