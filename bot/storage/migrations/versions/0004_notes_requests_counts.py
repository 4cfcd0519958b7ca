"""Notes of moderators on answers, what moderators were asked for, and what each member used today."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_notes",
        sa.Column("corpus", sa.Text, nullable=False),
        sa.Column("question_key", sa.String(64), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("corpus", "question_key", name="pk_answer_notes"),
    )
    op.create_table(
        "asked_moderators",
        sa.Column("answer_id", sa.String(24), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("answer_id", "user_id", name="pk_asked_moderators"),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name="fk_asked_moderators_answer_id_answers"
        ),
    )
    op.create_table(
        "member_usage",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("questions", sa.Integer, nullable=False),
        sa.Column("cost_micros", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("day", "guild_id", "channel_id", "user_id", name="pk_member_usage"),
    )


def downgrade() -> None:
    for table in ("member_usage", "asked_moderators", "answer_notes"):
        op.drop_table(table)
