"""A Discord that runs on loopback: real gateway, real HTTP API, people to play.

Tests use it through ``DiscordStandIn``; ``python -m tests.discord_standin`` serves it to try the bot
by hand.
"""

from .interactions import Interaction, Modal
from .model import Channel, Guild, Message, Role
from .options import NotPossible
from .standin import DiscordStandIn
from .users import Choice, User

__all__ = [
    "Channel",
    "Choice",
    "DiscordStandIn",
    "Guild",
    "Interaction",
    "Message",
    "Modal",
    "NotPossible",
    "Role",
    "User",
]
