"""Repeated work, as long as the program runs, less often if it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.i18n import in_english
from retrieval.errors import NewsdeskError

_log = logging.getLogger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
# More doublings would overflow a timedelta.
_DOUBLINGS = 7


async def run_forever(
    run: Callable[[], Awaitable[object]], what: str, *, pause: float | Callable[[], float]
) -> None:
    """Call ``run`` repeatedly, ``pause`` seconds apart; a function is called for the pause after
    each round. A failure is logged and doesn't end it."""
    while True:
        failure: Exception | None = None
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - logged; it goes on
            failure = error
        wait = pause() if callable(pause) else pause
        if isinstance(failure, NewsdeskError):
            _log.error("%s: %s; tried again in %g s", what, in_english(failure), wait)
        elif failure is not None:
            _log.error("%s: failed; tried again in %g s", what, wait, exc_info=failure)
        await asyncio.sleep(wait)


class Backoff:
    """What failed lately, by id, with how often in a row and until when it rests: twice as long
    each time, from half a minute to an hour."""

    def __init__(self) -> None:
        self.failed: dict[int, tuple[int, datetime]] = {}

    def holds(self, key: int, now: datetime) -> bool:
        """Return whether it is too early to try again."""
        _, not_before = self.failed.get(key, (0, None))
        # A longer wait than the longest comes from a clock that was set back since.
        return not_before is not None and now < not_before <= now + _LONGEST_WAIT

    def note(
        self, key: int, now: datetime, what: str, error: Exception, *, is_expected: bool
    ) -> None:
        """Record and log a failure, with a traceback unless it ``is_expected``."""
        failures, _ = self.failed.get(key, (0, now))
        wait = min(_FIRST_WAIT * 2 ** min(failures, _DOUBLINGS), _LONGEST_WAIT)
        self.failed[key] = failures + 1, now + wait
        trace = None if is_expected else error
        kind = type(error).__name__
        _log.warning("%s: tried again in %s (%s: %s)", what, wait, kind, error, exc_info=trace)

    def forget(self, key: int) -> None:
        """Record that it succeeded, or no longer exists."""
        self.failed.pop(key, None)
