"""What can go wrong, each with one sentence that says what happened and what to do.

NewsdeskError
  ├─ SettingsError          a setting is unknown, missing or out of bounds
  ├─ NotFound               no such article, feed or job; or several that fit
  ├─ Refused                what was asked for can't be done as things stand
  ├─ UnreadableSource       a source that can't become an article (a rejection)
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


class NewsdeskError(Exception):
    """Something the user is told in one sentence.

    ``retry`` says whether the same call may succeed later without anyone doing anything.
    """

    retry: bool = False

    def __init__(self, message: str, *, retry: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        if retry is not None:
            self.retry = retry


class SettingsError(NewsdeskError):
    """A setting is unknown, missing or out of bounds."""


class NotFound(NewsdeskError):
    """There is no such article, feed or job, or more than one that fits."""


class Refused(NewsdeskError):
    """What was asked for can't be done as things stand: added twice, a full queue."""


class UnreadableSource(NewsdeskError):
    """A source that can't become an article; its message is the reason of the rejection."""


class FetchRefused(UnreadableSource):
    """An address that must not be fetched, or that did not answer with something usable.

    ``status`` is the HTTP status of the answer, if there was one; ``retry_after`` how many seconds
    the server wants to be left alone, if it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        retry: bool | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, retry=retry)
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
