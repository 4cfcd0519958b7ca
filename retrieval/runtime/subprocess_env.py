"""The environment of child processes."""

from __future__ import annotations

import os
from pathlib import Path

import retrieval

_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")


def subprocess_environment() -> dict[str, str]:
    """Return the environment variables for a child process: no secrets, and one thread for
    numerical libraries."""
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    root = str(Path(retrieval.__file__).parents[1])
    return environment | {
        "PYTHONPATH": root,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
