"""What is posted of feeds and topics into channels, and when moderators were told of failing feeds."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_posts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("corpus", sa.Text, nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("forum", sa.Boolean, nullable=False),
        sa.Column("locale", sa.String(16)),
        sa.Column("feed_id", sa.Integer),
        sa.Column("topic", sa.Text),
        sa.Column("include", sa.JSON, nullable=False),
        sa.Column("exclude", sa.JSON, nullable=False),
        sa.Column("each", sa.String(8), nullable=False),
        sa.Column("template", sa.String(16), nullable=False),
        sa.Column("role_id", sa.BigInteger),
        sa.Column("publish", sa.Boolean, nullable=False),
        sa.Column("settle_minutes", sa.Integer, nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("most_a_day", sa.Integer),
        sa.Column("quiet_from", sa.Integer),
        sa.Column("quiet_until", sa.Integer),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("resumed_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_why", sa.Text),
        sa.CheckConstraint("each IN ('article', 'story')", name=op.f("ck_feed_posts_each")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_posts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_feed_posts_guild_id"), "feed_posts", ["guild_id"])
    op.create_table(
        "posted_articles",
        sa.Column("id", sa.String(25), nullable=False),
        sa.Column("post_id", sa.Integer, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("article_id", sa.String(16), nullable=False),
        sa.Column("story_id", sa.Integer, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("arrived_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(16)),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("thread_id", sa.BigInteger),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("to_publish", sa.Boolean, nullable=False),
        sa.Column("pinged", sa.Boolean, nullable=False),
        sa.Column("crossposted_at", sa.BigInteger),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'skipped')",
            name=op.f("ck_posted_articles_state"),
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["feed_posts.id"], name=op.f("fk_posted_articles_post_id_feed_posts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posted_articles")),
        sa.UniqueConstraint(
            "post_id", "article_id", name=op.f("uq_posted_articles_post_id_article_id")
        ),
    )
    op.create_index(
        op.f("ix_posted_articles_channel_id_article_id"),
        "posted_articles",
        ["channel_id", "article_id"],
    )
    op.create_index(
        op.f("ix_posted_articles_channel_id_state"), "posted_articles", ["channel_id", "state"]
    )
    op.create_table(
        "feed_reports",
        sa.Column("guild_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_feed_reports")),
    )
