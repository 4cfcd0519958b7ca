"""Folders of ours on disk."""

from __future__ import annotations

from pathlib import Path

from retrieval.errors import StorageError


def make_data_folder(folder: Path) -> None:
    """Make a data folder and those around it, unless it is there. Blocks. Raises ``StorageError``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        detail = error.strerror or str(error)
        raise StorageError("data-folder-not-created", detail=detail) from error
