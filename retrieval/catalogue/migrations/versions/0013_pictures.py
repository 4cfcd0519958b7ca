"""Versions know the address of the picture that their publisher gives them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("versions", sa.Column("picture_url", sa.Text()))


def downgrade() -> None:
    op.drop_column("versions", "picture_url")
