"""What Discord answers when it refuses.

Codes: docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MESSAGES = {
    0: "404: Not Found",
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10011: "Unknown Role",
    10013: "Unknown User",
    10014: "Unknown Emoji",
    10015: "Unknown Webhook",
    10062: "Unknown interaction",
    10063: "Unknown application command",
    20012: "You are not authorized to perform this action on this application",
    30001: "Maximum number of guilds reached",
    30007: "Maximum number of webhooks reached (15)",
    40003: "You are opening direct messages too fast",
    40005: "Request entity too large",
    40094: "This interaction has reached the maximum number of follow up messages",
    40060: "Interaction has already been acknowledged.",
    50001: "Missing Access",
    50003: "Cannot execute action on a DM channel",
    50005: "Cannot edit a message authored by another user",
    50006: "Cannot send an empty message",
    50007: "Cannot send messages to this user",
    50013: "Missing Permissions",
    50021: "Cannot execute action on a system message",
    40033: "This message has already been crossposted",
    50024: "Cannot execute this action on this channel type",
    50027: "Invalid Webhook Token",
    50035: "Invalid Form Body",
    50083: "Thread is archived",
    50109: "The request body contains invalid JSON.",
    160002: "Cannot reply without permission to read message history",
    160004: "A thread has already been created for this message",
}

MISTAKES = {50006, 50035, 50109, 40060, 40005}


class ApiError(Exception):
    """A refusal: HTTP status, Discord's code and, for forms, the field errors."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str | None = None,
        errors: dict[str, Any] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message or MESSAGES.get(code, "Error")
        self.errors = errors
        # The bot's own mistake, whatever the state of the server.
        self.mistake = code in MISTAKES
        super().__init__(f"{status} {code} {self.message}")

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


def not_found(code: int) -> ApiError:
    return ApiError(404, code)


def missing_permissions() -> ApiError:
    return ApiError(403, 50013)


def missing_access() -> ApiError:
    return ApiError(403, 50001)


class FormErrors:
    """Collects field errors, then refuses with all of them at once."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[str, str]]] = {}

    def add(self, path: str, code: str, message: str) -> None:
        """``path`` is dotted: ``embeds.0.title``."""
        self._found.setdefault(path, []).append((code, message))

    def too_long(self, path: str, text: object, limit: int) -> None:
        if isinstance(text, str) and length(text) > limit:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")

    def check(self) -> None:
        if not self._found:
            return
        tree: dict[str, Any] = {}
        for path, errors in self._found.items():
            node = tree
            for part in path.split("."):
                node = node.setdefault(part, {})
            node["_errors"] = [{"code": code, "message": message} for code, message in errors]
        raise ApiError(400, 50035, None, tree)


def length(text: str) -> int:
    """Length as Discord counts it: code points."""
    return len(text)


@dataclass(frozen=True)
class Refusal:
    """A request of the bot that was refused."""

    method: str
    path: str
    status: int
    code: int
    message: str
    detail: str = ""

    def __str__(self) -> str:
        tail = f": {self.detail}" if self.detail else ""
        return f"{self.method} {self.path} -> {self.status} ({self.code} {self.message}){tail}"
