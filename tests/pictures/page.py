"""Messages as Discord's dark client shows them, near enough to judge them by: HTML."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

from tests.discord_standin import Message
from tests.discord_standin.model import Json, label_of

_STYLE = """
body { background:#313338; color:#dbdee1; font:16px/1.375 'gg sans','Noto Sans',Arial,sans-serif; margin:0; padding:16px; width:680px }
.message { display:flex; gap:16px; margin-bottom:18px } .avatar { width:40px; height:40px; border-radius:50%; background:#5865f2; flex:none }
.name { color:#f2f3f5; font-weight:500 } .tag { background:#5865f2; color:#fff; font-size:10px; border-radius:3px; padding:1px 5px; margin-left:4px }
.only { color:#949ba4; font-size:13px; margin-top:4px }
.embed { background:#2b2d31; border-left:4px solid; border-radius:4px; padding:8px 16px 16px 12px; margin-top:4px; max-width:520px; font-size:14px; overflow-wrap:anywhere }
.author { font-weight:600; color:#f2f3f5; margin-top:8px } .description { margin-top:8px; white-space:pre-line } .field { margin-top:8px; white-space:pre-line }
.field b.n { color:#f2f3f5; display:block; font-size:14px } .footer { color:#b5bac1; font-size:12px; margin-top:8px } a { color:#00a8fc; text-decoration:none }
.t { background:#3d3f45; border-radius:3px; padding:0 2px } small { color:#949ba4 } blockquote { border-left:4px solid #4e5058; margin:2px 0; padding-left:10px }
.row { display:flex; gap:8px; margin-top:8px; flex-wrap:wrap } .button { background:#4e5058; color:#fff; border-radius:3px; padding:4px 14px; font-size:14px; font-weight:500 }
.p1 { background:#5865f2 } .select { background:#1e1f22; border-radius:4px; padding:8px 12px; width:360px; color:#949ba4; font-size:14px }
"""
_ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
_LINK = re.compile(r"\[((?:\[\d+\]|[^\]\x00]|\x00\d+\x00)+)\]\((https?://[^\s)]+)\)")
_TIME = re.compile(r"&lt;t:(\d+):(\w)&gt;")


def page(title: str, messages: list[Message]) -> str:
    body = "\n".join(map(_message, messages))
    return f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>{body}"


def _message(message: Message) -> str:
    parts = [f"<div class=name>{html.escape(message.author.name)}<span class=tag>APP</span></div>"]
    if message.content:
        parts.append(f"<div>{markup(message.content)}</div>")
    parts += map(_embed, message.embeds)
    parts += map(_row, message.components)
    if message.is_ephemeral:
        parts.append("<div class=only>Only you can see this</div>")
    return f"<div class=message><div class=avatar></div><div>{''.join(parts)}</div></div>"


def _embed(embed: Json) -> str:
    parts = []
    if author := embed.get("author"):
        parts.append(f"<div class=author>{html.escape(author['name'])}</div>")
    if title := embed.get("title"):
        parts.append(f"<div class=author>{markup(title)}</div>")
    if description := embed.get("description"):
        parts.append(f"<div class=description>{markup(description)}</div>")
    for field in embed.get("fields") or []:
        parts.append(
            f"<div class=field><b class=n>{markup(field['name'])}</b>{markup(field['value'])}</div>"
        )
    foot = [html.escape((embed.get("footer") or {}).get("text", ""))]
    if stamp := embed.get("timestamp"):
        foot.append(f"{datetime.fromisoformat(stamp):%d/%m/%Y %H:%M}")
    parts.append(f"<div class=footer>{' • '.join(part for part in foot if part)}</div>")
    return f'<div class=embed style="border-color:#{embed.get("color") or 0:06x}">{"".join(parts)}</div>'


def _row(row: Json) -> str:
    return f"<div class=row>{''.join(map(_part, row.get('components') or []))}</div>"


def _part(part: Json) -> str:
    kind = "select" if part["type"] == 3 else f"button p{part.get('style', 2)}"
    return f'<div class="{kind}">{html.escape(label_of(part))}</div>'


def markup(text: str) -> str:
    """Discord's markup as HTML; what is escaped with a backslash stays as it is."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(html.escape(match[1]))
        return f"\0{len(kept) - 1}\0"

    text = html.escape(_ESCAPED.sub(keep, text), quote=False)
    text = _LINK.sub(r'<a href="\2">\1</a>', text)
    text = _TIME.sub(_time, text)
    text = re.sub(r"^-# (.+)$", r"<small>\1</small>", text, flags=re.MULTILINE)
    text = re.sub(r"^&gt; (.+)$", r"<blockquote>\1</blockquote>", text, flags=re.MULTILINE)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    return re.sub(r"\0(\d+)\0", lambda match: kept[int(match[1])], text)


def _time(match: re.Match[str]) -> str:
    moment = datetime.fromtimestamp(int(match[1]), UTC)
    form: Any = "%-d %B %Y" if match[2] == "D" else "%-d %B %Y %H:%M"
    return f"<span class=t>{moment:{form}}</span>"
