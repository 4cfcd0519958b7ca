"""Tell the operator through a Discord webhook what needs attention: once, again later, and when it
is over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp

from bot.i18n import describe
from retrieval.errors import Note

_log = logging.getLogger(__name__)

Tick = Callable[[], float]
SendResult = Literal["sent", "failed", "dropped"]

_QUEUED = 20
_TRIES = 6
_TRY_SECONDS = 10.0
_LONGEST_PAUSE = 60.0
_LONGEST_TEXT = 1_900
_SUPPRESS_EMBEDS = 1 << 2
# A trouble that hasn't been seen for so long is over.
CALM_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What needs a person. ``key`` identifies it; ``after`` is how many seconds it has to last
    before anybody is told."""

    key: str
    note: Note
    after: float = 0.0


@dataclass(slots=True)
class _State:
    note: Note
    since: float
    seen: float
    told: float | None = None


class AlertBook:
    """Decides what is told when. ``tick`` returns seconds that never go back.

    What was told is stored in ``file``, if there is one, so that a bot which restarts repeatedly
    doesn't repeat alerts, and reports what is over.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        language: str,
        *,
        repeat_seconds: float,
        calm_seconds: float | None = None,
        tick: Tick = time.monotonic,
        file: Path | None = None,
    ) -> None:
        self._tell = tell
        self._language = language
        self._repeat = repeat_seconds
        self._calm = CALM_SECONDS if calm_seconds is None else calm_seconds
        self._tick = tick
        self._file = file
        self._changed = False
        self._states = self._loaded()

    def heard(self, troubles: Iterable[Trouble], unknown: Collection[str] = ()) -> bool:
        """Take what is wrong at this moment, and tell what has to be told now.

        ``unknown`` are prefixes of keys about which nothing could be found out: their troubles are
        taken to last. Return whether anything was told; ``keep`` then stores it.
        """
        now, self._changed = self._tick(), False
        for trouble in troubles:
            state = self._states.setdefault(trouble.key, _State(trouble.note, now, now))
            state.note, state.seen = trouble.note, now
            if state.told is None:
                if now - state.since >= trouble.after:
                    self._say(Note("alert-raised", **self._about(state, now)), state, now)
            elif now - state.told >= self._repeat:
                self._say(Note("alert-still", **self._about(state, now)), state, now)
        for key, state in list(self._states.items()):
            if key.startswith(tuple(unknown)):
                state.seen = now
            elif state.told is None and state.seen < now:
                del self._states[key]
            elif now - state.seen >= self._calm:
                self._say(Note("alert-over", **self._about(state, now, over=True)), state, now)
                del self._states[key]
        return self._changed

    def _about(self, state: _State, now: float, *, over: bool = False) -> dict[str, str]:
        # Discord shows the time in the reader's time zone.
        began = f"<t:{int(time.time() - (now - state.since))}:f>"
        return {"problem": describe(state.note, self._language, remedy=not over), "began": began}

    def _say(self, said: Note, state: _State, now: float) -> None:
        state.told = now
        self._tell(describe(said, self._language))
        self._changed = True

    def _loaded(self) -> dict[str, _State]:
        """Return what an earlier process told, with its times on this one's clock."""
        if self._file is None:
            return {}
        now, clock = self._tick(), time.time()

        def tick_of(moment: float) -> float:
            # The wall clock may have been changed: limit times to a plausible range.
            return now - min(max(0.0, clock - moment), self._repeat)

        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            return {
                key: _State(
                    Note.from_record(each["note"]),
                    tick_of(each["since"]),
                    now,
                    tick_of(each["told"]),
                )
                for key, each in kept.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def keep(self) -> None:
        """Store what was told. Blocks: call it from a worker thread, since a disk may hang."""
        if self._file is None:
            return
        past = time.time() - self._tick()
        kept = {
            key: {
                "note": state.note.to_record(),
                "since": past + state.since,
                "told": past + state.told,
            }
            for key, state in list(self._states.items())
            if state.told is not None
        }
        # A folder that can't be written is a trouble itself.
        with contextlib.suppress(OSError):
            partial = self._file.with_name(f"{self._file.name}.{os.getpid()}")
            partial.write_text(json.dumps(kept), encoding="utf-8")
            partial.replace(self._file)


class Webhook:
    """Posts texts to one Discord webhook, in order, with a bounded queue.

    Its URL is secret and never logged. ``told`` gets the result for each text.
    """

    def __init__(
        self,
        url: str,
        told: Callable[[SendResult], object],
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._url = url
        self._told = told
        self._pause = pause
        self._texts: asyncio.Queue[str] = asyncio.Queue(_QUEUED)

    def post(self, said: str) -> None:
        """Queue a text. If too many are waiting, it is dropped and logged."""
        try:
            self._texts.put_nowait(said[:_LONGEST_TEXT])
        except asyncio.QueueFull:
            self._told("dropped")
            _log.warning("too many alerts wait to be sent; dropped: %s", said)

    async def run(self) -> None:
        """Post queued texts until cancelled."""
        timeout = aiohttp.ClientTimeout(total=_TRY_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                said = await self._texts.get()
                failure = await self._posted(session, said)
                self._told("failed" if failure else "sent")
                if failure:
                    _log.error("an alert could not be sent (%s): %s", failure, said)

    async def _posted(self, session: aiohttp.ClientSession, said: str) -> str | None:
        """Return None once a text was posted, else why it wasn't."""
        body = {
            "content": said,
            "allowed_mentions": {"parse": []},
            "flags": _SUPPRESS_EMBEDS,
        }
        failure = ""
        for attempt in range(_TRIES):
            wait = min(_LONGEST_PAUSE, 2.0**attempt)
            try:
                async with session.post(
                    self._url, params={"wait": "true"}, json=body, allow_redirects=False
                ) as response:
                    if response.status < 300:
                        return None
                    failure = f"status {response.status}"
                    if response.status == 429:
                        wait = min(_LONGEST_PAUSE, await _retry_after(response) or wait)
                    elif response.status < 500:
                        return failure  # a deleted webhook doesn't come back
            except (aiohttp.ClientError, OSError, ValueError) as error:
                failure = type(error).__name__  # its message contains the URL
            if attempt < _TRIES - 1:
                await self._pause(wait)
        return failure


async def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Return how many seconds Discord asks to wait; None if it doesn't."""
    with contextlib.suppress(aiohttp.ClientError, ValueError, TypeError):
        said: Any = await response.json(content_type=None)
        return max(0.0, float(said["retry_after"])) if "retry_after" in said else None
    return None
