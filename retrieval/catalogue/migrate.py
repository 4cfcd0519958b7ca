"""Bringing a catalogue to this program's version, with Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from retrieval.errors import FolderTooNew

# The last migration in migrations/versions; a test holds it to that. Naming it here keeps
# Alembic out of every start that has nothing to migrate.
HEAD = "0010"

_SCRIPTS = Path(__file__).parent / "migrations"


def is_current(connection: Connection) -> bool:
    """Raises ``FolderTooNew`` if a newer program wrote the catalogue."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and not (str(found).isdigit() and int(found) <= int(HEAD)):
        raise FolderTooNew(
            f"The data folder was made by a newer Newsdesk (catalogue {found}, this program knows "  # noqa: S608 - no SQL
            f"{HEAD}); update Newsdesk, or set NEWSDESK_DATA_DIR to another folder."
        )
    return found == HEAD


def upgrade(connection: Connection) -> None:
    if is_current(connection):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
