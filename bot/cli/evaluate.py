"""`newsdesk eval`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import options as o
from bot.cli.common import run_async
from bot.cli.output import print_json

if TYPE_CHECKING:
    from bot.evaluation.abstention import Tradeoff
    from bot.evaluation.runner import Evaluation
    from bot.evaluation.scoring import Interval


def eval_command(
    articles: Annotated[
        list[Path] | None,
        typer.Option(help="A file of articles as JSON Lines, optionally gzipped. Repeatable."),
    ] = None,
    questions: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file of questions as JSON Lines, with answer, asked_at and gold_urls. Give one file for each --articles file."
        ),
    ] = None,
    claims: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file of labelled claims with passages. The command then measures verification instead of answers. Repeatable."
        ),
    ] = None,
    verifier: Annotated[
        str | None, typer.Option(help="The verifier for --claims: `rules` or `network`.")
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            help="Measure again with a different setting, such as bm25, embedder=NAME or week=0, and compare. Repeatable."
        ),
    ] = None,
    abstention: Annotated[
        bool,
        typer.Option(
            "--abstention",
            help="Also ask the questions with only the older half of the articles. This measures how often Newsdesk declines questions that the articles can't answer.",
        ),
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Measure search and answers on questions with known answers. Your data folder isn't used.

    If you give several sets of articles and questions, each set is measured on its own, and then all
    sets together. The output also shows the gain over a standard keyword search (BM25) that favours
    recent articles.

    Example: newsdesk eval --articles a.jsonl.gz --questions q.jsonl --compare week=0

    Example: newsdesk eval --claims claims.jsonl.gz --verifier network
    """
    if claims:
        _evaluate_claims(claims, verifier, as_json)
        return
    if not articles or not questions:
        raise typer.BadParameter("Give --articles and --questions, or --claims.")
    if len(articles) != len(questions):
        raise typer.BadParameter("Give as many --questions as --articles, in the same order.")
    pairs = list(zip(articles, questions, strict=True))

    async def run() -> None:
        from bot.cli.progress import telling
        from bot.config.settings import load_settings
        from bot.evaluation.abstention import tradeoff
        from bot.evaluation.runner import BM25, EvaluationSet, evaluate

        config = load_settings().library()

        with telling("beginning", hidden=as_json) as progress:
            sets = [EvaluationSet(*pair) for pair in pairs]
            settings = dict.fromkeys([BM25, *(compare or ())])
            search_only = () if BM25 in (compare or ()) else (BM25,)
            evaluations = await evaluate(
                sets, config, list(settings), progress, search_only=search_only
            )
            halves = [
                await tradeoff(one.articles, one.questions, config, progress)
                for one in (sets if abstention else ())
            ]
        if as_json:
            each = [_tradeoff(half) for half in halves]
            print_json(
                {**_record(evaluations), "abstention": each[0] if len(each) == 1 else each or None}
            )
        else:
            _print(evaluations)
            for half in halves:
                if half is not None:
                    _print_tradeoff(half)
                else:
                    print("There are too few dates or questions to measure declines.")

    run_async(run())


def _record(evaluations: list[Evaluation]) -> dict[str, Any]:
    from bot.evaluation.runner import compare

    first, *others = evaluations
    return {
        **_figures(first),
        "compared": [
            {
                "setting": other.setting,
                **_figures(other),
                "difference": {name: asdict(i) for name, i in compare(first, other).items()},
                "difference_by_year": {
                    year: {
                        name: asdict(i)
                        for name, i in compare(first.of_year(year), other.of_year(year)).items()
                    }
                    for year in first.by_year()
                },
            }
            for other in others
        ],
    }


def _figures(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "articles": evaluation.articles,
        "questions": len(evaluation.outcomes),
        "answerable": len(evaluation.counting),
        "without_coverage": len(evaluation.uncovered),
        "retrieval": {name: asdict(i) for name, i in evaluation.retrieval().items()},
        "answers": {name: asdict(i) for name, i in evaluation.answers().items()},
        "timing": evaluation.timing(),
        "years": evaluation.by_year(),
        "weeks": evaluation.by_week(),
    }


