"""What moderators do: remove and restore articles, split and merge stories."""

from __future__ import annotations

from datetime import datetime

from retrieval.catalogue import Corpus
from retrieval.catalogue.access import Access
from retrieval.catalogue.audit_log import Actor, AuditLog
from retrieval.catalogue.audit_pages import AuditPages
from retrieval.catalogue.moderation import ArticleCard, ArticleModeration
from retrieval.errors import NotFound, Refused, StorageError
from retrieval.ingestion.indexer import Indexer
from retrieval.library import Library


class ModerationService:
    """Moderates one corpus of a library. Open it with ``await ModerationService.of(library,
    corpus)``.

    ``articles`` and ``audit_log`` only read. A ``reference`` names an article as in ``articles``.
    """

    def __init__(self, library: Library, corpus: Corpus) -> None:
        self._library = library
        self._corpus = corpus
        database = library.catalogue.database
        self.articles = ArticleModeration(database, corpus)
        self.audit_log = AuditLog(database, corpus)
        self.audit_pages = AuditPages(database, corpus)

    @classmethod
    async def of(cls, library: Library, corpus: str) -> ModerationService:
        """Return the service for a corpus. Raise ``NotFound`` if there is no such corpus."""
        found = await library.catalogue.corpora.by_name(corpus)
        if found is None:
            raise NotFound("corpus-not-found", corpus=corpus)
        return cls(library, found)

    async def remove(
        self, reference: str, actor: Actor, *, because: str | None = None
    ) -> ArticleCard:
        """Remove an article from answers and from both indexes. It stays in the catalogue.

        The first transaction hides it from answers; if a crash follows, the next start finishes the
        rest. Raise ``Refused`` if it is already removed.
        """
        indexer = await self._indexer()
        article_id = await self.articles.article_id(reference)
        now = self._library.clock()
        leaving = await self.articles.remove(article_id, because, actor, now)
        if indexer is not None:
            await indexer.leave(leaving)
        return await self.articles.card(article_id)

    async def restore(self, reference: str, actor: Actor) -> ArticleCard:
        """Restore a removed article as it last was. Raise ``Refused`` if it isn't removed."""
        indexer = await self._indexer()
        article_id = await self.articles.article_id(reference)
        if indexer is not None:
            await indexer.leave(await self.articles.retired(article_id))
        elif await self.articles.retired(article_id):
            raise StorageError("article-still-leaving", retry=True)
        version_id = await self.articles.restore(article_id, actor, self._library.clock())
        if indexer is not None:
            await indexer.enter([version_id])
        return await self.articles.card(article_id)

    async def split(self, reference: str, actor: Actor) -> list[ArticleCard]:
        """Move an article into its own story, permanently. Return its story, as ``articles.story``
        does."""
        indexer = await self._story_indexer()
        article_id = await self.articles.article_id(reference)
        now, stories = self._library.clock(), self._library.catalogue.stories

        async def decide() -> None:
            story_id = await self.articles.story_id(article_id)
            await stories.split(self._corpus, article_id, story_id, actor, now)

        await indexer.regroup(decide)
        return await self.articles.story(article_id)

    async def merge(self, first: str, second: str, actor: Actor) -> list[ArticleCard]:
        """Merge two stories permanently, each named by its number or one of its articles. Raise
        ``Refused`` if they are already one."""
        indexer = await self._story_indexer()
        kept, gone = [await self.articles.article_of(each) for each in (first, second)]
        now, stories = self._library.clock(), self._library.catalogue.stories

        async def decide() -> None:
            kept_id, gone_id = [await self.articles.story_id(each) for each in (kept, gone)]
            if kept_id == gone_id:
                raise Refused("stories-already-one")
            await stories.merge(self._corpus, (kept, kept_id), (gone, gone_id), actor, now)

        await indexer.regroup(decide)
        return await self.articles.story(kept)

    async def _indexer(self) -> Indexer | None:
        """What brings articles in and out of the indexes; None beside a writer, which sees to that."""
        if self._library.access is Access.GATEWAY:
            return None
        return await self._library.indexer(self._corpus.name)

    async def _story_indexer(self) -> Indexer:
        """The same for changes of stories, all of which the writer has in memory. Raise
        ``StorageError`` beside a writer."""
        if (indexer := await self._indexer()) is None:
            raise StorageError("stories-need-writer")
        return indexer


async def removals(library: Library, corpus: str, article_ids: list[str]) -> dict[str, datetime]:
    """Of these articles of a corpus the removed ones, each with the moment."""
    found = await library.catalogue.corpora.by_name(corpus)
    if found is None:
        return {}
    return await ArticleModeration(library.catalogue.database, found).removals(article_ids)
