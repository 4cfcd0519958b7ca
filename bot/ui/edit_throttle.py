"""Limit how often a message is edited."""

from __future__ import annotations

_EVERY = 1.1
_MOST = 10.0
_SLOW = 1.5


class EditThrottle:
    """The seconds to wait between two edits of one message.

    discord.py waits out a rate limit within the call, so a slow call means that there are too many:
    the pause doubles. It shrinks again with fast edits.
    """

    def __init__(self, every: float = _EVERY) -> None:
        self._every = every
        self.pause = every

    def edited(self, took: float) -> None:
        """Record how long an edit took, in seconds."""
        if took > _SLOW:
            self.pause = min(_MOST, max(self.pause * 2, took))
        else:
            self.pause = max(self._every, self.pause * 0.8)

    def failed(self) -> None:
        """Record that an edit failed."""
        self.pause = min(_MOST, self.pause * 2)
