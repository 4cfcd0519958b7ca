"""Files that moderators upload."""

from __future__ import annotations

import asyncio

import aiohttp
import discord

from bot.bootstrap import Services
from bot.errors import UserError
from bot.ui.escaping import plain
from retrieval.catalogue.jobs import JobSource
from retrieval.ingestion.readers.dispatch import KINDS

_DOWNLOAD_SECONDS = 120.0


def check_file(file: discord.Attachment, most: int) -> None:
    """Check the name and size of a file; ``most`` is the limit in bytes. Raises ``UserError``
    (``file-unreadable``, ``file-too-large``, ``file-empty``)."""
    name = file.filename.lower().removesuffix(".gz")
    if not name.endswith(KINDS):
        raise UserError("file-unreadable", name=plain(file.filename, 100), kinds=", ".join(KINDS))
    if file.size > most:
        raise UserError(
            "file-too-large", name=plain(file.filename, 100), size=_mb(file.size), most=_mb(most)
        )
    if not file.size:
        raise UserError("file-empty", name=plain(file.filename, 100))


async def store_upload(file: discord.Attachment, services: Services) -> JobSource:
    """Download a file, keep it until its job is over, and return it as a source. Raises
    ``UserError`` (``file-not-had``)."""
    try:
        async with asyncio.timeout(_DOWNLOAD_SECONDS):
            data = await file.read()
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
        raise UserError("file-not-had", name=plain(file.filename, 100)) from error
    return await services.ingestion.jobs.upload(file.filename, data)


def _mb(size: int) -> str:
    return f"{size / 1_000_000:.1f}"
