"""How many tokens a text has, for a model that may be unknown."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable

_log = logging.getLogger(__name__)

CountTokens = Callable[[str], int]

_LOAD_SECONDS = 5.0
# Measured on news with cl100k: 4.6 characters a token in English, 2 and less in other scripts.
_PIECE = re.compile(r"[A-Za-z]+|\d|[^\sA-Za-z\d]")
_LETTERS_A_TOKEN = 6
_MARGIN = 1.1


def estimated(text: str) -> int:
    """Return an estimate that is rather too high: words by their length, digits and signs one by
    one."""
    pieces = sum(-(-len(piece) // _LETTERS_A_TOKEN) for piece in _PIECE.findall(text))
    return int(pieces * _MARGIN) + 1


async def token_counter(model: str) -> CountTokens:
    """Return a function that counts tokens: tiktoken's if it knows the model, otherwise an
    estimate.

    tiktoken downloads a vocabulary once; without a network the estimate is used.
    """
    try:
        async with asyncio.timeout(_LOAD_SECONDS):
            return await asyncio.to_thread(_exact, model)
    except Exception as error:  # noqa: BLE001 - whatever a download can raise, an estimate will do
        _log.debug("Tokens of %s are estimated (%s).", model, error)
        return estimated


def _exact(model: str) -> CountTokens:
    import tiktoken

    encoding = tiktoken.encoding_for_model(model)
    return lambda text: len(encoding.encode(text, disallowed_special=()))
