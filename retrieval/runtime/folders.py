"""Create folders on disk."""

from __future__ import annotations

from pathlib import Path

from retrieval.errors import StorageError


def make_data_folder(folder: Path) -> None:
    """Create a data folder and its parents, unless it exists. Blocks. Raises ``StorageError``
    (``data-folder-not-created``)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        detail = error.strerror or str(error)
        raise StorageError("data-folder-not-created", detail=detail) from error
