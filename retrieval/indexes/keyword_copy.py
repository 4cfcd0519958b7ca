"""A copy of a corpus's keywords that follows what another process writes, and may be deleted any time."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from retrieval.catalogue import LAYOUT, PendingVersion
from retrieval.errors import IndexDamaged
from retrieval.indexes.keyword_index import KeywordIndex
from retrieval.indexes.keyword_pool import KeywordPool

_STATE = "copy.json"
# How long a question waits for a copy that is behind.
_PATIENCE_SECONDS = 0.5


class KeywordCopy(KeywordIndex):
    """A keyword index as of ``revision`` of its corpus, which ``apply`` raises; None until it is whole.

    ``database_id`` tells copies of one database from another's. ``on_behind`` is called in a question's
    thread where it needs a later revision.
    """

    def __init__(
        self, folder: Path, database_id: str, pool: KeywordPool | None = None,
        on_behind: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        super().__init__(folder, pool)
        # When it was last asked, in seconds that never go back.
        self.used = time.monotonic()
        self._kind = {"database": database_id, "layout": LAYOUT}
        self._on_behind = on_behind
        self._advanced = threading.Condition()
        self._revision = self._kept_revision()

    @property
    def folder(self) -> Path:
        """Return where the copy is."""
        return self._folder

    @property
    def revision(self) -> int | None:
        """Return the revision that the copy is of; None if it isn't whole."""
        return self._revision

    def serves(self, revision: int) -> bool:
        """Return whether the copy is of ``revision`` or later, for a question that needs it."""
        self.used = time.monotonic()
        return self._is_of(revision)

    def catch_up(self, revision: int) -> bool:
        """Wait up to half a second until the copy is of ``revision`` or later; return whether it is.
        Blocks; thread-safe."""
        with self._advanced:
            self._on_behind()
            return self._advanced.wait_for(lambda: self._is_of(revision), _PATIENCE_SECONDS)

    def check(self, expected: int) -> None:
        """Raise ``IndexDamaged`` if the copy isn't whole, or a file was cut. ``expected`` passages may
        be there later."""
        if self._revision is None:
            raise IndexDamaged("keyword-copy-unfinished")
        super().check(0)

    async def apply(
        self, add: Sequence[PendingVersion], remove: Sequence[int], revision: int | None
    ) -> None:
        """Add and remove versions; with ``revision`` the copy is of that one then. May be repeated."""
        if add or remove:
            await self.write(add, remove)
        if revision is not None:
            await asyncio.to_thread(self._keep_revision, revision)
            with self._advanced:
                self._revision = revision
                self._advanced.notify_all()

    async def drop(self) -> None:
        """Close the copy and delete its folder."""
        self._revision = None
        await super().drop()

    def _is_of(self, revision: int) -> bool:
        return self._revision is not None and self._revision >= revision

    def _kept_revision(self) -> int | None:
        try:
            kept = json.loads((self.folder / _STATE).read_text(encoding="utf-8"))
            return int(kept.pop("revision")) if kept.items() > self._kind.items() else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _keep_revision(self, revision: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{_STATE}.tmp"
        partial.write_text(json.dumps({**self._kind, "revision": revision}), encoding="utf-8")
        partial.replace(self.folder / _STATE)


def forget_copy_state(folder: Path) -> None:
    """Make a copy an index that is written here from now on. Blocks."""
    (folder / _STATE).unlink(missing_ok=True)
