"""Signals by which publishers reserve their texts against machines.

These are ``noai`` in robots' rules and the TDM Reservation Protocol (W3C community report, 2024).
``noimageai`` is about pictures, which are never fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from retrieval.extraction.structured import StructuredData

_OUR_NAME = "newsdesk"


def reservation(said: StructuredData, headers: Mapping[str, str]) -> str | None:
    """Return the code of the signal by which the publisher reserves the page (``noai``,
    ``tdm-reservation``); None if there is none.

    ``headers`` are those of the response, by lower-case name.
    """
    if _has_noai(headers.get("x-robots-tag", "")) or any(
        _has_noai(value) for name in ("robots", _OUR_NAME) for value in said.meta.get(name, ())
    ):
        return "noai"
    reserved = [headers.get("tdm-reservation", ""), *said.meta.get("tdm-reservation", ())]
    if any(value.strip().startswith("1") for value in reserved):
        return "tdm-reservation"
    return None


def _has_noai(rules: str) -> bool:
    """Look for ``noai`` in ``noindex, noai``; a rule after ``otherbot:`` is for that bot, up to the
    next name."""
    applies = True
    for rule in re.split(r"[,;]", rules.lower()):
        name, colon, rest = rule.partition(":")
        if colon and not re.match(r"\s*(?:max-|unavailable_after)", name):
            applies = name.strip() == _OUR_NAME
            rule = rest
        if applies and rule.strip() == "noai":
            return True
    return False
