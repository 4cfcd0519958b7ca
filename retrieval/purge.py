"""Erasing articles for good: from the catalogue, from both indexes and from the files they were in."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.catalogue import Corpus
from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.moderation import ArticleModeration
from retrieval.catalogue.purging import articles_by, erase_articles, retire
from retrieval.library import Library
from retrieval.reindexing import rebuild_shared, reindex

# Articles erased in one statement; SQLite takes 32,766 bound parameters, and each has versions.
_AT_ONCE = 500


async def articles_to_purge(
    library: Library, corpus: Corpus, references: Sequence[str], publishers: Sequence[str]
) -> list[str]:
    """Return the ids of the articles that ids, beginnings of ids, URLs and publishers name.

    Raises ``NotFound`` if one of them names nothing.
    """
    named = ArticleModeration(library.database, corpus)
    found = [await named.article_id(reference) for reference in references]
    for publisher in publishers:
        found += await articles_by(library.database, corpus, publisher)
    return list(dict.fromkeys(found))


async def purge_articles(
    library: Library,
    corpus: Corpus,
    article_ids: Sequence[str],
    actor: Actor,
    because: str | None = None,
) -> None:
    """Erase articles with their texts, versions, passages, vectors and index entries.

    Both indexes are written anew, for they keep what is deleted from them in their files. After a
    crash on the way it has to be done again. What was kept elsewhere, such as backups, is not touched.
    """
    library.require_writable()
    database = library.database
    indexer = await library.indexer(corpus.name)
    for first in range(0, len(article_ids), _AT_ONCE):
        some = article_ids[first : first + _AT_ONCE]
        await indexer.leave(await retire(database, corpus, some))
        await erase_articles(database, corpus, some, actor, because, library.clock())
    async for _ in reindex(library, corpus, keep_vectors=True):
        pass
    for store, names in (await library.stores.names()).items():
        await rebuild_shared(library, store, store.shared_names(corpus.id, names))
    await library.stores.tidy()
    await database.empty_log()
