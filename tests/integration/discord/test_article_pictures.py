"""Pictures of articles: shown where a server wants them, by address alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.i18n import translator_for
from bot.ui.posts import post_page
from retrieval.catalogue.arrivals import ShownArticle
from retrieval.catalogue.audit_log import Actor
from retrieval.models import IngestItem, Reference
from retrieval.moderation import ModerationService
from tests.integration.answering_fixtures import NOW
from tests.integration.discord.conftest import Running
from tests.integration.discord.test_summaries import many


def pictured(count: int) -> list[IngestItem]:
    """Stories of which each but the first has a picture."""
    return [
        replace(item, article=replace(item.article, picture_url=picture_of(n) if n else None))
        for n, item in enumerate(many(count))
        if item.article is not None
    ]


def picture_of(n: int) -> str:
    return f"https://img.paper.example/{n}.jpg"


async def test_pictures_are_shown_where_moderators_switched_them_on(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild, pictured(3))
    channel = standin.channel(guild)
    mo, ada = standin.member(guild, "Mo", moderator=True), standin.member(guild, "Ada")

    async def ask(name: str, **options: Any) -> str:
        shown = await (await ada.slash(channel, name, **options)).final()
        return str([shown.embeds, shown.components])

    assert "img.paper.example" not in await ask("digest") + await ask("summary article", article="Birch report number 1")  # fmt: skip
    shown = await (await mo.slash(channel, "settings pictures", on=True)).final()
    assert "Pictures of articles" in shown.text
    digest = await ask("digest")
    assert picture_of(1) in digest
    assert picture_of(2) in await ask("summary article", article="Cedar report number 2")
    assert "img.paper.example" not in await ask("summary article", article="Amber report number 0")


async def test_a_picture_goes_with_its_article(running: Running) -> None:
    guild = running.standin.guild("Harbour News")
    await running.bring_in(guild, pictured(2))
    services = running.bot.services
    corpus = services.contexts.corpus_of(guild.id)
    found = await services.library.catalogue.corpora.by_name(corpus)
    assert found is not None
    [article_id] = [a.article_id for a in await services.library.catalogue.articles.newest(found, NOW, 9) if "Birch" in a.title]  # fmt: skip
    pictures = services.library.catalogue.articles.pictures
    assert await pictures([article_id]) == {article_id: picture_of(1)}
    moderation = await ModerationService.of(services.library, corpus)
    await moderation.remove(article_id, Actor("discord user 1", "a test"))
    assert await pictures([article_id]) == {}


def test_a_post_shows_the_picture_by_its_template() -> None:
    say = translator_for("en")
    reference = Reference("a", "https://paper.example/a", "A bridge", "Courier", None)
    article = ShownArticle(reference, 1, NOW, 1, "en", "It opened.", picture_of(1))
    assert "img" not in str(post_page(article, "teaser", "mark", say).embed.to_dict())
    for template, place in (("headline", "thumbnail"), ("teaser", "image"), ("opening", "image")):
        embed = post_page(article, template, "mark", say, pictures=True).embed
        assert getattr(embed, place).url == picture_of(1)
    assert post_page(replace(article, picture_url=None), "teaser", "mark", say, pictures=True).embed.image.url is None  # fmt: skip
