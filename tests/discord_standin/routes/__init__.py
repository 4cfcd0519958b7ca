"""The routes of the HTTP API, by what they are about."""

from __future__ import annotations

from . import accounts, channels, commands, guilds, messages, webhooks
from .table import route

__all__ = ["accounts", "channels", "commands", "guilds", "messages", "route", "webhooks"]
