"""Feeds, jobs, removals, stories decided by moderators, corrections, the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", sa.Column("removed_at", sa.BigInteger))
    op.add_column("articles", sa.Column("removed_by", sa.Text))
    op.add_column("articles", sa.Column("removed_because", sa.Text))
    op.add_column("versions", sa.Column("correction", sa.Text))
    op.add_column("ingest_log", sa.Column("place", sa.Text))
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("corpus_id", sa.Integer, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sa.ForeignKeyConstraint(["corpus_id"], ["corpora.id"], name="fk_audit_corpus_id_corpora"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_corpus_id_at", "audit", ["corpus_id", "at"])
    op.create_table(
        "story_pins",
        sa.Column("article_id", sa.String(16), nullable=False),
        sa.Column("corpus_id", sa.Integer, nullable=False),
        sa.Column("story_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("article_id", name="pk_story_pins"),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_story_pins_article_id_articles"
        ),
        sa.ForeignKeyConstraint(
            ["corpus_id"], ["corpora.id"], name="fk_story_pins_corpus_id_corpora"
        ),
    )
    op.create_index("ix_story_pins_corpus_id", "story_pins", ["corpus_id"])
    op.create_table(
        "feeds",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("corpus_id", sa.Integer, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("canonical_url", sa.Text, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("pause_reason", sa.Text),
        sa.Column("include", sa.JSON, nullable=False),
        sa.Column("exclude", sa.JSON, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("digest", sa.String(64)),
        sa.Column("begun", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("interval_seconds", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("checked_at", sa.BigInteger),
        sa.Column("changed_at", sa.BigInteger),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("failing_since", sa.BigInteger),
        sa.Column("last_error", sa.Text),
        sa.Column("alone_until", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
        sa.ForeignKeyConstraint(["corpus_id"], ["corpora.id"], name="fk_feeds_corpus_id_corpora"),
        sa.UniqueConstraint("corpus_id", "canonical_url", name="uq_feeds_corpus_id_canonical_url"),
        sa.CheckConstraint("state IN ('active', 'paused', 'removed')", name="ck_feeds_state"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "feed_items",
        sa.Column("feed_id", sa.Integer, nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "key", name="pk_feed_items"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_feed_items_feed_id_feeds"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("corpus_id", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.ForeignKeyConstraint(["corpus_id"], ["corpora.id"], name="fk_jobs_corpus_id_corpora"),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'cancelled', 'failed')", name="ck_jobs_state"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_corpus_id_state", "jobs", ["corpus_id", "state"])
    op.create_table(
        "job_items",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("job_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("payload", sa.JSON),
        sa.Column("position", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("done", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("id", name="pk_job_items"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_items_job_id_jobs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_items_job_id_done", "job_items", ["job_id", "done"])
    op.create_table(
        "job_results",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("job_id", sa.Integer, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("article_id", sa.String(16)),
        sa.Column("url", sa.Text),
        sa.Column("title", sa.Text),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_job_results"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_results_job_id_jobs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_results_job_id", "job_results", ["job_id"])


def downgrade() -> None:
    for table in ("job_results", "job_items", "jobs", "feed_items", "feeds", "story_pins", "audit"):
        op.drop_table(table)
    op.drop_column("ingest_log", "place")
    op.drop_column("versions", "correction")
    for column in ("removed_because", "removed_by", "removed_at"):
        op.drop_column("articles", column)
