"""Plays the scenes and draws them as HTML, and as PNG for desktop and phone in both themes where
Chromium is installed or PySide6 can be imported: ``python -m tests.pictures [FOLDER]``."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from tests.pictures.browser import Shot, render, renderer
from tests.pictures.page import page
from tests.pictures.scenes import play

_WIDTHS = {"desktop": 720, "phone": 390}
_THEMES = {"dark": "", "light": "#light"}


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    options.add_argument("folder", nargs="?", type=Path, default=Path("pictures"))
    options.add_argument("--only", nargs="*", help="names of the pictures to draw as PNG; all")
    given = options.parse_args()
    target: Path = given.folder
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(play(Path(folder)))
    shots = []
    for name, bodies in found.items():
        source = target / f"{name}.html"
        source.write_text(page(name, bodies), encoding="utf-8")
        if not given.only or name in given.only:
            shots += [
                Shot(source, width, fragment, target / f"{name}-{device}-{theme}.png")
                for device, width in _WIDTHS.items()
                for theme, fragment in _THEMES.items()
            ]
    said = f"{len(found)} scenes as HTML in {target}"
    browser = renderer()
    if browser is None:
        print(f"{said}; for PNG install Chromium, or PySide6 into this environment")
        return
    render(browser, shots)
    print(f"{said}, and {len(shots)} pictures by {Path(browser).name}")


if __name__ == "__main__":
    main()
