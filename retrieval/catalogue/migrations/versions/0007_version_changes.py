"""A record of what changed for search, kept by triggers, for what search holds in memory."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TRIGGERS = {
    "version_state_changed": (
        "AFTER UPDATE OF state ON versions FOR EACH ROW WHEN old.state <> new.state",
        "new.id",
    ),
    "version_placed": ("AFTER INSERT ON story_members FOR EACH ROW", "new.version_id"),
    "version_moved": (
        "AFTER UPDATE OF story_id, copy_id ON story_members FOR EACH ROW",
        "new.version_id",
    ),
}


def upgrade() -> None:
    op.create_table(
        "version_changes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("version_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_version_changes"),
        sqlite_autoincrement=True,
    )
    for name, (when, version) in _TRIGGERS.items():
        op.execute(
            f"CREATE TRIGGER {name} {when} "  # noqa: S608 - fixed names
            f"BEGIN INSERT INTO version_changes (version_id) VALUES ({version}); END"
        )


def downgrade() -> None:
    for name in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    op.drop_table("version_changes")
