"""Pages that report no event: roundups, pictures, quizzes, betting, shopping and what is on.

They tell no story of their own in a digest, and what they say of a story is beside it. Told by
their titles, by words of ``no_report.json``.
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
# What stands behind a list of subjects: ": Daily Briefing".
_NAME_OF_LIST = re.compile(r":[^:,]*$")
_SUBJECTS, _SHORT = 4, 3  # parts, and words of each; of a list with a name a part less


def reports_an_event(title: str) -> bool:
    if is_roundup(title) or _patterns().search(title.replace("’", "'")):
        return False
    # "Tariffs, economy, Harvard, FAA": a title that only lists subjects.
    subjects, named = _NAME_OF_LIST.subn("", title.removesuffix("...").strip())
    parts = _SEPARATOR.split(subjects)
    return len(parts) < _SUBJECTS - named or any(len(part.split()) > _SHORT for part in parts)


def telling(reports: Sequence[Report]) -> list[Report]:
    """The reports that report an event; all of them if none does."""
    return [one for one in reports if reports_an_event(one.article.title)] or list(reports)


@cache
def _patterns() -> re.Pattern[str]:
    path = Path(__file__).with_name("no_report.json")
    words: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    phrases = sorted({each for listed in words.values() for each in listed}, key=len, reverse=True)
    return re.compile(
        "|".join(rf"(?<!\w){re.escape(phrase)}(?!\w)" for phrase in phrases), re.IGNORECASE
    )
