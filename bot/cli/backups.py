"""`newsdesk backup` and `newsdesk restore`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import options as o
from bot.cli.common import library_config, run_async
from bot.cli.language import day_and_hour
from bot.cli.output import counted, print_json

if TYPE_CHECKING:
    from retrieval.backups import BackupInfo

File = Annotated[Path, typer.Argument(help="The backup file.", show_default=False)]


def backup(
    file: File,
    with_indexes: Annotated[
        bool,
        typer.Option(
            "--with-indexes",
            help="Include the indexes. If you leave them out, `newsdesk restore` rebuilds them.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite the file if it exists.")
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Back up all data to one file. The bot can keep running."""
    if file.exists() and not force:
        raise typer.BadParameter(f"{file} already exists; --force overwrites it")

    async def run() -> BackupInfo:
        from bot.cli.progress import telling
        from bot.config.settings import load_settings
        from bot.ops.backups import make_backup
        from retrieval.timestamps import utc_now

        settings = load_settings()
        settings.require_folder_catalogue()
        with telling("copying", hidden=as_json) as tell:
            return await make_backup(
                settings.data_dir, file.absolute(), utc_now, with_indexes=with_indexes, tell=tell
            )

    info = run_async(run())
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "size": size, **_told(info)})
        return
    from retrieval.text.encoding import describe_size

    indexes = ", with the indexes" if info.indexes else ""
    print(f"{file}: {_contents(info)} in {describe_size(size)}{indexes}")


def restore(
    file: File,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Only check that the backup is complete and undamaged; restore nothing."
        ),
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Restore a backup into the data folder, which must be empty."""

    async def run() -> BackupInfo:
        import asyncio

        from bot.cli.progress import telling
        from bot.config.settings import load_settings
        from bot.storage.library import APPLICATION, open_library
        from retrieval.backups import restore_backup, verify_backup

        own = {"branches": (APPLICATION,)}
        with telling("reading", hidden=as_json) as tell:
            if check:
                return await asyncio.to_thread(verify_backup, file, **own, tell=tell)
            settings = load_settings()
            settings.require_folder_catalogue()
            folder = settings.data_dir
            info = await asyncio.to_thread(restore_backup, file, folder, **own, tell=tell)
            # Indexes that the backup doesn't hold are made now.
            tell("making indexes", 0, None)
            async with open_library(library_config(settings), writer="newsdesk restore"):
                return info

    info = run_async(run())
    if as_json:
        print_json({"file": str(file), "restored": not check, **_told(info)})
        return
    held = f"{_contents(info)}, backed up {day_and_hour(info.made_at)}"
    print(f"{file}: {'contains' if check else 'restored'} {held}")


def _contents(info: BackupInfo) -> str:
    articles, feeds = info.counts["articles"], info.counts["feeds"]
    return f"{counted(articles, 'article')} and {counted(feeds, 'feed')}"


def _told(info: BackupInfo) -> dict[str, Any]:
    record = asdict(info)
    del record["files"]
    return record
