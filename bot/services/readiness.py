"""Whether the bot answers as it should, and why not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from bot.ops.health import Cause
from retrieval.errors import NewsdeskError, Note
from retrieval.library import Library

PARTS = ("gateway", "catalogue", "folder", "keywords", "vectors", "model")

_SECONDS = 2.0
_KNOWN_FOR = 1.0
_PROBE = ".writable"


class Readiness:
    """Checks on request, at most once a second; each check has a timeout.

    ``is_connected`` returns whether the gateway is connected, ``model`` what is wrong with the
    language model.
    """

    def __init__(
        self,
        library: Library,
        is_connected: Callable[[], bool],
        model: Callable[[], Note | None] = lambda: None,
    ) -> None:
        self._library = library
        self._is_connected = is_connected
        self._model = model
        self._looking = asyncio.Lock()
        self._known: list[Cause] = []
        self._looked_at = float("-inf")
        self._writing: asyncio.Future[str | None] | None = None

    async def causes(self) -> list[Cause]:
        """Return all current problems, those that prevent answers first."""
        async with self._looking:
            if time.monotonic() - self._looked_at > _KNOWN_FOR:
                self._known = await self._look()
                self._looked_at = time.monotonic()
        return self._known

    async def _look(self) -> list[Cause]:
        found = []
        if not self._is_connected():
            found.append(Cause("gateway", Note("gateway-not-connected"), failing=True))
        for condition in self._library.conditions.current():
            failing = condition.severity == "failing"
            found.append(Cause(condition.part, condition.note, failing, condition.mends_itself))
        known = {cause.part for cause in found}
        if "model" not in known and (note := self._model()) is not None:
            found.append(Cause("model", note))
        if "catalogue" not in known and (wrong := await self._catalogue()) is not None:
            found.append(Cause("catalogue", wrong, failing=True))
        if "folder" not in known and (detail := await self._folder()) is not None:
            note = Note("folder-not-writable", detail=detail)
            found.append(Cause("folder", note, mends_itself=False))
        return sorted(found, key=lambda cause: not cause.failing)

    async def _catalogue(self) -> Note | None:
        try:
            async with asyncio.timeout(_SECONDS):
                await self._library.catalogue.articles.any_version()
        except NewsdeskError as error:
            return error.note
        except TimeoutError:
            return Note("catalogue-not-answering")
        return None

    async def _folder(self) -> str | None:
        """Why nothing can be written to the data folder; None if it can."""
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(
                asyncio.to_thread(_written, self._library.data_dir)
            )
        # A disk that hangs keeps one thread, not one for each time that somebody asks.
        await asyncio.wait([self._writing], timeout=_SECONDS)
        return self._writing.result() if self._writing.done() else "it does not answer"


def _written(folder: Path) -> str | None:
    probe = folder / f"{_PROBE}-{os.getpid()}"
    try:
        probe.write_bytes(b"1")
    except OSError as error:
        return error.strerror or str(error)
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    return None
