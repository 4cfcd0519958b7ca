"""Where settings are looked for beside the environment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from platformdirs import user_data_path

_DATA_DIR = "NEWSDESK_DATA_DIR"


def default_data_dir() -> Path:
    return user_data_path("newsdesk", appauthor=False)


def env_files(environment: Mapping[str, str] | None = None) -> list[Path]:
    """The `.env` files that there are: in the working folder, then in the data folder and beside it.

    The data folder is the one that the environment or the working folder's file names.
    """
    environment = os.environ if environment is None else environment
    here = Path(".env")
    given = environment.get(_DATA_DIR)
    if not given and here.is_file():
        with contextlib.suppress(OSError, UnicodeDecodeError):  # told of when it is read
            given = dotenv_values(here).get(_DATA_DIR)
    folder = Path(given).expanduser().absolute() if given else default_data_dir()
    found: list[Path] = []
    for file in (here, folder / ".env", folder.parent / ".env"):
        with contextlib.suppress(OSError):  # a folder that may not be looked into
            known = not file.is_file() or any(file.samefile(each) for each in found)
            if not known and (file.parent != folder.parent or _is_ours(file, folder)):
                found.append(file)
    return found


def _is_ours(file: Path, folder: Path) -> bool:
    """Whether a file beside the data folder is of somebody who may say what goes on in it: that
    folder may lie where everybody can put files, such as /tmp."""
    owner = file.stat().st_uid
    mine = os.geteuid() if hasattr(os, "geteuid") else owner
    return owner in (0, mine) or (folder.is_dir() and owner == folder.stat().st_uid)
