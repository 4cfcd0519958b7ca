"""What a backup is made of: a ZIP file with the catalogue, what else is kept, and a manifest.

The manifest names every other entry with its size and SHA-256, the versions of the tables and how
much there is. It is the last entry: a file that breaks off has none.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retrieval.errors import FolderTooNew, StorageError

CATALOGUE_NAME = "catalogue.sqlite3"
MANIFEST = "manifest.json"
FORMAT = "newsdesk-backup"
FORMAT_VERSION = 1
# Folders that a backup may hold beside the catalogue.
UPLOADS, KEYWORDS, CHROMA = "uploads", "keywords", "chroma"

_SAFE_NAME = re.compile(r"(?:[^/\\\0]+/)*[^/\\\0]+")


@dataclass(frozen=True, slots=True)
class BackupEntry:
    """One file of a backup: its size in bytes and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """What a backup's manifest says. ``made_at`` is ISO 8601, ``tables`` the version of each branch
    of tables, ``counts`` how many rows of each kind there are, ``files`` the entries by name."""

    made_at: str
    program: str
    tables: Mapping[str, str]
    counts: Mapping[str, int]
    indexes: bool
    files: Mapping[str, BackupEntry]

    def to_manifest(self) -> dict[str, Any]:
        return {"format": FORMAT, "version": FORMAT_VERSION, **asdict(self)}

    @property
    def size(self) -> int:
        """Bytes of all that is restored."""
        return sum(entry.size for entry in self.files.values())


def read_manifest(archive: zipfile.ZipFile, file: Path) -> BackupInfo:
    """Raises ``StorageError`` for what is no backup of ours, ``FolderTooNew`` for one of a newer form."""
    try:
        record = json.loads(archive.read(MANIFEST))
        if record["format"] != FORMAT:
            raise ValueError(record["format"])
        if int(record["version"]) > FORMAT_VERSION:
            raise FolderTooNew(
                "backup-too-new",
                file=str(file),
                tables="format",
                found=str(record["version"]),
                known=str(FORMAT_VERSION),
            )
        files = {
            str(name): BackupEntry(int(entry["size"]), str(entry["sha256"]))
            for name, entry in record["files"].items()
        }
        if CATALOGUE_NAME not in files or not all(map(_is_safe, files)):
            raise ValueError("its files")
        return BackupInfo(
            str(record["made_at"]),
            str(record["program"]),
            dict(record["tables"]),
            dict(record["counts"]),
            bool(record["indexes"]),
            files,
        )
    except (KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise StorageError("backup-not-ours", file=str(file)) from error


def _is_safe(name: str) -> bool:
    """Whether an entry stays in the folders that a backup may hold."""
    first, *rest = name.split("/")
    if not _SAFE_NAME.fullmatch(name) or {".", ".."} & {first, *rest}:
        return False
    return name == CATALOGUE_NAME or (bool(rest) and first in {UPLOADS, KEYWORDS, CHROMA})
