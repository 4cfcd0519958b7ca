"""What PostgreSQL needs besides the tables: triggers that number the changes to what search shows.

A change gets its number at the end of its transaction, once per corpus: the deferred trigger
increments the corpus's revision as the last thing that the transaction does. Whoever increments it
holds the corpus's row until the commit, so numbers become visible in order; a sequence, or the
highest number plus one, could let a lower number appear after somebody has read a higher one.
"""

from __future__ import annotations

from sqlalchemy import DDL, MetaData, event

_NUMBERED = """
CREATE OR REPLACE FUNCTION note_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    remembered text := 'newsdesk.revision_' || NEW.corpus_id;
    number bigint := nullif(current_setting(remembered, true), '');
    version bigint;
BEGIN
    IF number IS NULL THEN
        UPDATE corpora SET revision = revision + 1 WHERE id = NEW.corpus_id
            RETURNING revision INTO number;
        PERFORM set_config(remembered, number::text, true);
    END IF;
    IF TG_TABLE_NAME = 'versions' THEN
        version := NEW.id;
    ELSE
        version := NEW.version_id;
    END IF;
    INSERT INTO version_changes (corpus_id, revision, version_id)
        VALUES (NEW.corpus_id, number, version) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""
_TRIGGERS = {
    "version_state_changed": ("UPDATE OF state ON versions", "WHEN (OLD.state <> NEW.state)"),
    "version_placed": ("INSERT ON story_members", ""),
    "version_moved": ("UPDATE OF story_id, copy_id ON story_members", ""),
}


def number_changes(metadata: MetaData) -> None:
    """Let PostgreSQL create the triggers when it creates these tables."""
    statements = [_NUMBERED] + [
        f"CREATE CONSTRAINT TRIGGER {name} AFTER {what} DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW {when} EXECUTE FUNCTION note_version_change()"
        for name, (what, when) in _TRIGGERS.items()
    ]
    for statement in statements:
        ddl = DDL(statement)  # type: ignore[no-untyped-call]
        event.listen(metadata, "after_create", ddl.execute_if(dialect="postgresql"))
