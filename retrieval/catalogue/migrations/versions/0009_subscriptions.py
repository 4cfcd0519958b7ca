"""Subscriptions to digests and topics, and the messages sent for them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("corpus", sa.Text, nullable=False),
        sa.Column("server_id", sa.BigInteger),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("locale", sa.String(16)),
        sa.Column("topic", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("at_minute", sa.Integer),
        sa.Column("weekday", sa.Integer),
        sa.Column("most_a_day", sa.Integer),
        sa.Column("quiet_from", sa.Integer),
        sa.Column("quiet_until", sa.Integer),
        sa.Column("tell_if_nothing", sa.Boolean, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("done_until", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_why", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
        sa.CheckConstraint("kind IN ('digest', 'topic')", name="kind"),
        sqlite_autoincrement=True,
    )
    for column in ("server_id", "user_id"):
        op.create_index(f"ix_subscriptions_{column}", "subscriptions", [column])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(25), nullable=False),
        sa.Column("subscription_id", sa.Integer, nullable=False),
        sa.Column("slot", sa.String(40), nullable=False),
        sa.Column("stories", sa.JSON, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.Column("sent", sa.Boolean),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name="fk_deliveries_subscription_id_subscriptions",
        ),
        sa.UniqueConstraint("subscription_id", "slot", name="uq_deliveries_subscription_id_slot"),
    )


def downgrade() -> None:
    for table in ("deliveries", "subscriptions"):
        op.drop_table(table)
