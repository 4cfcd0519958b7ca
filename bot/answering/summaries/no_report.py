"""Recognize pages that don't report an event: roundups, galleries, quizzes, betting, shopping,
listings.

They aren't stories in a digest, and what they say about a story is secondary. They are recognized
by their titles, with the words of ``no_report.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from retrieval.catalogue.coverage import Report
from retrieval.stories.features import is_roundup

_SEPARATOR = re.compile(r"[,，、،]\s*")
# What follows a list of subjects: ": Daily Briefing".
_NAME_OF_LIST = re.compile(r":[^:,]*$")
_SUBJECTS, _SHORT = 4, 3  # parts (one fewer if the list has a name), and words of each


def reports_an_event(title: str) -> bool:
    """Return whether an article with this title reports an event."""
    if is_roundup(title) or _patterns().search(title.replace("’", "'")):
        return False
    # "Tariffs, economy, Harvard, FAA": a title that only lists subjects.
    subjects, named = _NAME_OF_LIST.subn("", title.removesuffix("...").strip())
    parts = _SEPARATOR.split(subjects)
    return len(parts) < _SUBJECTS - named or any(len(part.split()) > _SHORT for part in parts)


def telling(reports: Sequence[Report]) -> list[Report]:
    """Return the reports of events; all reports if there are none."""
    return [one for one in reports if reports_an_event(one.article.title)] or list(reports)


@cache
def _patterns() -> re.Pattern[str]:
    path = Path(__file__).with_name("no_report.json")
    words: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    phrases = sorted({each for listed in words.values() for each in listed}, key=len, reverse=True)
    return re.compile(
        "|".join(rf"(?<!\w){re.escape(phrase)}(?!\w)" for phrase in phrases), re.IGNORECASE
    )
