"""Open a data folder with the application's own tables in it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import retrieval.maintenance
from bot.storage.schema import metadata
from retrieval.catalogue.migrate import SchemaBranch
from retrieval.library import Library, LibraryConfig

# A test holds the head to the last migration.
APPLICATION = SchemaBranch(
    "application", Path(__file__).parent / "migrations", "0010", metadata, "application_version"
)


def open_library(config: LibraryConfig, **options: Any) -> AbstractAsyncContextManager[Library]:
    """Open a data folder like ``retrieval.maintenance.open_library``, and migrate the application's
    tables too. Raises what that raises; ``FolderTooNew`` for either."""
    return retrieval.maintenance.open_library(config, branches=(APPLICATION,), **options)
