"""Pages as PNG: by Chromium where it is installed, else by Qt's browser where PySide6 is."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PHONE = 500  # pixels of a page's width, from which it is a desktop's
_SECONDS = 30  # for the browser to start, and for each picture


@dataclass(frozen=True)
class Shot:
    """A page at a width in pixels, in the theme that its fragment chooses, and where it goes."""

    source: Path
    width: int
    fragment: str
    target: Path

    @property
    def scale(self) -> int:
        """Pixels of the picture for one of the page: a phone has several."""
        return 2 if self.width < _PHONE else 1

    @property
    def url(self) -> str:
        return self.source.absolute().as_uri() + self.fragment


def renderer() -> str | None:
    """Which browser is there: the path of a Chromium, ``"PySide6"``, or ``None``."""
    found = next(filter(None, map(shutil.which, _CHROMIUMS)), None)
    if found is not None:
        return found
    try:
        has_qt = importlib.util.find_spec("PySide6.QtWebEngineWidgets") is not None
    except ModuleNotFoundError:
        has_qt = False
    return "PySide6" if has_qt else None


def render(browser: str, shots: Sequence[Shot]) -> None:
    """Take all pictures with what ``renderer`` found.

    Raises ``RuntimeError`` or ``TimeoutError`` where the browser does not do its work.
    """
    if browser != "PySide6":
        asyncio.run(_with_chromium(browser, shots))
        return
    for shot in shots:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.pictures.qt", shot.url, str(shot.width), str(shot.target)],
            env=os.environ
            | {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}
            | {"QT_SCALE_FACTOR": str(shot.scale)},
            capture_output=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
        if ran.returncode or not shot.target.exists():
            raise RuntimeError(f"PySide6 drew no {shot.target.name}: {ran.stderr.decode()[-300:]}")


async def _with_chromium(browser: str, shots: Sequence[Shot]) -> None:
    async with _devtools(browser) as tab:
        for shot in shots:
            await tab.metrics(shot.width, 100, shot.scale)
            await tab.go(shot.url)
            size = (await tab.call("Page.getLayoutMetrics"))["cssContentSize"]
            await tab.metrics(shot.width, round(size["height"]), shot.scale)
            shown = await tab.call("Page.captureScreenshot", format="png")
            shot.target.write_bytes(base64.b64decode(shown["data"]))


class _Tab:
    """One tab, driven by https://chromedevtools.github.io/devtools-protocol/."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = count(1)

    async def call(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(_SECONDS):
            while (said := await self._socket.receive_json()).get("id") != number:
                pass
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']['message']}")
        return said["result"]

    async def metrics(self, width: int, height: int, scale: int) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height,
            deviceScaleFactor=scale, mobile=False,
        )  # fmt: skip

    async def go(self, url: str) -> None:
        # By way of an empty page, for a new fragment alone loads nothing.
        for each in ("about:blank", url):
            await self.call("Page.navigate", url=each)
            ready = {"expression": "document.readyState + location.href", "returnByValue": True}
            async with asyncio.timeout(_SECONDS):
                while (await self.call("Runtime.evaluate", **ready))["result"]["value"] != f"complete{each}":  # fmt: skip
                    await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def _devtools(browser: str) -> AsyncIterator[_Tab]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        running = await asyncio.create_subprocess_exec(
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            port = await _port(Path(profile) / "DevToolsActivePort")
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}/json/list") as listed,
            ):
                tabs = await listed.json()
                url = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
                async with session.ws_connect(url, max_msg_size=0) as socket:
                    yield _Tab(socket)
        finally:
            running.terminate()
            await running.wait()


async def _port(file: Path) -> int:
    async with asyncio.timeout(_SECONDS):
        while not file.exists() or not file.read_text().strip():
            await asyncio.sleep(0.05)
    return int(file.read_text().split()[0])
