"""Removing and restoring articles, splitting and merging stories: what moderators ask for."""

from __future__ import annotations

from datetime import datetime

from retrieval.catalogue.audit_log import Actor, AuditEntry, read_audit
from retrieval.catalogue.moderation import ArticleCard, Moderation
from retrieval.errors import NotFound
from retrieval.library import Library


class ModerationService:
    """Acts on one corpus of a library. Open it with ``await Moderator.of(library, corpus)``.

    Articles are named by id, by the beginning of one (four characters or more) or by URL. Every
    method raises ``NotFound`` for an article that the corpus does not have.
    """

    def __init__(self, library: Library, moderation: Moderation) -> None:
        self._library = library
        self._moderation = moderation

    @classmethod
    async def of(cls, library: Library, corpus: str) -> ModerationService:
        """Raises ``NotFound`` if there is no such corpus."""
        found = await library.catalogue.corpus(corpus)
        if found is None:
            raise NotFound(f"There is no corpus called {corpus!r}.")
        return cls(library, Moderation(library.catalogue, found))

    async def find(
        self, words: str, limit: int = 20, removed: bool | None = None
    ) -> list[ArticleCard]:
        """The articles whose title, publisher or URL holds all the words, the newest first; only
        removed ones or only others if ``removed`` says so."""
        return await self._moderation.find(words, limit, removed)

    async def show(self, reference: str) -> tuple[ArticleCard, str]:
        """An article and its text, removed or not."""
        article_id = await self._moderation.article_id(reference)
        card = await self._moderation.card(article_id)
        return card, await self._moderation.text(article_id)

    async def remove(
        self, reference: str, actor: Actor, *, because: str | None = None
    ) -> ArticleCard:
        """Take an article out of answers and out of both indexes. It stays in the catalogue.

        Answers leave it out from the first transaction on; a crash after that is finished at the
        next start. Raises ``Refused`` if it is removed already.
        """
        indexer = await self._library.indexer(self._moderation.corpus.name)
        article_id = await self._moderation.article_id(reference)
        now = self._library.clock()
        leaving = await self._moderation.remove(article_id, because, actor, now)
        await indexer.leave(leaving)
        return await self._moderation.card(article_id)

    async def restore(self, reference: str, actor: Actor) -> ArticleCard:
        """Bring a removed article back, as it last was. Raises ``Refused`` if it is not removed."""
        indexer = await self._library.indexer(self._moderation.corpus.name)
        article_id = await self._moderation.article_id(reference)
        await indexer.leave(await self._moderation.retired(article_id))
        version_id = await self._moderation.restore(article_id, actor, self._library.clock())
        await indexer.enter([version_id])
        return await self._moderation.card(article_id)

    async def story(self, reference: str) -> list[ArticleCard]:
        """The articles that tell the same story as one, itself among them, oldest first."""
        return await self._moderation.story(await self._moderation.article_id(reference))

    async def split(self, reference: str, actor: Actor) -> list[ArticleCard]:
        """Make an article a story of its own, for good."""
        indexer = await self._library.indexer(self._moderation.corpus.name)
        article_id = await self._moderation.article_id(reference)
        now = self._library.clock()
        await indexer.regroup(lambda: self._moderation.split(article_id, actor, now))
        return await self._moderation.story(article_id)

    async def merge(self, first: str, second: str, actor: Actor) -> list[ArticleCard]:
        """Make the stories of two articles one, for good. Raises ``Refused`` if they are."""
        indexer = await self._library.indexer(self._moderation.corpus.name)
        kept, gone = [await self._moderation.article_id(each) for each in (first, second)]
        now = self._library.clock()
        await indexer.regroup(lambda: self._moderation.merge(kept, gone, actor, now))
        return await self._moderation.story(kept)

    async def audit(self, *, subject: str | None = None, limit: int = 50) -> list[AuditEntry]:
        """Who did what, the newest first; only what was done to ``subject``, an id, if given."""
        return await read_audit(
            self._library.catalogue, self._moderation.corpus, subject=subject, limit=limit
        )


async def removals(library: Library, corpus: str, article_ids: list[str]) -> dict[str, datetime]:
    """Of these articles of a corpus the removed ones, each with the moment."""
    found = await library.catalogue.corpus(corpus)
    return await Moderation(library.catalogue, found).removals(article_ids) if found else {}
