"""Where settings are read from besides the environment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from platformdirs import user_data_path

_DATA_DIR = "NEWSDESK_DATA_DIR"


def default_data_dir() -> Path:
    """Return the data folder of the current user."""
    return user_data_path("newsdesk", appauthor=False)


def env_files(environment: Mapping[str, str] | None = None) -> list[Path]:
    """Return the existing `.env` files: in the working folder, then in the data folder and beside
    it.

    The data folder is the one that the environment or the working folder's file names.
    """
    environment = os.environ if environment is None else environment
    here = Path(".env")
    given = environment.get(_DATA_DIR)
    if not given and here.is_file():
        with contextlib.suppress(OSError, UnicodeDecodeError):  # reported when it is read
            given = dotenv_values(here).get(_DATA_DIR)
    folder = Path(given).expanduser().absolute() if given else default_data_dir()
    found: list[Path] = []
    for file in (here, folder / ".env", folder.parent / ".env"):
        with contextlib.suppress(OSError):  # a folder that can't be read
            known = not file.is_file() or any(file.samefile(each) for each in found)
            if not known and (file.parent != folder.parent or _is_ours(file, folder)):
                found.append(file)
    return found


def _is_ours(file: Path, folder: Path) -> bool:
    """Return whether a file beside the data folder belongs to somebody trusted: that folder may be
    where everybody can put files, such as /tmp."""
    owner = file.stat().st_uid
    mine = os.geteuid() if hasattr(os, "geteuid") else owner
    return owner in (0, mine) or (folder.is_dir() and owner == folder.stat().st_uid)
