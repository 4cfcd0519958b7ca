"""Install a wheel alone in a clean environment and run `demo`, `chat` and `run` with it.

Nothing of the source tree is in reach: commands run in an empty folder, and the bot talks to the
Discord stand-in of this process. `python -m tests.wheel_alone dist/*.whl`
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.discord_standin.standin import DiscordStandIn

_SECONDS = 300.0


def _run(command: Path, *arguments: str, folder: Path, given: str = "") -> str:
    environment = {"PATH": os.environ["PATH"], "NEWSDESK_DATA_DIR": str(folder / "data")}
    done = subprocess.run(
        [command, *arguments],
        cwd=folder,
        env=environment,
        input=given,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def _expect(said: str, *parts: str) -> None:
    for part in parts:
        if part not in said:
            raise SystemExit(f"{part!r} is missing in:\n{said}")


async def _bot(command: Path, folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    discord = DiscordStandIn()
    await discord.start()
    environment = {
        **discord.environment,
        "PATH": os.environ["PATH"],
        "NEWSDESK_DATA_DIR": str(folder / "data"),
        "NEWSDESK_HEALTH_PORT": port,
    }
    bot = await asyncio.create_subprocess_exec(command, "run", cwd=folder, env=environment)
    try:
        end = time.monotonic() + _SECONDS
        while True:
            asked = await asyncio.create_subprocess_exec(
                command, "health", cwd=folder, env=environment, stderr=subprocess.DEVNULL
            )
            if await asked.wait() == 0:
                break
            if bot.returncode is not None or time.monotonic() > end:
                raise SystemExit("the bot did not become ready")
    finally:
        bot.send_signal(signal.SIGTERM)
        code = await bot.wait()
        await discord.stop()
    if code:
        raise SystemExit(f"run ended with {code}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.wheel_alone", description=__doc__)
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel.absolute()
    with tempfile.TemporaryDirectory(prefix="newsdesk-wheel-") as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], cwd=folder, check=True)
        command = folder / "venv/bin/newsdesk"
        _expect(_run(command, "demo", folder=folder), "412 million crowns", "[1]")
        print("demo: answers with citations")
        question = "Who won the mayoral election in Maravel?\n"
        said = _run(command, "chat", "--demo", folder=folder, given=question)
        _expect(said, "Ines Calder", "[1]")
        print("chat: answers with citations")
        asyncio.run(_bot(command, folder))
        print("run: ready at the stand-in, and ended with exit code 0")


if __name__ == "__main__":
    main()
