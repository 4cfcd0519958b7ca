"""Columns are called by what they hold."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_RENAMED = (
    ("articles", "removed_because", "removed_reason"),
    ("ingest_log", "place", "origin"),
    ("audit", "place", "origin"),
    ("jobs", "place", "origin"),
    ("feeds", "begun", "initialized"),
    ("feeds", "alone_until", "retry_after"),
)


def upgrade() -> None:
    for table, old, new in _RENAMED:
        op.alter_column(table, old, new_column_name=new)


def downgrade() -> None:
    for table, old, new in _RENAMED:
        op.alter_column(table, new, new_column_name=old)
