"""A server with a moderator, a member and a bot that may fetch from a local site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.ui.pages import BUSY
from tests.discord_standin import Channel, DiscordStandIn, Guild, Message, User
from tests.integration.discord.conftest import Running
from tests.newsite import NewsSite


@dataclass
class Server:
    running: Running
    site: NewsSite
    guild: Guild
    general: Channel
    boss: User
    ada: User

    @property
    def standin(self) -> DiscordStandIn:
        return self.running.standin

    @property
    def corpus(self) -> str:
        return self.running.bot.services.contexts.corpus_of(self.guild.id)

    async def do(self, command: str, /, **options: Any) -> Message:
        """What the moderator gets to see in the end."""
        return await (await self.boss.slash(self.general, command, **options)).final(_is_over)

    async def ingested(self, command: str, /, **options: Any) -> Message:
        """The message of a job that is over."""
        return await (await self.boss.slash(self.general, command, **options)).final(over)

    async def articles(self) -> int:
        counts = {
            each.name: each.articles for each in await self.running.bot.services.library.counts()
        }
        return counts.get(self.corpus, 0)

    async def id_of(self, words: str) -> str:
        [choice] = await self.boss.autocomplete(
            self.general, "articles show", option="article", typed=words
        )
        return str(choice.value)


def _is_over(message: Message) -> bool:
    """Progress is shown in a colour of its own, in every language."""
    return all(embed.get("color") != BUSY for embed in message.embeds)


def over(message: Message) -> bool:
    return any(word in message.text for word in ("Done (job", "Cancelled (job", "Failed (job"))


def server(running: Running, site: NewsSite, name: str = "Harbour News") -> Server:
    standin = running.standin
    guild = standin.guild(name)
    return Server(
        running, site, guild, standin.channel(guild),
        standin.member(guild, f"Mo of {name}", moderator=True),
        standin.member(guild, f"Ada of {name}"),
    )  # fmt: skip
