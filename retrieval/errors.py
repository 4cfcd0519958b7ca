"""What can go wrong, by codes and parameters: the words for them are the application's.

NewsdeskError
  ├─ SettingsError          a setting is unknown, missing or out of bounds
  ├─ NotFound               no such article, feed or job; or several that fit
  ├─ Refused                what was asked for can't be done as things stand
  ├─ UnreadableSource       a source that can't become an article (a rejection)
  │    ├─ InvalidURL        what is no absolute http(s) URL
  │    ├─ InvalidRecord     an object that does not have the form of an article
  │    └─ FetchRefused      an address that must not or could not be fetched
  ├─ StorageError           the data folder can't be used
  │    ├─ FolderInUse       another process writes to it
  │    ├─ FolderTooNew      a newer Newsdesk made it
  │    └─ IndexDamaged      an index is broken and can be made anew from the catalogue
  ├─ RerankerError          passages can't be reordered
  └─ EmbedderError          embeddings can't be made
       └─ EmbedderMismatch  the vectors of a corpus come from another embedder
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self, TypeAlias

VERBATIM = "verbatim"

Value: TypeAlias = "str | int | float | bool | Note | None"


class Note:
    """A code with its parameters: a reason, a remark, an error, before it has words.

    A parameter is plain, or a note of its own. Words that a person wrote, or that an earlier
    version stored, are a note too: ``Note.verbatim``.
    """

    __slots__ = ("code", "params")

    code: str
    params: Mapping[str, Value]

    def __init__(self, code: str, /, **params: Value) -> None:
        self.code = code
        self.params = params

    @classmethod
    def verbatim(cls, text: str) -> Note:
        """Words that are shown as they are."""
        return cls(VERBATIM, text=text)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Note:
        """Restore what ``to_record`` made. Raises ``KeyError`` or ``TypeError`` for anything else."""
        params = {
            str(name): cls.from_record(value) if isinstance(value, dict) else value
            for name, value in record.get("params", {}).items()
        }
        return cls(str(record["code"]), **params)

    @classmethod
    def parse(cls, stored: str | None) -> Note | None:
        """Restore what ``str`` made; a sentence, as earlier versions stored them, is verbatim."""
        if stored is None:
            return None
        if stored.startswith('{"code":'):
            try:
                return cls.from_record(json.loads(stored))
            except (ValueError, KeyError, TypeError, AttributeError):
                pass
        return cls.verbatim(stored)

    @staticmethod
    def stored(note: Note | None) -> str | None:
        """Return the form in which a column of text keeps a note."""
        return None if note is None else str(note)

    def then(self, other: Note) -> Note:
        """Both, one after the other."""
        return Note("joined", first=self, second=other)

    def to_record(self) -> dict[str, Any]:
        """The note as an object of JSON."""
        record: dict[str, Any] = {"code": self.code}
        if self.params:
            record["params"] = {
                name: value.to_record() if isinstance(value, Note) else value
                for name, value in self.params.items()
            }
        return record

    def __str__(self) -> str:
        """The form in which a note is stored: JSON, the same for equal notes."""
        return json.dumps(
            self.to_record(), ensure_ascii=False, separators=(",", ":"), sort_keys=True
        )

    def __repr__(self) -> str:
        """The form of logs: ``http-status (answer='404 Not Found')``."""
        if not self.params:
            return self.code
        return f"{self.code} ({', '.join(f'{k}={v!r}' for k, v in self.params.items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Note) and (self.code, self.params) == (other.code, other.params)

    def __hash__(self) -> int:
        return hash(str(self))


class NewsdeskError(Exception):
    """Something the user is told in one sentence, which the application has for ``code``.

    ``retry`` says whether the same call may succeed later without anyone doing anything.
    """

    retry: bool = False

    def __init__(self, code: str, /, *, retry: bool | None = None, **params: Value) -> None:
        super().__init__(code)
        self.note = Note(code, **params)
        if retry is not None:
            self.retry = retry

    @classmethod
    def of(cls, note: Note, **more: Any) -> Self:
        """The error whose code and parameters are those of ``note``."""
        return cls(note.code, **{**note.params, **more})

    @property
    def code(self) -> str:
        return self.note.code

    @property
    def params(self) -> Mapping[str, Value]:
        return self.note.params

    def __str__(self) -> str:
        return repr(self.note)


class SettingsError(NewsdeskError):
    """A setting is unknown, missing or out of bounds."""


class NotFound(NewsdeskError):
    """There is no such article, feed or job, or more than one that fits."""


class Refused(NewsdeskError):
    """What was asked for can't be done as things stand: added twice, a full queue."""


class UnreadableSource(NewsdeskError):
    """A source that can't become an article; its note is the reason of the rejection."""


class InvalidURL(UnreadableSource, ValueError):
    """What is no absolute http(s) URL, or holds credentials."""


class InvalidRecord(UnreadableSource, ValueError):
    """An object that does not have the form of an article."""


class FetchRefused(UnreadableSource):
    """An address that must not be fetched, or that did not answer with something usable.

    ``status`` is the HTTP status of the answer, if there was one; ``retry_after`` how many seconds
    the server wants to be left alone, if it said so.
    """

    def __init__(
        self,
        code: str,
        /,
        *,
        retry: bool | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        **params: Value,
    ) -> None:
        super().__init__(code, retry=retry, **params)
        self.status = status
        self.retry_after = retry_after


class StorageError(NewsdeskError):
    """The data folder can't be read or written."""


class FolderInUse(StorageError):
    """Another process writes to the data folder."""

    retry = True


class FolderTooNew(StorageError):
    """The data folder was made by a newer version of Newsdesk."""


class IndexDamaged(StorageError):
    """An index on disk is broken, say by a full disk; the catalogue can make it anew."""


class EmbedderError(NewsdeskError):
    """Embeddings can't be made."""


class RerankerError(NewsdeskError):
    """Passages can't be reordered."""


class EmbedderMismatch(EmbedderError):
    """The vectors of a corpus were made by another embedder than the one in the settings."""
