"""Which pictures of articles are shown beside what is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.answering.summaries.models import Summary
from bot.answering.summaries.service import Digest
from bot.bootstrap import Services
from bot.storage.guild_settings import GuildSettings


async def summary_pictures(
    services: Services, settings: GuildSettings, summary: Summary
) -> Mapping[str, str]:
    """By article id, the addresses of the pictures of what a summary is about."""
    return await _pictures(services, settings, (a.article_id for a in summary.articles))


async def digest_pictures(
    services: Services, settings: GuildSettings, digest: Digest
) -> Mapping[str, str]:
    """By article id, the addresses of the pictures of what a digest's stories may be shown with."""
    cited = (c.article.article_id for entry in digest.entries for c in entry.citations)
    latest = (entry.story.latest.article.article_id for entry in digest.entries)
    return await _pictures(services, settings, (*cited, *latest))


async def _pictures(
    services: Services, settings: GuildSettings, article_ids: Iterable[str]
) -> Mapping[str, str]:
    """Empty where the server doesn't want any."""
    if not settings.pictures:
        return {}
    return await services.library.catalogue.articles.pictures(frozenset(article_ids))
