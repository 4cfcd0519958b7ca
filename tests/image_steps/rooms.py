"""Folders that stand for the file systems of an image's stages: chroots on this machine's own
system, with a Python of this machine as the base image's. Needs root and a mount namespace."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.image_steps.dockerfile import Instruction

_SYSTEM = ("bin", "lib", "lib32", "lib64", "libx32", "sbin", "usr")
_DEVICES = ("full", "null", "random", "urandom", "zero")
_PASSED_ON = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PIP_INDEX_URL", "PIP_CERT")
_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


class Room:
    """A stage: what was done to its files, its environment, its working folder and its user."""

    def __init__(self, root: Path, python: Path) -> None:
        """``python`` is the prefix of an installed Python, which appears as ``/usr/local``."""
        self.root = root
        self.environment = {"PATH": _PATH}
        self.folder = "/"
        self.user: tuple[int, int] | None = None
        root.mkdir(parents=True)
        for name in _SYSTEM:
            there = Path("/", name)
            if there.is_symlink():
                (root / name).symlink_to(there.readlink())
            elif there.is_dir():
                self.bind(there, f"/{name}")
        self.bind(python, "/usr/local")
        shutil.copytree(
            "/etc", root / "etc", symlinks=True, ignore=shutil.ignore_patterns("xdg", "shadow*")
        )
        if Path("/etc/resolv.conf").is_file():
            (root / "etc/resolv.conf").unlink(missing_ok=True)
            shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        for name in ("shadow", "gshadow"):
            (root / "etc" / name).write_text("")
        for name in ("dev", "proc", "tmp"):
            (root / name).mkdir()
        (root / "tmp").chmod(0o1777)
        for name in _DEVICES:
            (root / "dev" / name).touch()
            mount("--bind", f"/dev/{name}", str(root / "dev" / name))
        (root / "dev/shm").mkdir(mode=0o1777)
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", str(root / "dev/shm"))
        mount("-t", "proc", "proc", str(root / "proc"))
        subprocess.run(["chroot", str(root), "ldconfig"], check=True)  # finds /usr/local/lib

    def bind(self, there: Path, here: str) -> None:
        """Show a folder of the machine inside, to be read only."""
        place = self.path(here)
        place.mkdir(parents=True, exist_ok=True)
        mount("--bind", str(there), str(place))
        mount("-o", "remount,bind,ro", str(place))

    def path(self, inside: str) -> Path:
        return self.root / inside.lstrip("/")

    def read_only(self, view: Path, volumes: Mapping[str, Path]) -> None:
        """Go on as ``docker run --read-only --tmpfs /tmp`` with a folder of ours for each volume."""
        view.mkdir()
        mount("--rbind", str(self.root), str(view))
        mount("-o", "remount,bind,ro", str(view))
        self.root = view
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", str(self.path("/tmp")))
        for inside, folder in volumes.items():
            mount("--bind", str(folder), str(self.path(inside)))

    def run(
        self,
        words: Sequence[str],
        more: Mapping[str, str],
        *,
        output: IO[str] | int | None = None,
    ) -> subprocess.Popen[str]:
        """Start a command as the stage's user, in its folder, with its environment."""
        return subprocess.Popen(
            words,
            env={**self.environment, **more},
            preexec_fn=self._enter(),
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            text=True,
        )

    def _enter(self) -> Callable[[], None]:
        def enter() -> None:
            os.chroot(self.root)
            os.chdir(self.folder)
            if self.user is not None:
                uid, gid = self.user
                os.setgroups([])
                os.setgid(gid)
                os.setuid(uid)

        return enter

    def follow(self, step: Instruction, context: Path, stages: Mapping[str, Room]) -> None:
        """Do what an instruction says. Raises ``CalledProcessError`` for a step that fails."""
        if step.name == "RUN":
            passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            done = self.run(["/bin/sh", "-c", step.text], passed)
            if done.wait():
                raise subprocess.CalledProcessError(done.returncode, step.text)
        elif step.name == "COPY":
            *given, target = step.words()
            source = stages[step.flags["from"]].path if "from" in step.flags else None
            for each in given:
                self._copy(source(each) if source else context / each, target, len(given) > 1)
        elif step.name == "ENV":
            before = self.environment
            more = {k: v.replace("$PATH", before["PATH"]) for k, v in step.pairs().items()}
            self.environment = {**before, **more}
        elif step.name == "WORKDIR":
            self.folder = step.text
            self.path(step.text).mkdir(parents=True, exist_ok=True)
        elif step.name == "USER":
            uid, gid = step.text.split(":")
            self.user = int(uid), int(gid)

    def _copy(self, source: Path, target: str, several: bool) -> None:
        place = self.path(str(Path(self.folder, target)))
        if source.is_dir():
            shutil.copytree(
                source,
                place,
                symlinks=True,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        else:
            folder = place if several or target.endswith("/") else place.parent
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / source.name if folder == place else place)


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)
