"""`newsdesk move`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import options as o
from bot.cli.common import library_config, run_async, steps
from bot.cli.output import print_json

if TYPE_CHECKING:
    from retrieval.moving import MoveResult


def move(
    to: Annotated[
        str,
        typer.Option(
            metavar="FOLDER", help="The new folder, which must be empty.", show_default=False
        ),
    ],
    as_json: o.Json = False,
) -> None:
    """Move all data to another folder without recomputing vectors.

    Stop the bot first. The old folder stays as it is. If the move is interrupted, run the same
    command again and it continues.
    """

    async def run() -> MoveResult:
        from bot.config.settings import load_settings
        from bot.storage.library import APPLICATION, open_library
        from bot.storage.schema import metadata
        from retrieval.moving import move_to_folder

        config = library_config(load_settings())
        async with open_library(config, writer="newsdesk move") as library:
            with steps(hidden=as_json) as tell:
                return await move_to_folder(
                    library, target, branches=(APPLICATION,), metadatas=(metadata,), tell=tell
                )

    target = Path(to).expanduser().absolute()
    result = run_async(run())
    if as_json:
        print_json({"moved_to": str(target), **asdict(result)})
        return
    width = max(map(len, result.tables))
    for name, table in result.tables.items():
        print(f"{name:{width}} {table.rows:>10} {table.digest}")
    print(
        f"\nMoved to {target}: equal rows and digests; {result.passages} passages in the indexes."
    )
    print(f"To switch, set NEWSDESK_DATA_DIR={target} and start the bot.")
