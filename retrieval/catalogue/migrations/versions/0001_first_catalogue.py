"""The first catalogue: corpora, articles, their versions and passages, the ingest log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "properties",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_properties"),
    )
    op.create_table(
        "corpora",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_corpora"),
        sa.UniqueConstraint("name", name="uq_corpora_name"),
    )
    op.create_table(
        "articles",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("corpus_id", sa.Integer, nullable=False),
        sa.Column("canonical_url", sa.Text, nullable=False),
        sa.Column("first_ingested_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_articles"),
        sa.ForeignKeyConstraint(
            ["corpus_id"], ["corpora.id"], name="fk_articles_corpus_id_corpora"
        ),
        sa.UniqueConstraint(
            "corpus_id", "canonical_url", name="uq_articles_corpus_id_canonical_url"
        ),
    )
    op.create_table(
        "versions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("article_id", sa.String(16), nullable=False),
        sa.Column("corpus_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("source_key", sa.Text),
        sa.Column("host", sa.Text),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("published_at", sa.Text),
        sa.Column("published_from", sa.BigInteger),
        sa.Column("published_to", sa.BigInteger),
        sa.Column("visible_from", sa.BigInteger, nullable=False),
        sa.Column("ingested_at", sa.BigInteger, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_versions"),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_versions_article_id_articles"
        ),
        sa.ForeignKeyConstraint(
            ["corpus_id"], ["corpora.id"], name="fk_versions_corpus_id_corpora"
        ),
        sa.UniqueConstraint("article_id", "number", name="uq_versions_article_id_number"),
        sa.CheckConstraint(
            "state IN ('accepted', 'indexed', 'retired', 'archived')", name="ck_versions_state"
        ),
        sqlite_autoincrement=True,
    )
    for columns in (("content_hash",), ("visible_from",)):
        op.create_index(
            "_".join(("ix_versions_corpus_id", *columns)), "versions", ["corpus_id", *columns]
        )
    shown = sa.text("state = 'indexed'")
    op.create_index(
        "uq_versions_shown_article",
        "versions",
        ["article_id"],
        unique=True,
        sqlite_where=shown,
        postgresql_where=shown,
    )
    unfinished = sa.text("state IN ('accepted', 'retired')")
    op.create_index(
        "ix_versions_unfinished",
        "versions",
        ["corpus_id", "state"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_table(
        "passages",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("version_id", sa.Integer, nullable=False),
        sa.Column("start_offset", sa.Integer, nullable=False),
        sa.Column("end_offset", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passages"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name="fk_passages_version_id_versions"
        ),
    )
    op.create_index("ix_passages_version_id", "passages", ["version_id"])
    op.create_table(
        "ingest_log",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("corpus_id", sa.Integer, nullable=False),
        sa.Column("article_id", sa.String(16), nullable=False),
        sa.Column("version_number", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ingest_log"),
        sa.ForeignKeyConstraint(
            ["corpus_id"], ["corpora.id"], name="fk_ingest_log_corpus_id_corpora"
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_ingest_log_article_id_articles"
        ),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("ingest_log", "passages", "versions", "articles", "corpora", "properties"):
        op.drop_table(table)
