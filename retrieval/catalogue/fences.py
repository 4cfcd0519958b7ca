"""What a task may write under, where that is less than what its process may: a lease that it holds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class WriteFence(Protocol):
    """A right that ends when somebody else gets it."""

    async def require(self, connection: AsyncConnection) -> None:
        """Keep the right until a writing transaction ends. Raises ``StorageError`` if it is lost."""

    def require_current(self) -> None:
        """Raise ``StorageError`` unless the right is certain at this moment, without the database."""


_FENCE: ContextVar[WriteFence | None] = ContextVar("fence", default=None)


def current_fence() -> WriteFence | None:
    """What this task writes under; None where its process's right is enough."""
    return _FENCE.get()


async def require_held(connection: AsyncConnection) -> None:
    """Keep what this task writes under, if anything, until a writing transaction ends. Raises
    ``StorageError`` if it is lost."""
    if (fence := current_fence()) is not None:
        await fence.require(connection)


@contextlib.contextmanager
def fenced(fence: WriteFence) -> Iterator[None]:
    """Have everything that is written in the block, and by tasks that it begins, require ``fence``."""
    token = _FENCE.set(fence)
    try:
        yield
    finally:
        _FENCE.reset(token)


@contextlib.contextmanager
def unfenced() -> Iterator[None]:
    """Write in the block on the strength of the process's right alone."""
    token = _FENCE.set(None)
    try:
        yield
    finally:
        _FENCE.reset(token)
