"""Stories: which versions tell of one event, and which of them are near-copies."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "story_members",
        sa.Column("version_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("corpus_id", sa.Integer, nullable=False),
        sa.Column("story_id", sa.Integer, nullable=False),
        sa.Column("copy_id", sa.Integer, nullable=False),
        sa.Column("sketch", sa.LargeBinary, nullable=False),
        sa.Column("names", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("version_id", name="pk_story_members"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name="fk_story_members_version_id_versions"
        ),
        sa.ForeignKeyConstraint(
            ["corpus_id"], ["corpora.id"], name="fk_story_members_corpus_id_corpora"
        ),
    )
    op.create_index(
        "ix_story_members_corpus_id_story_id", "story_members", ["corpus_id", "story_id"]
    )


def downgrade() -> None:
    op.drop_table("story_members")
