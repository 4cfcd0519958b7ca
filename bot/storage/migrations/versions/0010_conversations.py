"""Conversations, for processes that share a database."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "conversations",
        sa.Column("key", text, nullable=False),
        sa.Column("corpus", text, nullable=False),
        sa.Column("guild_id", sa.BigInteger()),
        sa.Column("turns", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_conversations"),
    )
    op.create_index("ix_conversations_at", "conversations", ["at"])
    op.create_table(
        "conversation_people",
        sa.Column("key", text, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["key"],
            ["conversations.key"],
            name="fk_conversation_people_key_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", "user_id", name="pk_conversation_people"),
    )
    op.create_index("ix_conversation_people_user_id", "conversation_people", ["user_id"])
