"""Choose the articles whose pictures are shown beside summaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.answering.summaries.models import Summary
from bot.answering.summaries.service import Digest
from bot.bootstrap import Services
from bot.storage.guild_settings import GuildSettings


async def summary_pictures(
    services: Services, settings: GuildSettings, summary: Summary
) -> Mapping[str, str]:
    """Return by article id the URLs of the pictures for a summary; none if the server doesn't want
    any."""
    return await _pictures(services, settings, (a.article_id for a in summary.articles))


async def digest_pictures(
    services: Services, settings: GuildSettings, digest: Digest
) -> Mapping[str, str]:
    """Return by article id the URLs of the pictures for a digest's stories; none if the server
    doesn't want any."""
    cited = (c.article.article_id for entry in digest.entries for c in entry.citations)
    latest = (entry.story.latest.article.article_id for entry in digest.entries)
    return await _pictures(services, settings, (*cited, *latest))


async def _pictures(
    services: Services, settings: GuildSettings, article_ids: Iterable[str]
) -> Mapping[str, str]:
    """Return the pictures; none if the server doesn't want any."""
    if not settings.pictures:
        return {}
    return await services.library.catalogue.articles.pictures(frozenset(article_ids))
