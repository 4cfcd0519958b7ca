"""Forms (modals) whose errors are reported like all others."""

from __future__ import annotations

from typing import Any

import discord

from bot.i18n import Say
from bot.ui import error_pages


class Form(discord.ui.Modal):
    """Subclasses implement ``submitted``, which handles what was entered."""

    def __init__(self, *, title: str, say: Say) -> None:
        super().__init__(title=title[:45], timeout=900)
        self._say = say

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        """Handle what was entered. May raise ``UserError``."""
        raise NotImplementedError

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Call ``submitted``."""
        await self.submitted(interaction)

    async def on_error(  # type: ignore[override]
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Show an error to the person."""
        await error_pages.report(interaction, error, self._say, f"form {type(self).__name__}")
