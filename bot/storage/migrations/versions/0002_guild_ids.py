"""Columns that name a Discord server are called ``guild_id``, as in the code."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INDEXED = ("answers", "subscriptions")


def upgrade() -> None:
    for table in _INDEXED:
        op.drop_index(f"ix_{table}_server_id", table)
    for table in (*_INDEXED, "job_messages"):
        op.alter_column(table, "server_id", new_column_name="guild_id")
    for table in _INDEXED:
        op.create_index(f"ix_{table}_guild_id", table, ["guild_id"])
