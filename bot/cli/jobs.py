"""`newsdesk jobs`: what is being ingested, and what was interrupted."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import options as o
from bot.cli.common import actor, known, open_ingestion_services, run_async
from bot.cli.language import for_terminal
from bot.cli.output import print_json, to_the_second

if TYPE_CHECKING:
    from retrieval.catalogue.jobs import Job, JobCounts

app = typer.Typer(help="List, resume and cancel ingestion jobs.", no_args_is_help=True)


@app.command("list")
def list_(corpus: o.Corpus = "local", as_json: o.Json = False) -> None:
    """List the latest jobs of a corpus and their results."""

    async def run() -> list[tuple[Job, JobCounts]]:
        async with open_ingestion_services("jobs list", writing=False) as room:
            await known(room.library, corpus)
            return await room.jobs.tallies(await room.jobs.jobs(corpus))

    jobs = run_async(run())
    if jobs and not as_json:
        states = Counter(job.state for job, _ in jobs)
        counted = ", ".join(f"{count} {state}" for state, count in states.items())
        indexed = sum(tally.indexed for _, tally in jobs)
        rejected = sum(tally.rejected for _, tally in jobs)
        print(f"The last {len(jobs)}: {counted}; {indexed} articles indexed, {rejected} rejected")
    _print_jobs(jobs, as_json, f"The corpus {corpus} has no jobs.")


@app.command()
def resume(as_json: o.Json = False) -> None:
    """Finish interrupted jobs in all corpora."""

    async def run() -> list[tuple[Job, JobCounts]]:
        async with open_ingestion_services("jobs resume", brings_in=True) as room:
            return await room.jobs.tallies(await room.jobs.drain())

    _print_jobs(run_async(run()), as_json, "There are no unfinished jobs.")


@app.command()
def cancel(
    number: Annotated[int, typer.Argument(help="The job's number.")],
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Cancel a job. Articles that were already ingested stay."""

    async def run() -> list[tuple[Job, JobCounts]]:
        async with open_ingestion_services("jobs cancel") as room:
            return await room.jobs.tallies([await room.jobs.cancel(number, corpus, actor())])

    _print_jobs(run_async(run()), as_json)


def _print_jobs(jobs: list[tuple[Job, JobCounts]], as_json: bool, none: str = "") -> None:
    from retrieval.web.urls import without_credentials

    if not jobs and not as_json:
        print(none)
    for job, tally in jobs:
        first = " ".join(without_credentials(tally.first).split())
        if as_json:
            print_json({**asdict(job), **asdict(tally), "first": first})
            continue
        more = f" and {tally.sources - 1} more" if tally.sources > 1 else ""
        counts = [f"{tally.found} found", f"{tally.indexed} indexed"]
        if tally.unchanged:
            counts.append(f"{tally.unchanged} unchanged")
        if tally.rejected:
            counts.append(f"{tally.rejected} rejected")
        print(f"{job.id}. {job.state}: {first}{more}: {', '.join(counts)}")
        print(f"   {job.corpus}, {job.who}, {to_the_second(job.created_at)}")
        if job.error:
            print(f"   {for_terminal(job.error)}")
