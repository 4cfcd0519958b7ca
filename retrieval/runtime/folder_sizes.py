"""How much folders take on disk, while others write to them."""

from __future__ import annotations

import os
from pathlib import Path


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder; 0 if there is none. Blocks."""
    return sum(_file_bytes(Path(at, name)) for at, _, names in os.walk(folder) for name in names)


def _file_bytes(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # an index has just replaced it
        return 0
