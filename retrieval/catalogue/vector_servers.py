"""Which of several Chroma servers gets the vectors of a corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select

from retrieval.catalogue.records import GONE, Corpus
from retrieval.catalogue.schema import ACCEPTED, INDEXED, corpora, passages, versions

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

# So many corpora share a collection as long as they have so many passages at most; those that share
# one are on one server.
SHARING = 10
SHARES = 6_000


class _Placed(NamedTuple):
    corpus_id: int
    server: str
    passages: int


async def choose_server(connection: AsyncConnection, servers: Sequence[str], corpus_id: int) -> str:
    """Return which of ``servers`` a new corpus goes to: the one with the fewest passages, but with the
    small corpora that it shares a collection with."""
    return _shared_server(placed := await _placed(connection, servers), corpus_id) or _least(
        placed, servers
    )


async def choose_server_anew(
    connection: AsyncConnection, servers: Sequence[str], corpus: Corpus
) -> str:
    """Return which of ``servers`` a corpus goes to that is indexed anew. A small one stays where it
    is, if that is one of them; one with a collection of its own goes to the server with the fewest
    passages."""
    placed = await _placed(connection, servers)
    others = [each for each in placed if each.corpus_id != corpus.id]
    stays = corpus.vector_server if corpus.vector_server in servers else None
    if await passages_of(connection, corpus.id) > SHARES:
        return _least(others, servers, stays)
    return stays or _shared_server(others, corpus.id) or _least(others, servers)


async def passages_of(connection: AsyncConnection, corpus_id: int) -> int:
    """Return how many passages of a corpus are in its indexes, or on their way there."""
    query = _PASSAGES.where(versions.c.corpus_id == corpus_id)
    return next((row[1] for row in await connection.execute(query)), 0)


_PASSAGES = (
    select(versions.c.corpus_id, func.count())
    .select_from(passages)
    .join(versions, versions.c.id == passages.c.version_id)
    .where(versions.c.state.in_((INDEXED, ACCEPTED)))
    .group_by(versions.c.corpus_id)
)


async def _placed(connection: AsyncConnection, servers: Sequence[str]) -> list[_Placed]:
    kept = ~corpora.c.name.startswith(GONE, autoescape=True)
    query = select(corpora.c.id, corpora.c.vector_server)
    query = query.where(kept, corpora.c.vector_server.in_(servers)).order_by(corpora.c.id)
    rows = (await connection.execute(query)).all()
    counts = {row[0]: row[1] for row in await connection.execute(_PASSAGES)}
    return [_Placed(row.id, row.vector_server, counts.get(row.id, 0)) for row in rows]


def _shared_server(placed: Sequence[_Placed], corpus_id: int) -> str | None:
    """The server of the small corpora that share a collection with this one."""
    group = corpus_id // SHARING
    sharing = (
        each
        for each in placed
        if each.corpus_id // SHARING == group
        and each.corpus_id != corpus_id
        and each.passages <= SHARES
    )
    return next((each.server for each in sharing), None)


def _least(placed: Sequence[_Placed], servers: Sequence[str], stays: str | None = None) -> str:
    """The server with the fewest passages; of several the one where a corpus ``stays``, then the one
    with the fewest corpora."""
    held, count = Counter[str](), Counter[str]()
    for each in placed:
        held[each.server] += each.passages
        count[each.server] += 1
    return min(servers, key=lambda server: (held[server], server != stays, count[server]))
