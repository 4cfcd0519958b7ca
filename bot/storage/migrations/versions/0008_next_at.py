"""When to look at each subscription again, so that those that are due are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "subscriptions",
        sa.Column("next_at", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.add_column("subscriptions", sa.Column("seen_revision", sa.BigInteger()))
    op.create_index("ix_subscriptions_next_at", "subscriptions", ["next_at"])
