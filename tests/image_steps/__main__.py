"""Run the steps of the Dockerfile without a container engine, up to a healthy bot.

Each stage is a folder with this machine's own system under it (chroot), so what the slim base image
lacks is not noticed; nor are other architectures. The bot runs as the Dockerfile's user with a
read-only root against the Discord stand-in, and is asked with the Dockerfile's health check.
Needs Linux, root and `unshare`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.discord_standin.standin import DiscordStandIn
from tests.image_steps.dockerfile import Instruction, Stage, read_dockerfile
from tests.image_steps.rooms import Room

_ROOT = Path(__file__).parents[2]
_INSIDE = "NEWSDESK_IMAGE_STEPS_INSIDE"
_HEALTHY_SECONDS = 300.0
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def build(stages: list[Stage], folder: Path, python: Path) -> Room:
    """Follow every instruction; return the room of the last stage."""
    rooms: dict[str, Room] = {}
    for number, stage in enumerate(stages):
        name = stage.name or str(number)
        rooms[name] = room = Room(folder / name, python)
        for step in stage.instructions:
            start = time.monotonic()
            if step.name == "ARG":
                room.environment["TARGETARCH"] = _ARCHITECTURES[platform.machine()]
            room.follow(step, _ROOT, rooms)
            if step.name in ("RUN", "COPY"):
                print(f"{name}: {step.name} {step.text[:90]} ({time.monotonic() - start:.0f} s)")
    return room


async def bring_up(room: Room, stage: Stage) -> str:
    """Start the bot, wait until it is healthy, ask it, end it. Returns what it said last."""
    command = [*stage.last("ENTRYPOINT").words(), *stage.last("CMD").words()]
    discord = DiscordStandIn()
    await discord.start()
    guild = discord.guild("Harbour News")
    ada = discord.member(guild, "Ada")
    bot = room.run(command, discord.environment)
    try:
        await _healthy(room, stage.last("HEALTHCHECK"), bot)
        uid = Path(f"/proc/{bot.pid}").stat().st_uid
        print(f"healthy; the bot runs as user {uid} with a read-only root")
        await ada.slash(discord.channel(guild), "help")
        await discord.wait_until(lambda: discord.interactions[-1].response_type, 30, "an answer")
        return "/help was acknowledged"
    finally:
        bot.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(bot.wait, 60)
        await discord.stop()
        print(f"stopped with exit code {code}")
        if code:
            raise SystemExit(f"the bot ended with {code}")


async def _healthy(room: Room, check: Instruction, bot: subprocess.Popen[str]) -> None:
    end = time.monotonic() + _HEALTHY_SECONDS
    while True:
        asked = room.run(check.words(), {}, output=subprocess.PIPE)
        said, _ = await asyncio.to_thread(asked.communicate)
        if asked.returncode == 0:
            print(f"{' '.join(check.words())}: {said.strip()}")
            return
        if bot.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"not healthy: {said.strip()}")
        await asyncio.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.image_steps", description=__doc__)
    parser.add_argument(
        "--python",
        type=Path,
        default=Path(sys.base_prefix),
        help="the prefix of the Python that stands for the base image's; this one's unless said",
    )
    given = parser.parse_args()
    if os.geteuid():
        raise SystemExit("This needs root: it mounts folders and changes its root.")
    if _INSIDE not in os.environ:  # in a mount namespace of our own: nothing stays mounted
        again = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m"]
        os.environ[_INSIDE] = "1"
        os.execvp("unshare", [*again, "tests.image_steps", *sys.argv[1:]])
    # All of it lies in memory and is mounted for this process alone: nothing has to be removed.
    work = Path(tempfile.mkdtemp(prefix="newsdesk-image-"))
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(work)], check=True)
    try:
        _build_and_run(work, given.python)
    finally:
        subprocess.run(["umount", "--lazy", str(work)], check=True)
        work.rmdir()


def _build_and_run(work: Path, python: Path) -> None:
    stages = read_dockerfile(_ROOT / "Dockerfile")
    room = build(stages, work, python)
    used = subprocess.run(
        ["du", "-sm", str(room.path("/opt"))], capture_output=True, text=True, check=True
    )
    print(f"installed: {used.stdout.split()[0]} MB")
    volume = work / "volume"
    volume.mkdir(mode=0o750)
    os.chown(volume, *(room.user or (0, 0)))
    room.read_only(work / "running", {stages[-1].last("VOLUME").text: volume})
    print(asyncio.run(bring_up(room, stages[-1])))


if __name__ == "__main__":
    main()
