"""Vectors of passages beside the vector index; the layout of a corpus's indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "corpora", sa.Column("layout", sa.Integer, nullable=False, server_default=sa.text("1"))
    )
    op.create_table(
        "passage_vectors",
        sa.Column("passage_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("generation", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("passage_id", "generation", name="pk_passage_vectors"),
    )


def downgrade() -> None:
    op.drop_table("passage_vectors")
    op.drop_column("corpora", "layout")
