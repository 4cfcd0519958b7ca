"""What a database says of itself, by name: text that is replaced as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retrieval.catalogue.dialects import insert_into
from retrieval.catalogue.schema import properties

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def set_property(connection: AsyncConnection, name: str, value: str) -> None:
    """Store a property in a writing transaction, in place of its former value."""
    row = insert_into(connection, properties).values(name=name, value=value)
    await connection.execute(
        row.on_conflict_do_update(index_elements=[properties.c.name], set_={"value": value})
    )
