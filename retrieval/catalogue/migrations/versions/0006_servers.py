"""Discord servers, the answers given in them and what people think of these."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "servers",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("joined_at", sa.BigInteger, nullable=False),
        sa.Column("removed_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_servers"),
    )
    op.create_table(
        "given_answers",
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
        sa.PrimaryKeyConstraint("id", name="pk_given_answers"),
    )
    for column in ("at", "server_id", "message_id", "user_id"):
        op.create_index(f"ix_given_answers_{column}", "given_answers", [column])
    op.create_table(
        "feedback",
        sa.Column("answer_id", sa.String(24), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("helpful", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("answer_id", "user_id", name="pk_feedback"),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["given_answers.id"], name="fk_feedback_answer_id_given_answers"
        ),
    )


def downgrade() -> None:
    for table in ("feedback", "given_answers", "servers"):
        op.drop_table(table)
