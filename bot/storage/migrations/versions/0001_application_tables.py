"""The application's tables, taken over from the catalogue of version 0.1.0 where that made them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Version 0.1.0 made them with migrations 0005 to 0009 of the catalogue, under these names.
_RENAMED = {"spending": "usage", "servers": "guilds", "given_answers": "answers"}
_ANSWER_INDEXES = ("at", "server_id", "message_id", "user_id")


def upgrade() -> None:
    here = set(sa.inspect(op.get_bind()).get_table_names())
    for old, new in _RENAMED.items():
        if old in here:
            op.rename_table(old, new)
    _usage("spending" in here)
    if "servers" not in here:
        _make_guilds()
    _answers("given_answers" in here)
    _job_messages("job_messages" in here)
    if "subscriptions" not in here:
        _make_subscriptions()


def _usage(taken_over: bool) -> None:
    if taken_over:
        op.drop_index("ix_spending_day_corpus", "usage")
    else:
        op.create_table(
            "usage",
            sa.Column("id", sa.Integer, nullable=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sa.Column("day", sa.String(10), nullable=False),
            sa.Column("corpus", sa.Text, nullable=False),
            sa.Column("model", sa.Text, nullable=False),
            sa.Column("prompt_tokens", sa.Integer, nullable=False),
            sa.Column("completion_tokens", sa.Integer, nullable=False),
            sa.Column("cost_micros", sa.BigInteger),
            sa.PrimaryKeyConstraint("id", name="pk_usage"),
        )
    op.create_index("ix_usage_day_corpus", "usage", ["day", "corpus"])


def _make_guilds() -> None:
    op.create_table(
        "guilds",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("joined_at", sa.BigInteger, nullable=False),
        sa.Column("removed_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_guilds"),
    )


def _answers(taken_over: bool) -> None:
    reference = sa.ForeignKeyConstraint(
        ["answer_id"], ["answers.id"], name="fk_feedback_answer_id_answers"
    )
    if taken_over:
        for column in _ANSWER_INDEXES:
            op.drop_index(f"ix_given_answers_{column}", "answers")
        with op.batch_alter_table("feedback") as batch:
            batch.drop_constraint("fk_feedback_answer_id_given_answers", type_="foreignkey")
            batch.create_foreign_key(str(reference.name), "answers", ["answer_id"], ["id"])
    else:
        op.create_table(
            "answers",
            sa.Column("id", sa.String(24), nullable=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sa.Column("corpus", sa.Text, nullable=False),
            sa.Column("server_id", sa.BigInteger),
            sa.Column("channel_id", sa.BigInteger, nullable=False),
            sa.Column("message_id", sa.BigInteger),
            sa.Column("user_id", sa.BigInteger),
            sa.Column("question", sa.Text),
            sa.Column("private", sa.Boolean, nullable=False),
            sa.Column("answer", sa.JSON, nullable=False),
            sa.PrimaryKeyConstraint("id", name="pk_answers"),
        )
        op.create_table(
            "feedback",
            sa.Column("answer_id", sa.String(24), nullable=False),
            sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
            sa.Column("helpful", sa.Boolean, nullable=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sa.PrimaryKeyConstraint("answer_id", "user_id", name="pk_feedback"),
            reference,
        )
    for column in _ANSWER_INDEXES:
        op.create_index(f"ix_answers_{column}", "answers", [column])


def _job_messages(taken_over: bool) -> None:
    if taken_over:
        with op.batch_alter_table("job_messages") as batch:
            batch.drop_constraint("fk_job_messages_job_id_jobs", type_="foreignkey")
        return
    op.create_table(
        "job_messages",
        sa.Column("job_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("server_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("language", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_job_messages"),
    )


def _make_subscriptions() -> None:
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
    for table in (
        "deliveries",
        "subscriptions",
        "job_messages",
        "feedback",
        "answers",
        "guilds",
        "usage",
    ):
        op.drop_table(table)
