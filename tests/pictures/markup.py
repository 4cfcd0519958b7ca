"""Discord's markup as HTML, near enough to what its client makes of it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime

# The name behind a mention: of its kind (``@``, ``@&``, ``#``) and id.
Names = Callable[[str, int], str]

_ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
_LINK = re.compile(
    r"\[((?:\[\d+\]|[^\]\x00]|\x00\d+\x00)+)\]\((?:&lt;)?(https?://[^\s)]+?)(?:&gt;)?\)"
)
_BARE = re.compile(r"(?<![\"'>=])https?://[^\s<>\x00]+[^\s<>\x00.,;:!?)\]]")
_TIME = re.compile(r"&lt;t:(-?\d+)(?::(\w))?&gt;")
_MENTION = re.compile(r"&lt;(@&amp;|@!?|#)(\d+)&gt;")
_COMMAND = re.compile(r"&lt;(/[^:&]+):\d+&gt;")
_EMOJI = re.compile(r"&lt;a?(:\w+:)\d+&gt;")
# docs.discord.com/developers/reference#message-formatting-timestamp-styles
_TIME_FORMS = {
    "t": "%H:%M", "T": "%H:%M:%S", "d": "%d/%m/%Y", "D": "%-d %B %Y", "f": "%-d %B %Y %H:%M",
    "F": "%A, %-d %B %Y %H:%M",
}  # fmt: skip


def markup(text: str, names: Names, now: datetime | None = None) -> str:
    """Draw a text; what is escaped with a backslash stays as it is. ``now`` is for relative times."""
    kept: list[str] = []

    def keep(drawn: str) -> str:
        kept.append(drawn)
        return f"\0{len(kept) - 1}\0"

    def mention(match: re.Match[str]) -> str:
        kind = match[1].replace("&amp;", "&").replace("!", "")
        return _mention(kind[0] + names(kind, int(match[2])))

    text = re.sub(r"```(?:\w+\n)?\n?(.+?)```", lambda m: keep(f"<pre>{html.escape(m[1])}</pre>"), text, flags=re.DOTALL)  # fmt: skip
    text = re.sub(r"`([^`\n]+)`", lambda m: keep(f"<code>{html.escape(m[1])}</code>"), text)
    text = _ESCAPED.sub(lambda m: keep(html.escape(m[1])), text)
    text = html.escape(text, quote=False)
    text = _LINK.sub(r'<a href="\2">\1</a>', text)
    text = _BARE.sub(r"<a>\g<0></a>", text)
    text = _TIME.sub(lambda m: _time(int(m[1]), m[2] or "f", now), text)
    text = _MENTION.sub(mention, text)
    text = _COMMAND.sub(lambda m: _mention(m[1]), text)
    text = _EMOJI.sub(r"\1", text)
    text = re.sub(r"@(everyone|here)\b", _mention(r"@\1"), text)
    for level in (3, 2, 1):
        text = re.sub(rf"^{'#' * level} (.+)\n?", rf"<h{level}>\1</h{level}>", text, flags=re.MULTILINE)  # fmt: skip
    text = re.sub(r"^-# (.+)$", r"<small>\1</small>", text, flags=re.MULTILINE)
    text = re.sub(r"(?:^&gt; .*(?:\n|$))+", _quote, text, flags=re.MULTILINE)
    text = re.sub(
        r"^( *)[-*] ", lambda m: f"{'&emsp;' * (len(m[1]) // 2)}• ", text, flags=re.MULTILINE
    )
    for mark, tag in ((r"\*\*", "b"), ("__", "u"), ("~~", "s")):
        text = re.sub(rf"{mark}(.+?){mark}", rf"<{tag}>\1</{tag}>", text)
    text = re.sub(r"(?<![\w*])[*_](\S(?:[^\n]*?\S)?)[*_](?![\w*])", r"<i>\1</i>", text)
    while "\0" in text:
        text = re.sub(r"\0(\d+)\0", lambda m: kept[int(m[1])], text)
    return text


def _mention(words: str) -> str:
    return f"<span class=mention>{words}</span>"


def _quote(match: re.Match[str]) -> str:
    lines = [line.removeprefix("&gt; ") for line in match[0].rstrip("\n").split("\n")]
    return f"<blockquote>{chr(10).join(lines)}</blockquote>"


def _time(seconds: int, style: str, now: datetime | None) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    if style == "R":
        return f"<span class=t>{_relative((moment - (now or moment)).total_seconds())}</span>"
    return f"<span class=t>{moment:{_TIME_FORMS.get(style, _TIME_FORMS['f'])}}</span>"


def _relative(seconds: float) -> str:
    size = abs(seconds)
    unit, length = next(
        ((name, length) for name, length in (("day", 86400), ("hour", 3600), ("minute", 60)) if size >= length),
        ("second", 1),
    )  # fmt: skip
    count = round(size / length)
    words = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"in {words}" if seconds > 0 else f"{words} ago"
