"""Renamed settings: the former name still works, with a warning."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import NamedTuple

from retrieval.errors import Note, SettingsError


class _NewName(NamedTuple):
    """``factor`` converts a number in the former unit into the new unit."""

    name: str
    factor: int = 1


RENAMED_SETTINGS = {
    "NEWSDESK_FEED_SHORTEST_MINUTES": _NewName("NEWSDESK_FEED_MIN_INTERVAL_MINUTES"),
    "NEWSDESK_FEED_LONGEST_HOURS": _NewName("NEWSDESK_FEED_MAX_INTERVAL_MINUTES", 60),
    "NEWSDESK_FEED_PAUSE_DAYS": _NewName("NEWSDESK_FEED_PAUSE_AFTER_FAILING_DAYS"),
    "NEWSDESK_JOBS_WAITING": _NewName("NEWSDESK_MAX_QUEUED_JOBS"),
    "NEWSDESK_WAITING_QUESTIONS": _NewName("NEWSDESK_MAX_QUEUED_QUESTIONS"),
    "NEWSDESK_ANSWERS_AT_ONCE": _NewName("NEWSDESK_MAX_CONCURRENT_ANSWERS"),
    "NEWSDESK_ANSWERS_AT_ONCE_PER_SERVER": _NewName("NEWSDESK_MAX_CONCURRENT_ANSWERS_PER_SERVER"),
    "NEWSDESK_STOP_SECONDS": _NewName("NEWSDESK_SHUTDOWN_TIMEOUT_SECONDS"),
    "NEWSDESK_MODEL_SECONDS": _NewName("NEWSDESK_MODEL_FIRST_TOKEN_TIMEOUT_SECONDS"),
    "NEWSDESK_ANSWER_SECONDS": _NewName("NEWSDESK_ANSWER_TIMEOUT_SECONDS"),
    "NEWSDESK_GRACE_DAYS": _NewName("NEWSDESK_GUILD_DATA_RETENTION_DAYS"),
    "NEWSDESK_KEEP_ANSWERS_DAYS": _NewName("NEWSDESK_ANSWER_RETENTION_DAYS"),
    "NEWSDESK_SECOND_OPINION": _NewName("NEWSDESK_LLM_VERIFY_SENTENCES"),
    "NEWSDESK_RERANK_SECONDS": _NewName("NEWSDESK_RERANKER_TIMEOUT_SECONDS"),
}


class RenamedSetting(UserWarning):
    """A setting was given under its former name."""

    def __init__(self, note: Note) -> None:
        super().__init__(str(note))
        self.note = note


def with_new_names(given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with former names replaced by new ones, and numbers in the new unit.

    Warns about each former name. Raises ``SettingsError`` (``setting-given-twice``) if both names
    are set.
    """
    found = dict(given)
    for old, new in RENAMED_SETTINGS.items():
        value = found.pop(old, "")
        if not value.strip():
            continue
        if found.get(new.name, "").strip():
            raise SettingsError("setting-given-twice", old=old, new=new.name)
        found[new.name] = _converted(value, new.factor)
        note = Note("setting-renamed", old=old, new=new.name)
        warnings.warn(RenamedSetting(note), stacklevel=3)
    return found


def _converted(value: str, factor: int) -> str:
    if factor == 1:
        return value
    try:
        return f"{float(value) * factor:g}"
    except ValueError:  # the validation of the value reports it
        return value
