"""`newsdesk status` and `newsdesk doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import options as o
from bot.cli.common import run_async
from bot.cli.language import day_and_hour, published
from bot.cli.output import counted, print_json

if TYPE_CHECKING:
    from bot.ops.doctor import CheckResult
    from retrieval.library import Library


def status(as_json: o.Json = False) -> None:
    """Show what is stored. The output lists the corpora with their newest articles, the disk space used, the
    embedder and the model."""

    async def run() -> dict[str, Any]:
        from bot.config.settings import load_settings
        from bot.ops.backups import last_backup
        from bot.storage.library import open_library

        settings = load_settings()
        model = settings.answering().model
        async with open_library(settings.library()) as library:
            return {
                "data_dir": str(settings.data_dir),
                "corpora": await _corpora(library),
                "sizes": library.sizes(),
                "backup": last_backup(settings.data_dir).to_record(),
                "embedder": library.embedder.identity,
                "chroma": ", ".join(library.stores.urls) or "embedded",
                "model": model.name if model.is_configured else "quotations",
            }

    record = run_async(run())
    if as_json:
        print_json(record)
        return
    from bot.config.env_files import env_files
    from retrieval.text.encoding import describe_size

    files = ", ".join(str(file.absolute()) for file in env_files())
    print(f"Settings: {files or 'environment variables only; no .env file was found'}")
    print(f"Data folder: {record['data_dir']}")
    if not record["corpora"]:
        print(
            "No corpus yet. `newsdesk ingest FILE` adds articles; `newsdesk demo` shows how Newsdesk works."
        )
    for corpus in record["corpora"]:
        held = f"{counted(corpus['articles'], 'article')}, {counted(corpus['passages'], 'passage')}"
        print(f"Corpus {corpus['name']}: {held}")
        if newest := corpus["newest"]:
            label = "newest" if newest["published_at"] else "last ingested"
            print(f"  {label}: {newest['title']} ({published(newest['published_at'])})")
        if corpus["unfinished"]:
            print(f"  still being indexed: {counted(corpus['unfinished'], 'article')}")
        if lacking := corpus["without_vector"]:
            print(
                f"  without vectors yet: {counted(lacking, 'passage')}; search finds them by words"
            )
    sizes = ", ".join(f"{name} {describe_size(size)}" for name, size in record["sizes"].items())
    print(f"On disk: {sizes}")
    made = record["backup"]["made_at"]
    print(f"Last backup: {day_and_hour(made) if made else 'none'}")
    print(f"Embedder: {record['embedder']}; Chroma: {record['chroma']}; answers: {record['model']}")


async def _corpora(library: Library) -> list[dict[str, Any]]:
    lacking = await library.without_vector()
    return [
        {
            "name": counts.name,
            "articles": counts.articles,
            "passages": counts.passages,
            "unfinished": counts.unfinished,
            "without_vector": lacking.get(counts.name, 0),
            "newest": {"title": counts.newest_title, "published_at": counts.newest_published_at}
            if counts.newest_title is not None
            else None,
        }
        for counts in await library.counts()
    ]


def doctor(
    as_json: o.Json = False,
    model: Annotated[
        bool,
        typer.Option("--model", help="Also send the model one question and report the result."),
    ] = False,
) -> None:
    """Check the setup and say how to fix problems. The checks cover the settings, the data folder, Chroma, the
    model server and the Discord token."""

    async def run() -> list[CheckResult]:
        from bot.config.settings import load_settings
        from bot.ops.doctor import examine
        from bot.ops.model_check import examine_model

        return await (examine_model(load_settings()) if model else examine())

    failed = False
    for finding in run_async(run()):
        failed |= finding.ok is False
        if as_json:
            print_json(
                {
                    "check": finding.check,
                    "ok": finding.ok,
                    "detail": finding.detail,
                    "remedy": finding.remedy,
                }
            )
        else:
            mark = {True: "ok  ", False: "FAIL", None: "-   "}[finding.ok]
            print(f"{mark} {finding.check}: {finding.detail}")
            if finding.remedy:
                print(f"     {finding.remedy}")
    if failed:
        raise typer.Exit(1)
