"""Log errors and notes in words, with what the operator can do."""

from __future__ import annotations

import logging

from retrieval.errors import NewsdeskError, Note


class PutIntoWords(logging.Filter):
    """Passes every record, with an English sentence for each error or note in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace errors and notes among the arguments. Return True."""
        if isinstance(record.args, tuple) and any(map(_has_words, record.args)):
            from bot.i18n import in_english

            record.args = tuple(
                in_english(each) if isinstance(each, NewsdeskError | Note) else each
                for each in record.args
            )
        return True


def _has_words(value: object) -> bool:
    return isinstance(value, NewsdeskError | Note)
