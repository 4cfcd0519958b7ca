"""What a person types into a command, checked as Discord's client checks it."""

from __future__ import annotations

from typing import Any

from . import payloads
from .model import Account, Channel, Guild, Json, Role
from .permissions import in_channel
from .world import World

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER = 1, 2, 3, 4, 5, 6
CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 7, 8, 9, 10, 11
TYPED_AT_MOST = 6_000


class NotPossible(AssertionError):
    """Discord would not let a person do this."""


def find(commands: list[Json], path: str) -> tuple[Json, list[Json]]:
    """A command by ``"feeds add"``: itself, and the (sub)commands down to the last."""
    words = path.split()
    command = next((c for c in commands if c["name"] == words[0]), None)
    if command is None:
        known = ", ".join("/" + c["name"] for c in commands) or "none"
        raise NotPossible(f"there is no command /{words[0]} here; there are: {known}")
    steps = [command]
    for word in words[1:]:
        inner = [o for o in steps[-1].get("options") or [] if o["type"] in (SUBCOMMAND, GROUP)]
        step = next((o for o in inner if o["name"] == word), None)
        if step is None:
            raise NotPossible(f"/{path}: {word} is none of {[o['name'] for o in inner]}")
        steps.append(step)
    if any(o["type"] in (SUBCOMMAND, GROUP) for o in steps[-1].get("options") or []):
        raise NotPossible(f"/{path} needs a subcommand")
    return command, steps


class Filled:
    """The options of one command, filled in."""

    def __init__(self, world: World, guild: Guild | None, typing: str | None = None) -> None:
        self._world = world
        self._guild = guild
        # The option being typed, when it is an autocompletion.
        self._typing = typing
        self.resolved: Json = {}

    def data(self, command: Json, steps: list[Json], values: dict[str, Any]) -> Json:
        """``data`` of the interaction."""
        described = steps[-1].get("options") or []
        unknown = set(values) - {o["name"] for o in described}
        if unknown:
            known = ", ".join(o["name"] for o in described) or "none"
            raise NotPossible(
                f"{command['name']} has no option {', '.join(sorted(unknown))}; it has: {known}"
            )
        filled = [self._option(o, values) for o in described if o["name"] in values]
        if self._typing is None:
            missing = [
                o["name"] for o in described if o.get("required") and o["name"] not in values
            ]
            if missing:
                raise NotPossible(f"/{command['name']} needs {', '.join(missing)}")
        for step in reversed(steps[1:]):
            filled = [{"type": step["type"], "name": step["name"], "options": filled}]
        found: Json = {
            "id": command["id"], "name": command["name"], "type": 1, "options": filled,
        }  # fmt: skip
        if self.resolved:
            found["resolved"] = self.resolved
        if "guild_id" in command:
            found["guild_id"] = command["guild_id"]
        return found

    def _option(self, described: Json, values: dict[str, Any]) -> Json:
        name, kind, value = described["name"], described["type"], values[described["name"]]
        if name == self._typing:
            if not described.get("autocomplete"):
                raise NotPossible(f"{name} has no autocompletion")
            return {"type": kind, "name": name, "value": value, "focused": True}
        return {"type": kind, "name": name, "value": self._value(described, kind, value)}

    def _value(self, described: Json, kind: int, value: Any) -> Any:
        name = described["name"]
        if kind in (STRING, INTEGER, NUMBER):
            return _plain(described, kind, value)
        if kind == BOOLEAN:
            if not isinstance(value, bool):
                raise NotPossible(f"{name} is True or False")
            return value
        if kind == ATTACHMENT:
            filename, content = value
            return self._attachment(filename, content)
        if kind in (USER, MENTIONABLE) and isinstance(value, Account):
            self.add_user(value)
            return str(value.id)
        if kind in (ROLE, MENTIONABLE) and isinstance(value, Role):
            self.resolved.setdefault("roles", {})[str(value.id)] = payloads.role(value)
            return str(value.id)
        if kind == CHANNEL and isinstance(value, Channel):
            kinds = described.get("channel_types")
            if kinds and value.type not in kinds:
                raise NotPossible(f"{name} takes channels of the types {kinds}")
            shown = payloads.channel(value)
            shown["permissions"] = str(in_channel(value, self._world.bot))
            self.resolved.setdefault("channels", {})[str(value.id)] = shown
            return str(value.id)
        raise NotPossible(f"{name} does not take {value!r}")

    def add_user(self, account: Account) -> None:
        self.resolved.setdefault("users", {})[str(account.id)] = payloads.user(account)
        if self._guild is not None and account.id in self._guild.members:
            shown = payloads.member(self._guild.members[account.id], with_user=False)
            shown["permissions"] = "0"
            self.resolved.setdefault("members", {})[str(account.id)] = shown

    def _attachment(self, filename: str, content: bytes) -> str:
        place = f"ephemeral-attachments/{self._world.application_id}"
        made = self._world.store(place, filename, content)
        shown = payloads.attachment(made) | {"ephemeral": True}
        self.resolved.setdefault("attachments", {})[str(made.id)] = shown
        return str(made.id)


def _plain(described: Json, kind: int, value: Any) -> Any:
    name = described["name"]
    if choices := described.get("choices"):
        by_name = {c["name"]: c["value"] for c in choices}
        if value not in by_name and value not in by_name.values():
            raise NotPossible(f"{name} is one of {list(by_name)}")
        return by_name.get(value, value)
    if kind == STRING:
        if not isinstance(value, str) or not value:
            raise NotPossible(f"{name} is a text")
        low = described.get("min_length") or 0
        high = min(described.get("max_length") or TYPED_AT_MOST, TYPED_AT_MOST)
        if not low <= len(value) <= high:
            raise NotPossible(f"{name} has {low} to {high} characters, not {len(value)}")
    elif isinstance(value, bool) or not isinstance(value, int if kind == INTEGER else (int, float)):
        raise NotPossible(f"{name} is a number")
    else:
        low, high = described.get("min_value"), described.get("max_value")
        if (low is not None and value < low) or (high is not None and value > high):
            raise NotPossible(f"{name} is between {low} and {high}, not {value}")
    return value
