"""The progress of a job, and its result."""

from __future__ import annotations

import re
from typing import Any, Protocol, Self

import discord

from bot.i18n import Say, say_note
from bot.ui.escaping import explained, plain
from bot.ui.moderation import reason_line
from bot.ui.pages import ANSWER, BUSY, FAILED, QUIET, Page
from retrieval.ingestion.jobs.queue import JobEvent
from retrieval.ingestion.progress import IngestProgress

_BAR = 20
_REASONS = 5
_COLOURS = {"done": ANSWER, "failed": FAILED}


class CancelHandler(Protocol):
    """The job board as the button sees it."""

    async def cancel_pressed(self, interaction: discord.Interaction[Any], job_id: int) -> None:
        """Answer the interaction of the button. Never raises."""


class CancelButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"newsdesk:cancel:(?P<job>\d{1,18})"
):
    """Works after a restart; the handler checks who may press it."""

    def __init__(self, job_id: int, label: str | None = None) -> None:
        self.job_id = job_id
        super().__init__(discord.ui.Button(label=label, custom_id=f"newsdesk:cancel:{job_id}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Restore a button from its custom id."""
        return cls(int(match["job"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Pass the press on to the handler."""
        board: CancelHandler = interaction.client.services.job_board
        await board.cancel_pressed(interaction, self.job_id)


def job_page(event: JobEvent, say: Say) -> Page:
    """Return the page of a job that waits or runs, with a button that cancels it."""
    if event.place:
        words = say("waiting-next") if event.place == 1 else say("waiting", place=event.place)
    else:
        words = bar(event.progress)
    embed = discord.Embed(title=say("job-title", id=event.job.id), colour=BUSY)
    embed.description = "\n".join([words, *lines_of(event.progress, say)])
    view = discord.ui.View(timeout=None)
    view.add_item(CancelButton(event.job.id, say("button-cancel")))
    return Page(embed, view)


def over_page(event: JobEvent, say: Say) -> Page:
    """Return the page with the result of a job, with the first titles."""
    job, progress = event.job, event.progress
    colour = _COLOURS.get(job.state, QUIET)
    embed = discord.Embed(title=say(f"job-{job.state}", id=job.id), colour=colour)
    lines = lines_of(progress, say)
    if job.error:
        lines.insert(0, explained(say_note(job.error, say), 300))
    embed.description = "\n".join(lines)
    if progress.titles:
        titles = "\n".join(f"• {plain(title, 90)}" for title in progress.titles)
        more = progress.indexed - len(progress.titles)
        if more > 0:
            titles += "\n" + say("job-more", count=more)
        embed.add_field(name=say("job-titles"), value=titles[:1024], inline=False)
    return Page(embed)


def bar(progress: IngestProgress) -> str:
    """Return a progress bar."""
    share = min(1.0, progress.finished / progress.found) if progress.found else 0.0
    full = int(share * _BAR)
    return f"`{'█' * full}{'░' * (_BAR - full)}` {share:.0%}"


def lines_of(progress: IngestProgress, say: Say) -> list[str]:
    """Return the counts of a job, followed by the reasons why something was skipped."""
    counts = say(
        "job-counts",
        found=progress.found,
        fetched=progress.fetched,
        extracted=progress.extracted,
        indexed=progress.indexed,
    )
    if progress.unchanged:
        counts += " · " + say("job-unchanged", count=progress.unchanged)
    lines = [counts]
    if skipped := sum(progress.skipped.values()):
        lines.append(say("job-skipped", count=skipped))
        common = progress.skipped.most_common(_REASONS)
        lines += [f"-# {count} × {reason_line(reason, say, 150)}" for reason, count in common]
        if (rest := skipped - sum(count for _, count in common)) > 0:
            lines.append(f"-# {say('job-more', count=rest)}")
    return lines
