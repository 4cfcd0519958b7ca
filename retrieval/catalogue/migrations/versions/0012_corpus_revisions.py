"""Changes are numbered by corpus. What was noted before is forgotten: nobody holds anything by it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_PLACED = "story_members FOR EACH ROW"
_TRIGGERS = (
    (
        "version_state_changed",
        "UPDATE OF state ON versions FOR EACH ROW WHEN old.state <> new.state",
        "id",
    ),
    ("version_placed", f"INSERT ON {_PLACED}", "version_id"),
    ("version_moved", f"UPDATE OF story_id, copy_id ON {_PLACED}", "version_id"),
)


def upgrade() -> None:
    for name, _, _ in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    op.drop_table("version_changes")
    op.add_column(
        "corpora",
        sa.Column("revision", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "version_changes",
        sa.Column("corpus_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("revision", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("version_id", sa.Integer, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("corpus_id", "revision", "version_id", name="pk_version_changes"),
        sqlite_with_rowid=False,
    )
    for name, when, version in _TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} AFTER {when} BEGIN "  # noqa: S608 - fixed names
            "UPDATE corpora SET revision = revision + 1 WHERE id = new.corpus_id; "
            "INSERT INTO version_changes (corpus_id, revision, version_id) "
            f"SELECT id, revision, new.{version} FROM corpora WHERE id = new.corpus_id; END"
        )
