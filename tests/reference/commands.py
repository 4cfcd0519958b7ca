"""The command reference: the terminal's from its parser, Discord's from what is sent to Discord."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import typer

from bot.cli.main import app
from bot.cli.run import _commands
from bot.config.settings import load_settings
from tests.reference.pages import ROOT, table

_SUB, _GROUP = 1, 2  # types of options that are commands themselves
_TYPES = {3: "text", 4: "number", 5: "true or false", 6: "member", 7: "channel", 8: "role",
          10: "number", 11: "file"}  # fmt: skip
_OF_EVERY_COMMAND = {"help"}


def terminal() -> str:
    root = typer.main.get_command(app)
    return "\n\n".join(_terminal(root, "newsdesk", 3))


def _terminal(command: Any, name: str, level: int) -> Iterator[str]:
    within = getattr(command, "commands", None)
    if name != "newsdesk":
        yield f"{'#' * level} `{name}`"
        yield _paragraphs(command.help or "")
    rows = [_parameter(each) for each in command.params if each.name not in _OF_EVERY_COMMAND]
    if rows and name != "newsdesk":
        yield table(["Argument or option", "Default", "Description"], rows)
    for key, each in (within or {}).items():
        if not each.hidden:
            yield from _terminal(each, f"{name} {key}", level + (name != "newsdesk"))


def _parameter(parameter: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        return [f"`{parameter.make_metavar_for_docs()}`" if hasattr(parameter, "make_metavar_for_docs")
                else f"`{(parameter.name or '').upper()}`{'...' if parameter.nargs == -1 else ''}",
                "required" if parameter.required else "", parameter.help or ""]  # fmt: skip
    names = ", ".join(f"`{each}`" for each in (*parameter.opts, *parameter.secondary_opts))
    default = parameter.default
    shown = "" if default in (None, False, True, ()) or callable(default) else f"`{default}`"
    return [names, "required" if parameter.required else shown, parameter.help or ""]


def _paragraphs(text: str) -> str:
    blocks = re.split(r"\n\s*\n", text.replace("\b", "").strip())
    return "\n\n".join(" ".join(block.split()) for block in blocks)


def discord() -> str:
    settings = load_settings({}, ROOT / "no.env")
    parts = []
    for command in asyncio.run(_commands(settings)):
        restricted = " Moderators only." if command.get("default_member_permissions") else ""
        if command.get("type", 1) != 1:
            parts.append(
                f"### {command['name']}\n\nRight-click a message (on a phone, long-press it) and choose "
                f"*Apps*.{restricted}"
            )
            continue
        parts += _slash(command, f"/{command['name']}", restricted)
    return "\n\n".join(parts)


def _slash(command: dict[str, Any], name: str, restricted: str) -> Iterator[str]:
    options = command.get("options", [])
    within = [each for each in options if each["type"] in (_SUB, _GROUP)]
    level = 3 if " " not in name else 4
    yield f"{'#' * level} `{name}`\n\n{_sentence(command['description'])}{restricted}"
    if rows := [_option(each) for each in options if each not in within]:
        yield table(["Option", "Type", "Description"], rows)
    for each in within:
        yield from _slash(each, f"{name} {each['name']}", "")


def _option(option: dict[str, Any]) -> list[str]:
    kind = _TYPES[option["type"]]
    if chosen := option.get("choices"):
        kind = ", ".join(f"*{each['name']}*" for each in chosen)
    shown = kind if option.get("required") else f"Optional: {kind}"
    return [f"`{option['name']}`", shown, _sentence(option["description"])]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "…")) else f"{text}."
