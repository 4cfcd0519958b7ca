"""Load neural networks that fastembed runs (the extra `neural`), from disk or by downloading them
once."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path
from typing import Any, Literal

_log = logging.getLogger(__name__)

_ANSWER_SECONDS = 3.0


class NotDownloaded(Exception):
    """The network isn't on this machine and couldn't be downloaded; the text is the URL of the
    hub."""


def load_network(
    kind: Literal["TextEmbedding", "TextCrossEncoder"], name: str, folder: Path | None
) -> Any:
    """Return one of fastembed's models. Loading takes a second from disk, and a download the first
    time; a ``folder`` with its files is never downloaded. Blocks.

    Raises ``ImportError`` without fastembed, ``ValueError`` for a name that it doesn't know,
    ``NotDownloaded``, and what fastembed raises for broken files.
    """
    _keep_quiet()
    import fastembed
    from fastembed.rerank.cross_encoder import TextCrossEncoder

    made: Any = TextCrossEncoder if kind == "TextCrossEncoder" else fastembed.TextEmbedding
    if folder is not None:
        return made(name, specific_model_path=str(folder))
    if name.lower() not in {each["model"].lower() for each in made.list_supported_models()}:
        raise ValueError(f"{name} is not among those that fastembed knows")
    try:
        return made(name, local_files_only=True)
    except Exception:  # noqa: BLE001 - whatever it is, a download fixes it
        _log.info("%s is not on this machine", name)
    from huggingface_hub import constants, get_session

    try:
        # Without an answer fastembed would keep trying for most of a minute.
        get_session().head(constants.ENDPOINT, timeout=_ANSWER_SECONDS)
        return made(name)
    except Exception as error:
        raise NotDownloaded(constants.ENDPOINT) from error


def _keep_quiet() -> None:
    """Send what fastembed and the hub print to the log."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    warnings.filterwarnings("ignore", message="Cannot enable progress bars")
    import huggingface_hub.utils  # noqa: F401 - adds the handler that goes
    from loguru import logger

    hub = logging.getLogger("huggingface_hub")
    hub.handlers.clear()
    hub.setLevel(logging.NOTSET)
    hub.propagate = True
    logger.remove()  # only fastembed logs with it
    logger.add(lambda line: _log.info("%s", str(line).strip()), format="{message}", level="INFO")
