"""`newsdesk jobs`: what is being brought in, and what was interrupted."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import options as o
from bot.cli.desk import actor, known, newsroom
from bot.cli.output import print_json, to_the_second

if TYPE_CHECKING:
    from retrieval.catalogue.jobs import Job

app = typer.Typer(help="Jobs: sources on their way in.", no_args_is_help=True)


@app.command("list")
def list_(corpus: o.Corpus = "local", as_json: o.Json = False) -> None:
    """The last jobs of a corpus."""

    async def run() -> list[Job]:
        async with newsroom("jobs list", writing=False) as room:
            await known(room.library, corpus)
            return await room.jobs.jobs(corpus)

    jobs = asyncio.run(run())
    if not jobs and not as_json:
        print(f"No jobs of the corpus {corpus}.")
    for job in jobs:
        _print_job(job, as_json)


@app.command()
def resume(as_json: o.Json = False) -> None:
    """Finish the jobs that an interruption left, of all corpora."""

    async def run() -> list[Job]:
        async with newsroom("jobs resume") as room:
            return await room.jobs.drain()

    jobs = asyncio.run(run())
    if not jobs and not as_json:
        print("No job was left unfinished.")
    for job in jobs:
        _print_job(job, as_json)


@app.command()
def cancel(
    number: Annotated[int, typer.Argument(help="The job's number.")],
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """End a job. What it has brought in stays."""

    async def run() -> Job:
        async with newsroom("jobs cancel") as room:
            return await room.jobs.cancel(number, corpus, actor())

    _print_job(asyncio.run(run()), as_json)


def _print_job(job: Job, as_json: bool) -> None:
    if as_json:
        print_json(asdict(job))
        return
    error = f": {job.error}" if job.error else ""
    print(
        f"{job.id}. {job.state}{error} ({job.corpus}, {job.who}, {to_the_second(job.created_at)})"
    )
