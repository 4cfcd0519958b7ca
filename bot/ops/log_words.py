"""Errors and notes in log lines: in words, with what the operator can do."""

from __future__ import annotations

import logging

from retrieval.errors import NewsdeskError, Note


class PutIntoWords(logging.Filter):
    """Lets every record through, with the English sentence for each error or note in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and any(map(_has_words, record.args)):
            from bot.i18n import in_english

            record.args = tuple(
                in_english(each) if isinstance(each, NewsdeskError | Note) else each
                for each in record.args
            )
        return True


def _has_words(value: object) -> bool:
    return isinstance(value, NewsdeskError | Note)
