"""Whether a message got the behaviour that its line expects: what CI judges by.

The lines are those of `people_*.jsonl`: `expect` names the form and patterns of the answer that must
stand in it (`must`), in its first sentence (`first`) or not at all (`must_not`), and how new what is
cited has to be (`newest`). `../shared/score/people.py` judges the same way, and more closely.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_CITED = re.compile(r"\s*\[\d+\]")
_TALK = frozenset(["smalltalk", "help"])
_ANSWERING: Mapping[str, frozenset[str]] = {
    "answer": frozenset(["answer", "summary"]),
    "summary": frozenset(["answer", "summary", "digest"]),
    "timeline": frozenset(["timeline"]),
    "digest": frozenset(["digest", "summary"]),
}
_ENOUGH = 3  # reports of a digest


def wrong(expect: Mapping[str, Any], answer: Mapping[str, Any]) -> str | None:
    """What is wrong with an answer as `newsdesk ask --json` prints it; None if nothing is."""
    form, text = answer["form"], _plain(answer["answer"])
    days = [str(each["published_at"] or "")[:10] for each in answer["citations"]]
    wanted = expect["form"]
    if wanted in _TALK:
        fits = form in _TALK and not days and not answer["nearest"] and len(text) > 1
        return None if fits else f"form {form}"
    if wanted == "declined":
        corrected = expect.get("or_answer")
        fits = form in {"declined", *_TALK} and not days
        if not fits and form == "answer" and corrected:
            fits = not _lacking(corrected, text)
        return None if fits else f"form {form}"
    if wanted == "digest" and expect.get("articles") == 0:
        return None if not days or form == "declined" else "cites something of another time"
    if form not in _ANSWERING[wanted]:
        return f"form {form}"
    if wanted == "digest":
        return _wrong_digest(expect, days)
    first = _plain(answer["sentences"][0]["text"])
    lacking = [*_lacking(expect["must"], text), *_lacking(expect["first"], first)]
    if lacking:
        return f"lacks {lacking[0]}"
    if any(re.search(each, text, re.I) for each in expect["must_not"]):
        return "has what it must not have"
    if max(days) < expect.get("newest", ""):
        return f"the newest report cited is of {max(days)}"
    urls = [each["url"] for each in answer["citations"]]
    if any(expect.get("source", "") not in url for url in urls):
        return "cites another publisher"
    return None


def _wrong_digest(expect: Mapping[str, Any], days: list[str]) -> str | None:
    since, until = expect["period"]
    if any(not since <= day <= until for day in days):
        return f"cites something of another time than {since} to {until}"
    return None if len(days) >= min(_ENOUGH, expect["articles"]) else "too few reports"


def _lacking(patterns: Iterable[str], text: str) -> list[str]:
    return [each for each in patterns if not re.search(each, text, re.I | re.S)]


def _plain(text: str) -> str:
    return " ".join(_CITED.sub("", text).replace("’", "'").split())
