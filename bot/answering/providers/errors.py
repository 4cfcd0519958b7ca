"""What can go wrong with a model, whether to try again, and what the operator should do.

ModelError
  ├─ ModelRefused          a bad key, no quota, an unknown model, a request that isn't accepted
  │    └─ ModelFiltered    the server's filter blocks the request or the answer
  ├─ ModelBusy             a rate limit; ``wait`` is how long to wait, in seconds
  ├─ ModelUnreachable      no server, an error of its own, or no answer in time
  │    └─ ModelLoading     a server that is still loading its model
  ├─ ModelResponseInvalid  an answer that is cut off or invalid
  ├─ ReasoningTooLong      thoughts used up the tokens before an answer began
  └─ ContextTooLong        more tokens than the model reads
"""

from __future__ import annotations

from typing import Any

from retrieval.errors import NewsdeskError


class ModelError(NewsdeskError):
    """The error's own note is for the operator; ``public`` is the code of the note for members."""

    public = "note-model-failed"


class ModelRefused(ModelError):
    """The server won't serve the request, however often it is asked."""

    public = "note-model-refused"


class ModelFiltered(ModelRefused):
    """The server's filter blocks the request or the answer."""

    public = "note-model-filtered"


class ModelBusy(ModelError):
    """A rate limit is reached; ``wait`` is how long to wait, in seconds, if the server said so."""

    retry = True
    public = "note-model-busy"

    def __init__(self, code: str, /, *, wait: float | None = None, **params: Any) -> None:
        super().__init__(code, **params)
        self.wait = wait


class ModelUnreachable(ModelError):
    """There is no server, it has an error of its own, or it doesn't answer in time."""

    retry = True
    public = "note-model-unreachable"


class ModelLoading(ModelUnreachable):
    """Waited for as long as ``ModelOptions.load_seconds``."""


class ModelResponseInvalid(ModelError):
    """The answer is cut off or invalid."""

    retry = True
    public = "note-model-broke"


class ReasoningTooLong(ModelError):
    """Thoughts used up the tokens before an answer began."""

    public = "note-model-only-thought"


class ContextTooLong(ModelError):
    """``limit`` is how many tokens the model reads and writes together, if the server said so."""

    public = "note-too-long-for-model"

    def __init__(self, code: str, /, *, limit: int | None = None, **params: Any) -> None:
        super().__init__(code, **params)
        self.limit = limit
