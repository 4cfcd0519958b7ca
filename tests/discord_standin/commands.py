"""Application commands: what the bot registered, checked as Discord checks it."""

from __future__ import annotations

import re
from typing import Any

from .errors import FormErrors, not_found
from .model import Account, Channel, Guild, Json, Role
from .permissions import ALL, USE_COMMANDS, in_channel
from .world import World

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP = 1, 2
_NAME = re.compile(r"^[-_'\w]{1,32}$")


class Commands:
    """Global commands and those of servers, and how often they were written."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_place: dict[int | None, dict[int, Json]] = {None: {}}
        # How often each place's commands were overwritten; ``None`` is the global list.
        self.syncs: dict[int | None, int] = {}
        # An administrator opened every command to everyone, whatever the bot's defaults say.
        self.open_to_all = False
        # By server, the roles and people to whom an administrator opened all commands.
        self._allowed: dict[int, set[int]] = {}

    def allow(self, guild: Guild, *who: Role | Account) -> None:
        """An administrator opens the app's commands to roles or people, under Integrations.

        docs.discord.com/developers/interactions/application-commands#permissions
        """
        self._allowed.setdefault(guild.id, set()).update(each.id for each in who)

    def shows(self, channel: Channel, person: Account, command: Json) -> bool:
        """Whether Discord shows a command to a person there: for want of an administrator's word by
        ``default_member_permissions``, where "0" is for administrators alone.

        docs.discord.com/developers/interactions/application-commands#permissions
        """
        have = in_channel(channel, person)
        if not have & USE_COMMANDS:
            return False
        needed = command["default_member_permissions"]
        if channel.guild is None or needed is None or self.open_to_all or have == ALL:
            return True
        member = channel.guild.members[person.id]
        if self._allowed.get(channel.guild.id, set()) & {person.id, *member.roles}:
            return True
        return bool(int(needed)) and have & int(needed) == int(needed)

    def all(self, guild_id: int | None = None) -> list[Json]:
        return list(self._by_place.get(guild_id, {}).values())

    def overwrite(self, guild_id: int | None, bodies: list[Json]) -> list[Json]:
        self.syncs[guild_id] = self.syncs.get(guild_id, 0) + 1
        errors = FormErrors()
        counts = {SLASH: 0, USER_MENU: 0, MESSAGE_MENU: 0}
        for index, body in enumerate(bodies):
            _check(body, f"{index}", errors)
            counts[body.get("type") or SLASH] = counts.get(body.get("type") or SLASH, 0) + 1
        keys = [(body.get("type") or SLASH, body.get("name")) for body in bodies]
        if len(keys) != len(set(keys)):
            errors.add("0.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")  # fmt: skip
        if counts[SLASH] > 100 or counts[USER_MENU] > 15 or counts[MESSAGE_MENU] > 15:
            errors.add("0", "APPLICATION_COMMANDS_MAX", "Maximum number of application commands reached")  # fmt: skip
        errors.check()
        old = {(c["type"], c["name"]): c for c in self.all(guild_id)}
        made = [self._stored(body, guild_id, old) for body in bodies]
        self._by_place[guild_id] = {int(c["id"]): c for c in made}
        return made

    def upsert(self, guild_id: int | None, body: Json) -> Json:
        errors = FormErrors()
        _check(body, "", errors)
        errors.check()
        old = {(c["type"], c["name"]): c for c in self.all(guild_id)}
        made = self._stored(body, guild_id, old)
        self._by_place.setdefault(guild_id, {})[int(made["id"])] = made
        return made

    def edit(self, guild_id: int | None, command_id: int, body: Json) -> Json:
        old = self.get(guild_id, command_id)
        merged = {**old, **body}
        errors = FormErrors()
        _check(merged, "", errors)
        errors.check()
        made = {**self._stored(merged, guild_id, {}), "id": old["id"]}
        self._by_place[guild_id][command_id] = made
        return made

    def get(self, guild_id: int | None, command_id: int) -> Json:
        found = self._by_place.get(guild_id, {}).get(command_id)
        if found is None:
            raise not_found(10063)
        return found

    def remove(self, guild_id: int | None, command_id: int) -> None:
        self.get(guild_id, command_id)
        del self._by_place[guild_id][command_id]

    def usable(
        self, guild_id: int | None, kind: int, install: int = 0, *, in_group: bool = False
    ) -> list[Json]:
        """Commands of this kind in a server or, with ``None``, in direct messages, of an app that is
        installed in the server (``install`` 0) or by a person for themselves (1).

        docs.discord.com/developers/interactions/application-commands#contexts
        """
        found = {c["name"]: c for c in self.all(None) if c["type"] == kind}
        if guild_id is not None:
            found |= {c["name"]: c for c in self.all(guild_id) if c["type"] == kind}
        context = (2 if in_group else 1) if guild_id is None else 0
        return [
            c
            for c in found.values()
            if install in c["integration_types"]
            and (c["contexts"] is None or context in c["contexts"])
            and (guild_id is not None or c.get("dm_permission", True) is not False)
        ]

    def _stored(self, body: Json, guild_id: int | None, old: dict[tuple[int, str], Json]) -> Json:
        kind = body.get("type") or SLASH
        before = old.get((kind, body["name"]))
        permissions = body.get("default_member_permissions")
        stored: Json = {
            "id": before["id"] if before else str(self._world.ids.next()), "type": kind,
            "application_id": str(self._world.application_id), "name": body["name"],
            "name_localizations": body.get("name_localizations"),
            "description": body.get("description") or "",
            "description_localizations": body.get("description_localizations"),
            "options": body.get("options") or [],
            "default_member_permissions": None if permissions is None else str(permissions),
            "dm_permission": body.get("dm_permission", True), "nsfw": bool(body.get("nsfw")),
            "contexts": body.get("contexts"),
            "integration_types": body.get("integration_types") or [0],
            "version": str(self._world.ids.next()),
        }  # fmt: skip
        if guild_id is not None:
            stored["guild_id"] = str(guild_id)
        return stored


def _check(body: Json, at: str, errors: FormErrors) -> None:
    dot = f"{at}." if at else ""
    kind = body.get("type") or SLASH
    name = str(body.get("name") or "")
    if kind == SLASH:
        _check_name(name, f"{dot}name", errors)
        _check_description(body, dot, errors)
    elif not 1 <= len(name) <= 32:
        errors.add(f"{dot}name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 32 in length.")
    for key, limit in (("name_localizations", 32), ("description_localizations", 100)):
        for locale, text in (body.get(key) or {}).items():
            errors.too_long(f"{dot}{key}.{locale}", text, limit)
            if key == "name_localizations" and kind == SLASH:
                _check_name(str(text), f"{dot}{key}.{locale}", errors)
    size = _size(body)
    if size > 8000:
        errors.add(f"{dot}options", "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")  # fmt: skip
    _check_options(body.get("options") or [], f"{dot}options", errors)


def _check_name(name: str, at: str, errors: FormErrors) -> None:
    if not _NAME.match(name) or name != name.lower():
        errors.add(at, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_description(body: Json, dot: str, errors: FormErrors) -> None:
    text = str(body.get("description") or "")
    if not 1 <= len(text) <= 100:
        errors.add(f"{dot}description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")  # fmt: skip


def _check_options(options: list[Json], at: str, errors: FormErrors) -> None:
    if len(options) > 25:
        errors.add(at, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    names = [option.get("name") for option in options]
    if len(names) != len(set(names)):
        errors.add(at, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists")  # fmt: skip
    optional_seen = False
    for number, option in enumerate(options):
        here = f"{at}.{number}"
        _check_name(str(option.get("name") or ""), f"{here}.name", errors)
        _check_description(option, f"{here}.", errors)
        if option.get("type") in (SUBCOMMAND, GROUP):
            _check_options(option.get("options") or [], f"{here}.options", errors)
            continue
        if option.get("required") and optional_seen:
            errors.add(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options must be placed before non-required options")  # fmt: skip
        optional_seen = optional_seen or not option.get("required")
        choices = option.get("choices") or []
        if len(choices) > 25:
            errors.add(f"{here}.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
        if choices and option.get("autocomplete"):
            errors.add(f"{here}.autocomplete", "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES", "Choices and autocomplete exclude each other")  # fmt: skip
        for index, choice in enumerate(choices):
            for key in ("name", "value"):
                errors.too_long(f"{here}.choices.{index}.{key}", choice.get(key), 100)


def _size(body: Any) -> int:
    """Characters of names, descriptions and choice values, as Discord adds them up."""
    total = sum(len(str(body.get(key) or "")) for key in ("name", "description"))
    for choice in body.get("choices") or []:
        total += len(str(choice.get("name", ""))) + len(str(choice.get("value", "")))
    return total + sum(_size(option) for option in body.get("options") or [])
