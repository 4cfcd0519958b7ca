"""Subscriptions note how often in a row a delivery was impossible, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("impossible_since", sa.BigInteger()))
    op.add_column(
        "subscriptions",
        sa.Column("impossible_tries", sa.Integer(), nullable=False, server_default="0"),
    )
