"""In which servers people were seen, for the answers to their direct messages."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sightings",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "guild_id", name="pk_sightings"),
    )
    op.create_index("ix_sightings_guild_id", "sightings", ["guild_id"])
    op.create_index("ix_sightings_seen_at", "sightings", ["seen_at"])
