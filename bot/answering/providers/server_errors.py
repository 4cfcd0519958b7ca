"""What servers say when they refuse a request, in the forms that real servers use.

OpenAI and Azure name the parameter in ``param``; Mistral and other pydantic servers in ``loc``;
Gemini answers with a list; DeepSeek, Groq, vLLM and LM Studio name it only in the message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|context[ _](?:length|size|window)|maximum context|n_ctx"
    r"|(?:max_tokens|max_completion_tokens) must be at least 1, got -|input token count .{0,40}exceeds"
    r"|prompt is too long|too many (?:input )?tokens|string_above_max_length",
    re.IGNORECASE,
)
_LIMITS = (
    re.compile(r"(?:maximum|max) (?:context|model|sequence) length (?:is|of) (\d+)", re.IGNORECASE),
    re.compile(r"context (?:size|window|length) \(?(?:of )?(?:only )?(\d+)", re.IGNORECASE),
    re.compile(r"context length of (?:only )?(\d+)", re.IGNORECASE),
    re.compile(r"n_ctx\W{1,4}(\d+)"),
    re.compile(r"maximum number of (?:input )?tokens allowed \(?(\d+)", re.IGNORECASE),
    re.compile(r"context window of (\d+)", re.IGNORECASE),
    re.compile(r"> (\d+) maximum", re.IGNORECASE),
)
_MOST_WRITTEN = re.compile(
    r"(?:at most|up to|maximum (?:value|allowed|number)?[^\d]{0,40}|less than or equal to|<=|between 1 and|\[1, ?) ?(\d{2,7})",
    re.IGNORECASE,
)
_NO_SYSTEM_ROLE = re.compile(
    r"system role (?:is )?not supported|does not support (?:the )?['\"`]?system|developer instruction is not enabled"
    r"|system (?:message|prompt|instruction)s? (?:is|are) not (?:supported|enabled|allowed)|roles must alternate"
    r"|only (?:user and assistant|user|'user') roles|unexpected role ['\"]?system|messages\W{1,2}0\W.{0,4}role",
    re.IGNORECASE,
)
_LOADING = re.compile(
    r"loading model|model is (?:currently )?loading|currently loading|is not ready|warming up",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content_filter|content management policy|responsible ?ai ?policy|content_policy|\bsafety\b.{0,40}\bblocked|data_inspection_failed",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ServerError:
    """An error as a server worded it: ``text`` is everything its body says, ``names`` the
    parameters it points to."""

    status: int
    text: str
    names: frozenset[str]

    @property
    def is_too_long(self) -> bool:
        """Whether the request has more tokens than the model reads."""
        return bool(_TOO_LONG.search(self.text))

    @property
    def context_tokens(self) -> int | None:
        """How many tokens the model reads and writes together, if the error says so."""
        found = [int(match[1]) for each in _LIMITS if (match := each.search(self.text))]
        return min((limit for limit in found if limit >= 64), default=None)

    @property
    def is_loading(self) -> bool:
        """Whether the server is still loading its model."""
        return self.status in (503, 500, 429, 425) and bool(_LOADING.search(self.text))

    @property
    def is_filtered(self) -> bool:
        """Whether a filter blocks the request or the answer."""
        return bool(_FILTERED.search(self.text))

    @property
    def refuses_system_role(self) -> bool:
        """Whether the model has no system role."""
        return self.status in (400, 422, 500) and bool(_NO_SYSTEM_ROLE.search(self.text))

    def refused(self, sent: Collection[str]) -> str | None:
        """Return which of the parameters ``sent`` is refused by name, or None."""
        if self.status not in (400, 404, 415, 422, 500, 501) or self.is_too_long:
            return None
        pointed = [name for name in sent if name in self.names]
        if pointed:
            return pointed[0]
        quoted = [name for name in sent if re.search(rf"['\"`‘“]{name}['\"`’”.]", self.text)]
        plain = [
            name
            for name in sent
            if len(name) > 1 and re.search(rf"(?<![\w]){name}(?![\w])", self.text)
        ]
        return next(iter(quoted or plain), None)

    def most_written(self, sent: int) -> int | None:
        """Return the most tokens that may be written if the error says so and that is less than
        ``sent``, or None."""
        if match := _MOST_WRITTEN.search(self.text):
            most = int(match[1])
            return most if 16 <= most < sent else None
        return None

    @property
    def message(self) -> str:
        """The beginning of its text, for people."""
        return " ".join(self.text.split())[:200]


def server_error(status: int, body: object) -> ServerError:
    """Return the error of a body: parsed JSON, or text that may contain JSON."""
    body = _parsed(body)
    texts = list(dict.fromkeys(_texts(body)))
    return ServerError(status, " | ".join(texts), frozenset(_names(body)))


def _parsed(body: object) -> object:
    if isinstance(body, (bytes, str)):
        try:
            return json.loads(body)
        except ValueError:
            return body.decode(errors="replace") if isinstance(body, bytes) else body
    return body


def _texts(body: object, key: str = "") -> Iterator[str]:
    """Yield all strings of the body, messages first; numbers with their key."""
    if isinstance(body, dict):
        ordered = sorted(
            body.items(), key=lambda item: item[0] not in ("message", "msg", "detail", "error")
        )
        for name, value in ordered:
            yield from _texts(value, str(name))
    elif isinstance(body, list):
        for value in body:
            yield from _texts(value, key)
    elif isinstance(body, str):
        nested = _parsed(body) if body[:1] in "{[" else body
        if isinstance(nested, (dict, list)):
            yield from _texts(nested, key)
        elif body.strip():
            yield body
    elif isinstance(body, int) and key in ("n_ctx", "n_prompt_tokens"):
        yield f"{key}: {body}"


def _names(body: object) -> Iterator[str]:
    """Yield what ``param``, ``loc`` and ``field`` point to, anywhere in the body."""
    if isinstance(body, dict):
        for name, value in body.items():
            if name in ("param", "field", "parameter") and isinstance(value, str):
                yield value
            elif name == "loc" and isinstance(value, list):
                yield from (each for each in value if isinstance(each, str))
            else:
                yield from _names(value)
    elif isinstance(body, list):
        for value in body:
            yield from _names(value)
    elif isinstance(body, str) and body[:1] in "{[":
        nested: Any = _parsed(body)
        if not isinstance(nested, str):
            yield from _names(nested)
