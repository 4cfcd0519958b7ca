"""Files that are handed in can be kept in the database, in parts."""

import sqlalchemy as sa
from alembic import op

from retrieval.catalogue.dialects import ID, chars

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", chars(32), nullable=False),
        sa.Column("job_id", ID, sa.ForeignKey("jobs.id", name="fk_uploads_job_id_jobs")),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
    )
    op.create_index("ix_uploads_job_id", "uploads", ["job_id"])
    op.create_table(
        "upload_parts",
        sa.Column(
            "upload_id",
            chars(32),
            sa.ForeignKey(
                "uploads.id", name="fk_upload_parts_upload_id_uploads", ondelete="CASCADE"
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "number", name="pk_upload_parts"),
    )


def downgrade() -> None:
    op.drop_table("upload_parts")
    op.drop_table("uploads")
