"""Whose turn it is to send requests to a host, if several processes may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from retrieval.errors import Note


class TurnLost(Exception):
    """Another process may be sending requests to the host by now."""


@dataclass(frozen=True, slots=True)
class RobotsFile:
    """A robots.txt as one of the processes read it: its text, or why it couldn't be read.

    It is good for another ``seconds``. ``version`` tells it from the one before.
    """

    text: str | None
    reason: Note | None
    seconds: float
    version: int


@dataclass(frozen=True, slots=True)
class HostNews:
    """What other processes know of a host: how many seconds ago the last request ended, for how many
    seconds it wants to be left alone, and its robots.txt if that is new to who asks."""

    last_seconds: float | None = None
    retry_seconds: float | None = None
    robots: RobotsFile | None = None


class HostTurn(Protocol):
    """The right of this process to send requests to a host, one at a time."""

    @property
    def news(self) -> HostNews: ...

    @property
    def is_over(self) -> bool:
        """Return whether the turn was lost, or has lasted so long that others should have theirs."""

    def require_current(self) -> None:
        """Raise ``TurnLost`` unless it is certain that no other process has the turn."""


class SharedHosts(Protocol):
    """The hosts that several processes send requests to. All methods that wait for the database raise
    ``StorageError``."""

    async def take(self, host: str, robots: int | None) -> HostTurn:
        """Wait for a turn, as long as others have theirs. ``robots`` is the version of the
        robots.txt that is known. Raise ``FetchRefused`` if it takes too long."""

    def give_back(self, turn: HostTurn, last_seconds: float | None) -> None:
        """End a turn in the background; the last request ended so many seconds ago."""

    async def keep_robots(
        self, turn: HostTurn, text: str | None, reason: Note | None, seconds: float
    ) -> int:
        """Let others know the robots.txt, and return its version. Raise ``TurnLost`` if another
        process has had a turn since."""

    async def keep_retry_after(self, turn: HostTurn, seconds: float) -> None:
        """Let others know that the host wants to be left alone."""
