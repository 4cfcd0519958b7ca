"""What goes wrong with a model, whether to try again and what the operator should do.

ModelError
  ├─ ModelRefused      a bad key, no quota, an unknown model, a request that it won't take
  ├─ ModelBusy         a rate limit; ``wait`` says for how long, in seconds
  ├─ ModelUnreachable  no server, an error of its own, or no answer in time
  ├─ ModelResponseInvalid       an answer that breaks off or is none
  └─ ContextTooLong    more tokens than the model reads
"""

from __future__ import annotations

from typing import Any

from retrieval.errors import NewsdeskError


class ModelError(NewsdeskError):
    """The error's own note is for the operator; ``public`` is the code for those who ask."""

    public = "note-model-failed"


class ModelRefused(ModelError):
    public = "note-model-refused"


class ModelBusy(ModelError):
    retry = True
    public = "note-model-busy"

    def __init__(self, code: str, /, *, wait: float | None = None, **params: Any) -> None:
        super().__init__(code, **params)
        self.wait = wait


class ModelUnreachable(ModelError):
    retry = True
    public = "note-model-unreachable"


class ModelResponseInvalid(ModelError):
    retry = True
    public = "note-model-broke"


class ContextTooLong(ModelError):
    public = "note-too-long-for-model"
