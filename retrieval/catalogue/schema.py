"""The catalogue's tables. Times are whole microseconds since 1970 in UTC.

An article is an identity within a corpus; what it says is its versions. A version goes through

    accepted -> indexed -> retired -> archived

Only ``indexed`` ones are ever shown, at most one per article. ``accepted`` and ``retired`` ones are
work that start-up finishes: they are entering or leaving the indexes.

An article that a moderator removed has ``removed_at``: its version leaves as if it were replaced,
but no other takes its place. Restoring sends the last version through the states again.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from retrieval.catalogue.dialects import ID, TEXT, chars, index_part
from retrieval.catalogue.postgres_schema import number_changes

ACCEPTED, INDEXED, RETIRED, ARCHIVED = "accepted", "indexed", "retired", "archived"

# The names of constraints and indexes, the same in every database.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)
number_changes(metadata)

properties = Table(
    "properties",
    metadata,
    Column("name", chars(64), primary_key=True),
    Column("value", TEXT, nullable=False),
)

corpora = Table(
    "corpora",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("name", TEXT, nullable=False, unique=True),
    # Which build of the indexes is in use; `reindex` makes the next one and then switches.
    Column("generation", Integer, nullable=False, server_default=text("1")),
    # How the indexes of that build are laid out; an older layout is made anew at start-up.
    Column("layout", Integer, nullable=False, server_default=text("1")),
    # The number of the last change of what search may show (`version_changes`).
    Column("revision", BigInteger, nullable=False, server_default=text("0")),
    Column("created_at", BigInteger, nullable=False),
    # The address of the Chroma server that has its vectors, where there are several.
    Column("vector_server", TEXT),
)

articles = Table(
    "articles",
    metadata,
    Column("id", chars(16), primary_key=True),
    Column("corpus_id", ForeignKey("corpora.id"), nullable=False),
    # The canonical URL; for pasted text, which has none, "text:" and its content hash.
    Column("canonical_url", TEXT, nullable=False),
    Column("first_ingested_at", BigInteger, nullable=False),
    # Set while a moderator's removal stands: when, by whom and why.
    Column("removed_at", BigInteger),
    Column("removed_by", TEXT),
    Column("removed_reason", TEXT),
    UniqueConstraint("corpus_id", "canonical_url"),
)

versions = Table(
    "versions",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("article_id", ForeignKey("articles.id"), nullable=False),
    Column("corpus_id", ForeignKey("corpora.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", chars(8), nullable=False),
    Column("url", TEXT),
    Column("title", TEXT, nullable=False),
    Column("source", TEXT),
    # The publisher's name and the URL's host as they are compared: in lower case.
    Column("source_key", TEXT),
    Column("host", TEXT),
    Column("authors", JSON, nullable=False),
    Column("language", chars(8)),
    # As written (ISO 8601), and the span that it covers: a whole day for a bare date.
    Column("published_at", TEXT),
    Column("published_from", BigInteger),
    Column("published_to", BigInteger),
    # When the article becomes visible: its publication, or else its ingestion.
    Column("visible_from", BigInteger, nullable=False),
    Column("ingested_at", BigInteger, nullable=False),
    Column("content_hash", chars(64), nullable=False),
    Column("text", TEXT, nullable=False),
    # The sentence in which the publisher says that it was corrected.
    Column("correction", TEXT),
    # The URL of the publisher's picture; the picture itself is neither fetched nor kept.
    Column("picture_url", TEXT),
    UniqueConstraint("article_id", "number"),
    CheckConstraint("state IN ('accepted', 'indexed', 'retired', 'archived')", name="state"),
    Index("ix_versions_corpus_id_content_hash", "corpus_id", "content_hash"),
    Index("ix_versions_corpus_id_visible_from", "corpus_id", "visible_from"),
    sqlite_autoincrement=True,
)

index_part(
    "uq_versions_shown_article",
    versions.c.article_id,
    unique=True,
    where=versions.c.state == INDEXED,
)

# Few rows are ever in these states; start-up looks for them.
index_part(
    "ix_versions_unfinished",
    versions.c.corpus_id,
    versions.c.state,
    where=versions.c.state.in_((ACCEPTED, RETIRED)),
)

passages = Table(
    "passages",
    metadata,
    # version_id * PASSAGES_PER_VERSION + ordinal: never reused, known before the insert.
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version_id", ForeignKey("versions.id"), nullable=False, index=True),
    Column("start_offset", Integer, nullable=False),
    Column("end_offset", Integer, nullable=False),
)

PASSAGES_PER_VERSION = 1 << 16

# Copies of the vector index's contents, to score the few passages that it didn't find. Fetching
# vectors by id from Chroma takes ten times as long.
passage_vectors = Table(
    "passage_vectors",
    metadata,
    Column("passage_id", BigInteger, primary_key=True, autoincrement=False),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("vector", LargeBinary, nullable=False),  # float16, little-endian
)

# Which story a version tells, and which of its reports are near-copies; both are known by the
# version that began them. Sketch, names and traits are what grouping
# compares with later articles.
story_members = Table(
    "story_members",
    metadata,
    Column("version_id", ForeignKey("versions.id"), primary_key=True, autoincrement=False),
    Column("corpus_id", ForeignKey("corpora.id"), nullable=False),
    Column("story_id", ID, nullable=False),
    Column("copy_id", ID, nullable=False),
    Column("sketch", LargeBinary, nullable=False),  # uint32, little-endian
    Column("names", JSON, nullable=False),
    Column("traits", LargeBinary),  # null for versions placed before traits existed
    Index("ix_story_members_corpus_id_story_id", "corpus_id", "story_id"),
)

# Append-only: which versions search has to look at again, since their state or their place among
# the stories changed. Triggers write it (migration 0012), so that nobody who changes these can
# forget to; what search holds in memory follows it, by corpus. ``revision`` is the corpus's own
# counter plus one: whoever counts it up holds its row until the end of the transaction, so that no
# change appears behind a higher number that somebody has read already.
version_changes = Table(
    "version_changes",
    metadata,
    Column("corpus_id", ID, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("version_id", ID, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# Append-only: what came in, when and by whom.
ingest_log = Table(
    "ingest_log",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("corpus_id", ForeignKey("corpora.id"), nullable=False),
    Column("article_id", ForeignKey("articles.id"), nullable=False),
    Column("version_number", Integer, nullable=False),
    Column("status", chars(16), nullable=False),
    Column("label", TEXT, nullable=False),
    Column("actor", TEXT, nullable=False),
    # From where the actor acted: a terminal, a channel.
    Column("origin", TEXT),
    sqlite_autoincrement=True,
)

# Append-only: what moderators did beside bringing articles in.
audit = Table(
    "audit",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("corpus_id", ForeignKey("corpora.id"), nullable=False),
    Column("actor", TEXT, nullable=False),
    Column("origin", TEXT, nullable=False),
    Column("action", chars(32), nullable=False),
    # The id of the article, feed or job that it was done to.
    Column("subject", TEXT, nullable=False),
    Column("detail", TEXT),
    Index("ix_audit_corpus_id_at", "corpus_id", "at"),
    sqlite_autoincrement=True,
)

# What a moderator decided about the story of an article; clustering follows it.
story_pins = Table(
    "story_pins",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("corpus_id", ForeignKey("corpora.id"), nullable=False, index=True),
    Column("story_id", ID, nullable=False),
)

FEED_ACTIVE, FEED_PAUSED, FEED_REMOVED = "active", "paused", "removed"

feeds = Table(
    "feeds",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("corpus_id", ForeignKey("corpora.id"), nullable=False),
    Column("url", TEXT, nullable=False),
    # The URL in the form in which feeds are compared.
    Column("canonical_url", TEXT, nullable=False),
    Column("title", TEXT),
    Column("kind", chars(16), nullable=False),
    Column("state", chars(8), nullable=False),
    # Why it is paused, as a note.
    Column("pause_reason", TEXT),
    Column("include", JSON, nullable=False),
    Column("exclude", JSON, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("added_by", TEXT, nullable=False),
    # What the next conditional request says, and the hash of the last answer's body.
    Column("etag", TEXT),
    Column("last_modified", TEXT),
    Column("digest", chars(64)),
    # Whether a first run has taken the newest items and put the others aside.
    Column("initialized", Integer, nullable=False, server_default=text("0")),
    Column("interval_seconds", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("checked_at", BigInteger),
    Column("changed_at", BigInteger),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("failing_since", BigInteger),
    Column("last_error", TEXT),
    # Until when the site asked to be left alone (Retry-After).
    Column("retry_after", BigInteger),
    UniqueConstraint("corpus_id", "canonical_url"),
    CheckConstraint("state IN ('active', 'paused', 'removed')", name="state"),
    sqlite_autoincrement=True,
)

# What became of each item of a feed. An item is known by its canonical URL, or by its text.
feed_items = Table(
    "feed_items",
    metadata,
    Column("feed_id", ForeignKey("feeds.id"), primary_key=True),
    Column("key", chars(32), primary_key=True),
    Column("verdict", chars(16), nullable=False),
    Column("reason", TEXT),
    # Hash of title, text and update as the feed gave them; if it differs, the item is read again.
    Column("fingerprint", chars(32), nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("at", BigInteger, nullable=False),
)

JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_CANCELLED, JOB_FAILED = (
    "queued",
    "running",
    "done",
    "cancelled",
    "failed",
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("corpus_id", ForeignKey("corpora.id"), nullable=False),
    Column("state", chars(16), nullable=False),
    Column("actor", TEXT, nullable=False),
    Column("origin", TEXT, nullable=False),
    Column("error", TEXT),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    CheckConstraint("state IN ('queued', 'running', 'done', 'cancelled', 'failed')", name="state"),
    Index("ix_jobs_corpus_id_state", "corpus_id", "state"),
    sqlite_autoincrement=True,
)

# The sources of a job. A feed's items become items of the job.
job_items = Table(
    "job_items",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("job_id", ForeignKey("jobs.id"), nullable=False),
    Column("kind", chars(8), nullable=False),
    Column("label", TEXT, nullable=False),
    # What the kind needs beside its label: a text, a feed's item.
    Column("payload", JSON),
    # How many articles of it are accepted; a file may hold many.
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column("done", Integer, nullable=False, server_default=text("0")),
    Index("ix_job_items_job_id_done", "job_id", "done"),
    sqlite_autoincrement=True,
)

# What became of each article of a job, written with the article itself.
job_results = Table(
    "job_results",
    metadata,
    Column("id", ID, Identity(), primary_key=True),
    Column("job_id", ForeignKey("jobs.id"), nullable=False, index=True),
    Column("label", TEXT, nullable=False),
    Column("status", chars(16), nullable=False),
    Column("article_id", chars(16)),
    Column("url", TEXT),
    Column("title", TEXT),
    Column("reason", TEXT),
    sqlite_autoincrement=True,
)

# Uploaded files, where several processes read them. Each is deleted with its job; it is part of none
# while it is being uploaded.
uploads = Table(
    "uploads",
    metadata,
    Column("id", chars(32), primary_key=True),
    Column("job_id", ForeignKey("jobs.id"), index=True),
    Column("size", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

upload_parts = Table(
    "upload_parts",
    metadata,
    Column("upload_id", ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    # A megabyte each.
    info={"rows_at_once": 8},
)

# Which of several processes does what until when; see `leases`. Rows stay, for their tokens.
leases = Table(
    "leases",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("holder", TEXT, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

# Hosts that several processes send requests to, by scheme, name and port; see `hosts`.
hosts = Table(
    "hosts",
    metadata,
    Column("name", TEXT, primary_key=True),
    # Who may ask it, as in `leases`; 0 once the turn was given back.
    Column("holder", TEXT, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    # When another process last waited for its turn.
    Column("wanted_at", BigInteger, nullable=False),
    # When the last request ended, and until when the host wants to be left alone.
    Column("last_at", BigInteger),
    Column("retry_after", BigInteger),
    # Its robots.txt (zlib), or why it couldn't be read, and how long that is good for.
    Column("robots", LargeBinary),
    Column("robots_error", TEXT),
    Column("robots_until", BigInteger),
)
