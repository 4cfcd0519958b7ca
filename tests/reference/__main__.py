"""Writes the generated parts of the documentation: ``python -m tests.reference``."""

from __future__ import annotations

from tests.reference import commands, messages, settings
from tests.reference.pages import DOCS, with_part

# By page, the parts in it and what makes them.
PARTS = {
    "configuration.md": {"settings": settings.configuration},
    "commands.md": {"terminal": commands.terminal, "discord": commands.discord},
    "troubleshooting.md": {"messages": messages.messages},
}


def main() -> None:
    for name, parts in PARTS.items():
        path = DOCS / name
        page = path.read_text(encoding="utf-8")
        for part, make in parts.items():
            page = with_part(page, part, make())
        path.write_text(page, encoding="utf-8")
        print(f"{path.relative_to(DOCS.parent)} written")


if __name__ == "__main__":
    main()
