"""Where people see how jobs come along."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_messages",
        sa.Column("job_id", sa.Integer, nullable=False),
        sa.Column("server_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("language", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_job_messages"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_messages_job_id_jobs"),
    )


def downgrade() -> None:
    op.drop_table("job_messages")
