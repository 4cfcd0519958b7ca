"""What articles are about, by which reports of one event are told."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("story_members", sa.Column("traits", sa.LargeBinary))


def downgrade() -> None:
    op.drop_column("story_members", "traits")
