"""Forms (modals) whose errors go where all errors go."""

from __future__ import annotations

from typing import Any

import discord

from bot.i18n import Say
from bot.ui import error_pages


class Form(discord.ui.Modal):
    """Subclasses say in ``submitted`` what happens with what was written."""

    def __init__(self, *, title: str, say: Say) -> None:
        super().__init__(title=title[:45], timeout=900)
        self._say = say

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        raise NotImplementedError

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        await self.submitted(interaction)

    async def on_error(  # type: ignore[override]
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        await error_pages.report(interaction, error, self._say, f"form {type(self).__name__}")
