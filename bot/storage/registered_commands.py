"""Which commands were registered with Discord last, for all processes on a database."""

from __future__ import annotations

from sqlalchemy import select

from retrieval.catalogue.database import Database
from retrieval.catalogue.properties import set_property
from retrieval.catalogue.schema import properties

_NAME = "discord_commands"


class DatabaseRecord:
    """Stores it as a property of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> str:
        """Return what was written last, empty if nothing was."""
        query = select(properties.c.value).where(properties.c.name == _NAME)
        return await self._database.read(lambda connection: connection.scalar(query)) or ""

    async def write(self, text: str) -> None:
        """Replace what was written."""
        async with self._database.write() as connection:
            await set_property(connection, _NAME, text)
