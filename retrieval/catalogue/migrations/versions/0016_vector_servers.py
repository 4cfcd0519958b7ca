"""A corpus says which Chroma server has its vectors, where there are several."""

import sqlalchemy as sa
from alembic import op

from retrieval.catalogue.dialects import TEXT

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("corpora", sa.Column("vector_server", TEXT))


def downgrade() -> None:
    op.drop_column("corpora", "vector_server")
