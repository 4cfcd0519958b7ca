"""How often a message may be edited."""

from __future__ import annotations

_EVERY = 1.1
_MOST = 10.0
_SLOW = 1.5


class EditThrottle:
    """Seconds to wait between two edits of one message.

    discord.py waits out a rate limit within the call, so a call that took long says that there are
    too many: the pause doubles. It shrinks again with edits that pass quickly.
    """

    def __init__(self, every: float = _EVERY) -> None:
        self._every = every
        self.pause = every

    def edited(self, took: float) -> None:
        """Note how long an edit took, in seconds."""
        if took > _SLOW:
            self.pause = min(_MOST, max(self.pause * 2, took))
        else:
            self.pause = max(self._every, self.pause * 0.8)

    def failed(self) -> None:
        self.pause = min(_MOST, self.pause * 2)
