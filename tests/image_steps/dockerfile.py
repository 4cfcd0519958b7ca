"""Read a Dockerfile: its stages, and the instructions of each in order."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

_FLAG = re.compile(r"--([a-z-]+)=(\S+)\s+")
KNOWN = frozenset(
    "ARG CMD COPY ENTRYPOINT ENV FROM HEALTHCHECK LABEL RUN STOPSIGNAL USER VOLUME WORKDIR".split()
)


@dataclass(frozen=True, slots=True)
class Instruction:
    """``flags`` are those before the text: ``--from=build``, ``--interval=30s``."""

    name: str
    text: str
    flags: dict[str, str]

    def words(self) -> list[str]:
        """The text as words, also where it is a JSON list."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return shlex.split(self.text)

    def pairs(self) -> dict[str, str]:
        """The text as ``NAME=value`` pairs."""
        return dict(word.split("=", 1) for word in self.words())


@dataclass(slots=True)
class Stage:
    base: str
    name: str | None
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, name: str) -> list[Instruction]:
        return [each for each in self.instructions if each.name == name]

    def last(self, name: str) -> Instruction:
        """Raises ``LookupError`` if the stage has none."""
        found = self.all(name)
        if not found:
            raise LookupError(f"no {name} in the stage from {self.base}")
        return found[-1]

    def environment(self) -> dict[str, str]:
        return {k: v for each in self.all("ENV") for k, v in each.pairs().items()}


def read_dockerfile(path: Path) -> list[Stage]:
    """Raises ``ValueError`` for an instruction that is not among ``KNOWN``."""
    lines = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    stages: list[Stage] = []
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, _, text = line.partition(" ")
        if name not in KNOWN:
            raise ValueError(f"unknown instruction: {line}")
        flags = {}
        while found := _FLAG.match(text):
            flags[found[1]] = found[2]
            text = text[found.end() :]
        if name == "FROM":
            base, *named = text.split()
            stages.append(Stage(base, named[1] if named else None))
        elif name == "HEALTHCHECK":
            stages[-1].instructions.append(Instruction(name, text.removeprefix("CMD "), flags))
        else:
            stages[-1].instructions.append(Instruction(name, text.strip(), flags))
    return stages
