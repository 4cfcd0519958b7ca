"""The application's own tables, next to the catalogue's. Times are whole microseconds since 1970 in
UTC.

They refer to the catalogue's corpora and jobs by name and id, without constraints: whoever deletes
a corpus also deletes its rows here.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
)

from retrieval.catalogue.dialects import ID, TEXT, chars
from retrieval.catalogue.schema import NAMING

metadata = MetaData(naming_convention=NAMING)

# Where people see how a job comes along: a message in Discord, until the job is over.
job_messages = Table(
    "job_messages",
    metadata,
    Column("job_id", ID, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("message_id", BigInteger),
    Column("language", chars(8), nullable=False),
)

# One call of a language model a row; ``day`` is the operator's, ``cost_micros`` millionths of a
# US dollar, unknown for a model without a price.
usage = Table(
    "usage",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("day", chars(10), nullable=False),
    Column("corpus", TEXT, nullable=False),
    Column("model", TEXT, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("cost_micros", BigInteger),
    Index("ix_usage_day_corpus", "day", "corpus"),
)

# The most that calls in progress may use, until their usage is recorded above; one that a crash
# left counts until its time is over.
usage_reservations = Table(
    "usage_reservations",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("day", chars(10), nullable=False),
    Column("corpus", TEXT, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

# A Discord server: what its moderators have set, and since when the bot is gone from it.
guilds = Table(
    "guilds",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("settings", JSON, nullable=False),
    Column("joined_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
)

answers = Table(
    "answers",
    metadata,
    Column("id", chars(24), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("corpus", TEXT, nullable=False),
    Column("guild_id", BigInteger, index=True),
    Column("channel_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, index=True),
    Column("user_id", BigInteger, index=True),
    Column("question", TEXT),
    Column("private", Boolean, nullable=False),
    Column("answer", JSON, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("answer_id", ForeignKey("answers.id"), primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("helpful", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Where people were seen last, which their direct messages may be answered from.
sightings = Table(
    "sightings",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("seen_at", BigInteger, nullable=False, index=True),
)

# What somebody wants to be sent. Of a digest ``at_minute`` (of the local day) and ``weekday`` (None
# for daily) say when; of alerts on a topic ``most_a_day`` and the quiet minutes bound how often.
# ``done_until`` is the last time that was dealt with. One that has ended is kept, with why.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("kind", chars(8), nullable=False),
    Column("corpus", TEXT, nullable=False),
    Column("guild_id", BigInteger, index=True),
    # Where it goes; None for direct messages to ``user_id``, who made it.
    Column("channel_id", BigInteger),
    Column("user_id", BigInteger, nullable=False, index=True),
    Column("locale", chars(16)),
    Column("topic", TEXT),
    Column("source", TEXT),
    Column("zone", chars(64), nullable=False),
    Column("at_minute", Integer),
    Column("weekday", Integer),
    Column("most_a_day", Integer),
    Column("quiet_from", Integer),
    Column("quiet_until", Integer),
    Column("tell_if_nothing", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("done_until", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_why", TEXT),
    # How often in a row a delivery was impossible, and since when.
    Column("impossible_since", BigInteger),
    Column("impossible_tries", Integer, nullable=False, server_default="0"),
    # When to look at it again, 0 for at once; and alerts only once their corpus has another revision.
    Column("next_at", BigInteger, nullable=False, server_default="0", index=True),
    Column("seen_revision", BigInteger),
    CheckConstraint("kind IN ('digest', 'topic')", name="kind"),
    sqlite_autoincrement=True,
)

# A message that is going to be sent, recorded before it is: ``id`` is the nonce by which Discord
# recognizes it. ``slot`` is what it is for: a time, or the first story of an alert.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", chars(25), primary_key=True),
    Column("subscription_id", ForeignKey("subscriptions.id"), nullable=False),
    Column("slot", chars(40), nullable=False),
    Column("stories", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
    # None while it is on its way; ``sent`` says whether it arrived or was given up.
    Column("settled_at", BigInteger),
    Column("sent", Boolean),
    UniqueConstraint("subscription_id", "slot"),
)

# What new articles of a feed, on a topic or of all feeds are posted to a channel. ``feed_id`` is of
# the catalogue; minutes are of the local day in ``zone``.
feed_posts = Table(
    "feed_posts",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("corpus", TEXT, nullable=False),
    Column("guild_id", BigInteger, nullable=False, index=True),
    Column("channel_id", BigInteger, nullable=False),
    Column("forum", Boolean, nullable=False),
    Column("locale", chars(16)),
    Column("feed_id", ID),
    Column("topic", TEXT),
    Column("include", JSON, nullable=False),
    Column("exclude", JSON, nullable=False),
    Column("each", chars(8), nullable=False),
    Column("template", chars(16), nullable=False),
    # The one role that its messages mention.
    Column("role_id", BigInteger),
    # Whether what is posted to an announcement channel is published to those that follow it.
    Column("publish", Boolean, nullable=False),
    Column("settle_minutes", Integer, nullable=False),
    Column("zone", chars(64), nullable=False),
    Column("most_a_day", Integer),
    Column("quiet_from", Integer),
    Column("quiet_until", Integer),
    Column("paused", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # What came in before then isn't posted.
    Column("resumed_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_why", TEXT),
    CheckConstraint("each IN ('article', 'story')", name="each"),
    sqlite_autoincrement=True,
)

# What becomes of each article that was chosen for a post. ``id`` is the nonce of its message, and
# is shown in it, so that it can be recognized.
posted_articles = Table(
    "posted_articles",
    metadata,
    Column("id", chars(25), primary_key=True),
    Column("post_id", ForeignKey("feed_posts.id"), nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("article_id", chars(16), nullable=False),
    Column("story_id", ID, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("arrived_at", BigInteger, nullable=False),
    Column("state", chars(8), nullable=False),
    # Why it is skipped, in a word.
    Column("reason", chars(16)),
    # Since when it is in this state.
    Column("at", BigInteger, nullable=False),
    # The thread of a forum that its message begins or is in.
    Column("thread_id", BigInteger),
    Column("message_id", BigInteger),
    Column("to_publish", Boolean, nullable=False),
    Column("pinged", Boolean, nullable=False),
    Column("crossposted_at", BigInteger),
    CheckConstraint("state IN ('waiting', 'sending', 'sent', 'skipped')", name="state"),
    UniqueConstraint("post_id", "article_id"),
    Index("ix_posted_articles_channel_id_article_id", "channel_id", "article_id"),
    Index("ix_posted_articles_channel_id_state", "channel_id", "state"),
    Index("ix_posted_articles_state_arrived_at", "state", "arrived_at"),
    Index("ix_posted_articles_to_publish_channel_id", "to_publish", "channel_id"),
    Index("ix_posted_articles_post_id_arrived_at", "post_id", "arrived_at"),
)

# When the moderators of a server were last told about failing feeds.
feed_reports = Table(
    "feed_reports",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)

# What moderators say about the answer to a question, whenever it is asked again. ``question_key``
# is a hash of the question, so that neither its words nor its author have to be stored.
answer_notes = Table(
    "answer_notes",
    metadata,
    Column("corpus", TEXT, primary_key=True),
    Column("question_key", chars(64), primary_key=True),
    Column("note", TEXT, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Who asked the moderators for what an answer lacked.
asked_moderators = Table(
    "asked_moderators",
    metadata,
    Column("answer_id", ForeignKey("answers.id"), primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)

# What members used today, for limits; past days are deleted. ``guild_id`` is the server whose
# articles the answer came from, even in a direct message.
member_usage = Table(
    "member_usage",
    metadata,
    Column("day", chars(10), primary_key=True),
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("questions", Integer, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
)

# What was said in conversations of the last half hour, where several processes share a database. ``key``
# names an answer, a thread, or a person in a channel.
conversations = Table(
    "conversations",
    metadata,
    Column("key", TEXT, primary_key=True),
    Column("corpus", TEXT, nullable=False),
    Column("guild_id", BigInteger),
    Column("turns", JSON, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)

# Who took part in each.
conversation_people = Table(
    "conversation_people",
    metadata,
    Column("key", ForeignKey("conversations.key", ondelete="CASCADE"), primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False, index=True),
)
