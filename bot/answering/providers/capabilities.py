"""What was learned of a server and its model, stored with the data so that it is learned once."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

Limit = Literal["max_tokens", "max_completion_tokens", "none"]


@dataclass(slots=True)
class Capabilities:
    """What a server and its model accept.

    ``limit`` is the name of the parameter that bounds the answer; ``refused`` are parameters that
    the server doesn't accept. ``context_tokens`` bounds what the model reads and writes together,
    ``written_tokens`` what it writes; None until an error says so. ``opens_thinking`` is false for
    a model whose thoughts end with a tag that nothing opened.
    """

    limit: Limit = "max_tokens"
    refused: tuple[str, ...] = ()
    system_role: bool = True
    context_tokens: int | None = None
    written_tokens: int | None = None
    reasons: bool = False
    opens_thinking: bool = True

    def described(self) -> list[str]:
        """Return how it differs from most servers, for people."""
        found = []
        if self.limit != "max_tokens":
            found.append(
                f"token limit: {self.limit}" if self.limit != "none" else "accepts no token limit"
            )
        if self.refused:
            found.append(f"rejects {', '.join(self.refused)}")
        if not self.system_role:
            found.append("no system role")
        if self.context_tokens:
            found.append(f"reads {self.context_tokens} tokens at most")
        if self.written_tokens:
            found.append(f"writes {self.written_tokens} tokens at most")
        if self.reasons:
            found.append("thinks before it answers")
        return found


class CapabilityStore:
    """Capabilities by server and model in a small JSON file; without a file, in memory only."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._held: dict[str, Any] = {}

    def load(self, server: str, model: str) -> Capabilities:
        """Return what is known; the defaults if nothing is, or if the file can't be read."""
        kept = self._read().get(f"{server} {model}", {})
        known = {field.name for field in fields(Capabilities)}
        try:
            values = {name: value for name, value in kept.items() if name in known}
            if "refused" in values:
                values["refused"] = tuple(map(str, values["refused"]))
            return Capabilities(**values)
        except (AttributeError, TypeError):
            return Capabilities()

    def save(self, server: str, model: str, found: Capabilities) -> None:
        """Store what was found. A folder that can't be written to is no failure."""
        self._held = self._read()
        self._held[f"{server} {model}"] = asdict(found)
        if self._file is None or not self._file.parent.is_dir():
            return
        with contextlib.suppress(OSError):
            handle, name = tempfile.mkstemp(dir=self._file.parent, prefix=".model-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(self._held, file, indent=1)
            Path(name).replace(self._file)

    def _read(self) -> dict[str, Any]:
        if self._file is not None:
            try:
                kept = json.loads(self._file.read_text(encoding="utf-8"))
                return kept if isinstance(kept, dict) else {}
            except (OSError, ValueError):
                pass
        return dict(self._held)