def _tradeoff(half: Tradeoff | None) -> dict[str, Any] | None:
    if half is None:
        return None
    return {
        "articles": half.articles,
        "answerable": len(half.known),
        "unanswerable": len(half.unknown),
        "answered": asdict(half.answered),
        "abstained": asdict(half.abstained),
        "right": asdict(half.right),
        "area": half.area,
        "curve": [
            {"threshold": threshold, "answered": answered, "abstained": abstained}
            for threshold, answered, abstained in half.curve()
        ],
    }


def _print_tradeoff(half: Tradeoff) -> None:
    from rich.console import Console

    Console(width=None).print(
        f"With the {half.articles} articles from the first half of the dates: of the {len(half.known)} questions that they "
        f"can answer, {_cell(half.answered)} are answered, {_cell(half.right)} correctly; of the {len(half.unknown)} whose "
        f"articles are all missing, {_cell(half.abstained)} are declined; area under the curve {half.area:.3f}",
        highlight=False,
    )


def _print(evaluations: list[Evaluation]) -> None:
    from rich.console import Console
    from rich.table import Table

    from bot.evaluation.runner import compare

    console = Console(width=None)
    first, *others = evaluations
    console.print(
        f"{first.articles} articles, {len(first.outcomes)} questions: {len(first.counting)} that the articles "
        f"can answer, {len(first.uncovered)} whose articles are all missing",
        highlight=False,
    )
    table = Table(
        "figure", *(e.setting for e in evaluations), *(f"gain over {e.setting}" for e in others)
    )
    gains = [compare(first, other) for other in others]
    for name in [*first.retrieval(), *first.answers()]:
        figures = [{**e.retrieval(), **e.answers()} for e in evaluations]
        cells = [_cell(each[name]) if name in each else "" for each in figures]
        cells += [_cell(gain[name], sign=True) if name in gain else "" for gain in gains]
        table.add_row(name, *cells)
    console.print(table)
    years = Table(
        "year",
        "questions",
        *first.retrieval(),
        "right",
        *(f"MRR@10 over {o.setting}" for o in others),
    )
    for year, means in first.by_year().items():
        cells = [f"{v:.3f}" if k != "questions" else f"{v:.0f}" for k, v in means.items()]
        cells += [
            _cell(compare(first.of_year(year), other.of_year(year))["MRR@10"], sign=True)
            for other in others
        ]
        years.add_row(year, *cells)
    console.print(years)
    weeks = Table("week", "questions", *first.retrieval(), "right")
    for week, means in first.by_week().items():
        weeks.add_row(
            week, *(f"{v:.2f}" if k != "questions" else f"{v:.0f}" for k, v in means.items())
        )
    console.print(weeks)
    timing = first.timing()
    console.print(
        f"search median {timing['search_median_ms']:.1f} ms, 99th percentile {timing['search_p99_ms']:.1f} ms; "
        f"answer median {timing['answer_median_ms']:.1f} ms, 99th percentile {timing['answer_p99_ms']:.1f} ms; "
        f"ingest {timing['articles_per_second']:.0f} articles/s",
        highlight=False,
    )


def _cell(interval: Interval, *, sign: bool = False) -> str:
    mark = "+" if sign else ""
    return f"{interval.value:{mark}.3f} ({interval.low:{mark}.3f} to {interval.high:{mark}.3f})"


def _evaluate_claims(files: list[Path], verifier: str | None, as_json: bool) -> None:
    from bot.answering.verification import create_verifier
    from bot.cli.check_claims import read_labelled_claims
    from bot.config.settings import load_settings
    from bot.evaluation.claims import measure_claims

    config = load_settings().answering()
    checker = create_verifier(verifier or config.verifier, config.verifier_model)
    for file in files:
        name = file.name.split(".")[0]
        for rates in measure_claims(name, list(read_labelled_claims(file)), checker):
            if as_json:
                print_json(asdict(rates))
            else:
                typer.echo(rates.line())
