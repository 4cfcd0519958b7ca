"""Processes on one database take turns at the hosts that they ask."""

import sqlalchemy as sa
from alembic import op

from retrieval.catalogue.dialects import TEXT

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.Column("wanted_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger()),
        sa.Column("retry_after", sa.BigInteger()),
        sa.Column("robots", sa.LargeBinary()),
        sa.Column("robots_error", TEXT),
        sa.Column("robots_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", name="pk_hosts"),
    )


def downgrade() -> None:
    op.drop_table("hosts")
