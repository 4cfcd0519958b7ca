"""Messages as Discord's client shows them, near enough to judge them by: HTML.

One page for every width and both themes: below 500 pixels it is the phone's, and the fragment
``#light`` chooses the light theme.
"""

from __future__ import annotations

import base64
import html
import zlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tests.discord_standin import Message
from tests.discord_standin.model import (
    CONTAINER,
    GALLERY,
    SECTION,
    SELECTS,
    SEPARATOR,
    TEXT_DISPLAY,
    THUMBNAIL,
    Json,
    label_of,
)
from tests.pictures.markup import markup

_STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
_COMMAND_INTERACTION, _LINK_BUTTON = 2, 5


def page(title: str, bodies: Sequence[str]) -> str:
    """A whole page of messages that ``message_html`` drew."""
    head = f'<meta charset=utf-8><meta name=viewport content="width=device-width"><title>{title}</title>'  # fmt: skip
    return f"<!doctype html>{head}<style>{_STYLE}</style><a id=light></a>{''.join(bodies)}"


def message_html(message: Message, now: datetime, language: str = "en") -> str:
    """Draw a message as it stands now; ``now`` is what its relative times count from."""
    return _Drawing(message, now, language).html()


class _Drawing:
    def __init__(self, message: Message, now: datetime, language: str) -> None:
        self._message = message
        self._now = now
        self._only = {"de": "Nur du kannst diese Nachricht sehen"}.get(
            language, "Only you can see this"
        )

    def html(self) -> str:
        message = self._message
        author = message.author
        tag = "<span class=tag>APP</span>" if author.bot else ""
        parts = [f"<div class=name>{html.escape(author.name)}{tag}</div>"]
        if message.content:
            parts.append(f"<div class=text>{self._text(message.content)}</div>")
        parts += map(self._embed, message.embeds)
        shown = {e[key]["url"] for e in message.embeds for key in ("image", "thumbnail") if e.get(key)}  # fmt: skip
        for attached in message.attachments:
            if attached.url in shown:
                continue
            if attached.content_type.startswith("image/"):
                parts.append(self._image(attached.url, "picture"))
            else:
                size = f"{len(attached.content) / 1024:.1f} KB"
                parts.append(
                    f"<div class=file>📄 {html.escape(attached.filename)} <small>{size}</small></div>"
                )
        parts += map(self._component, message.components)
        if message.is_ephemeral:
            parts.append(f"<div class=only>👁 {self._only}</div>")
        kind = "avatar" if author.bot else "avatar person"
        avatar = f'<div class="{kind}">{html.escape(author.name[0])}</div>'
        return f"{self._above()}<div class=message>{avatar}<div class=body>{''.join(parts)}</div></div>"

    def _above(self) -> str:
        """Who used which command, or what it replies to."""
        asked, replied = self._message.interaction, self._message.replied_to
        if replied is not None:
            words = html.escape(replied.content or "Click to see attachment")
            return f"<div class=above><b>{html.escape(replied.author.name)}</b> {words}</div>"
        if asked is not None and asked.type == _COMMAND_INTERACTION:
            name = asked.data["name"]
            for step in asked.data.get("options") or []:
                name += f" {step['name']}" if step["type"] in (1, 2) else ""
            slash = "/" if asked.data["type"] == 1 else ""
            return f"<div class=above><b>{html.escape(asked.user.name)}</b> used <b>{slash}{html.escape(name)}</b></div>"
        return ""

    def _text(self, text: str) -> str:
        return markup(text, self._name, self._now)

    def _name(self, kind: str, number: int) -> str:
        """As the client knows it; what it can't find it shows so."""
        guild = self._message.channel.guild
        if kind == "@" and number == self._message.author.id:
            return html.escape(self._message.author.name)
        if guild is None:
            return "unknown"
        if kind == "@&":
            found = guild.roles.get(number)
            return html.escape(found.name) if found else "unknown-role"
        if kind == "#":
            place = guild.channels.get(number) or guild.threads.get(number)
            return html.escape(place.name or "") if place else "unknown"
        member = guild.members.get(number)
        return html.escape(member.account.name) if member else "unknown-user"

    def _image(self, url: str, kind: str) -> str:
        """Of what was attached its bytes; of what lies elsewhere a field of some colour, for nothing is
        fetched."""
        for attached in self._message.attachments:
            if url in (attached.url, f"attachment://{attached.filename}"):
                data = base64.b64encode(attached.content).decode()
                url = f"data:{attached.content_type};base64,{data}"
                return f'<img class="{kind}" src="{url}">'
        hue = zlib.crc32(url.encode()) % 360
        shade = f"linear-gradient(160deg,hsl({hue} 45% 62%),hsl({(hue + 40) % 360} 40% 34%))"
        return f'<div class="{kind} elsewhere" style="background:{shade}"></div>'

    def _embed(self, embed: Json) -> str:
        parts = []
        if author := embed.get("author"):
            parts.append(f"<div class=author>{html.escape(author['name'])}</div>")
        if title := embed.get("title"):
            words = self._text(title)
            linked = f"<a>{words}</a>" if embed.get("url") else words
            parts.append(f"<div class=title>{linked}</div>")
        if description := embed.get("description"):
            parts.append(f"<div class=description>{self._text(description)}</div>")
        parts.append(self._fields(embed.get("fields") or []))
        if image := embed.get("image"):
            parts.append(f"<div class=wide>{self._image(image['url'], 'picture')}</div>")
        if thumbnail := embed.get("thumbnail"):
            parts.append(self._image(thumbnail["url"], "thumb"))
        foot = [html.escape((embed.get("footer") or {}).get("text", ""))]
        if stamp := embed.get("timestamp"):
            foot.append(f"{datetime.fromisoformat(stamp):%d/%m/%Y %H:%M}")
        if any(foot):
            parts.append(f"<div class=footer>{' • '.join(part for part in foot if part)}</div>")
        colour = f"#{embed['color']:06x}" if embed.get("color") else "var(--line)"
        return f'<div class=embed style="border-color:{colour}">{"".join(parts)}</div>'

    def _fields(self, fields: list[Json]) -> str:
        """Inline ones beside one another, at most three in a line."""
        drawn, line = [], 0
        for at, field in enumerate(fields):
            kind = "field"
            if field.get("inline"):
                if line == 0:
                    rest = [each.get("inline", False) for each in fields[at : at + 3]]
                    line = (rest.index(False) if False in rest else len(rest)) or 1
                    width = line
                kind += f" in{width}" if width > 1 else ""
                line -= 1
            else:
                line = 0
            name, value = self._text(field["name"]), self._text(field["value"])
            drawn.append(f'<div class="{kind}"><div class=key>{name}</div><div class=value>{value}</div></div>')  # fmt: skip
        return f"<div class=fields>{''.join(drawn)}</div>" if drawn else ""

    def _component(self, part: Json) -> str:
        inner = "".join(map(self._component, part.get("components") or []))
        kind = part["type"]
        if kind == CONTAINER:
            colour = f' style="border-left-color:#{part["accent_color"]:06x}"' if part.get("accent_color") else ""  # fmt: skip
            return f"<div class=container{colour}>{inner}</div>"
        if kind == SECTION:
            return f"<div class=section><div>{inner}</div>{self._component(part['accessory'])}</div>"  # fmt: skip
        if kind == TEXT_DISPLAY:
            return f"<div class=text>{self._text(part['content'])}</div>"
        if kind == THUMBNAIL:
            return self._image(part["media"]["url"], "thumb")
        if kind == GALLERY:
            return "".join(self._image(each["media"]["url"], "picture") for each in part["items"])
        if kind == SEPARATOR:
            return "<hr>"
        if kind in SELECTS:
            return self._select(part)
        if inner:
            return f"<div class=row>{inner}</div>"
        return self._button(part)

    def _select(self, part: Json) -> str:
        chosen = [each["label"] for each in part.get("options") or [] if each.get("default")]
        for each in part.get("default_values") or []:
            kind = {"user": "@", "role": "@&", "channel": "#"}[each["type"]]
            chosen.append(kind[0] + html.unescape(self._name(kind, int(each["id"]))))
        words = html.escape(", ".join(chosen) or part.get("placeholder") or "Make a selection")
        off = " off" if part.get("disabled") else ""
        shown = f"<span class=chosen>{words}</span>" if chosen else f"<span>{words}</span>"
        return f'<div class="select{off}">{shown}<span>⌄</span></div>'

    def _button(self, part: Json) -> str:
        style = part.get("style", 2)
        emoji = (part.get("emoji") or {}).get("name") or ""
        words = label_of(part)
        if emoji and words != emoji:
            words = f"{emoji} {words}"
        words += " ↗" if style == _LINK_BUTTON else ""
        off = " off" if part.get("disabled") else ""
        return f'<div class="button p{style}{off}">{html.escape(words)}</div>'
