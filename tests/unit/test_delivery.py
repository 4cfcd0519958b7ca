"""What Newsdesk is delivered with: image, compose file, systemd unit, locks, workflows."""

from __future__ import annotations

import asyncio
import configparser
import fnmatch
import json
import re
import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import typer
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from bot.cli.health import health
from bot.ops.health import Cause, Probes, health_endpoint
from retrieval.errors import NewsdeskError, Note, SettingsError
from tests.image_steps.dockerfile import Stage, read_dockerfile
from tests.unit.source_files import ROOT

_PIN = re.compile(r"^([a-z0-9-]+)==([^ ;]+)(?: ; (.+?))? \\$", re.M)
_FROM_THE_INDEX = re.compile(r"pip install (?:-\S+ )*['\"]?newsdesk")


@cache
def _stages() -> list[Stage]:
    return read_dockerfile(ROOT / "Dockerfile")


@cache
def _yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def _valid(document: Any, schema: str) -> None:
    text = files("check_jsonschema").joinpath("builtin_schemas/vendor", schema).read_text()
    jsonschema.validate(document, json.loads(text))


def test_the_image_runs_the_bot_as_nobody_in_particular() -> None:
    stage = _stages()[-1]
    assert "slim" in stage.base
    assert stage.last("USER").text == "10001:10001"
    assert stage.last("VOLUME").text == "/data"
    assert stage.environment()["NEWSDESK_DATA_DIR"].startswith("/data/")
    assert stage.last("HEALTHCHECK").words() == ["newsdesk", "health"]
    assert [stage.last(name).words() for name in ("ENTRYPOINT", "CMD")] == [["newsdesk"], ["run"]]
    assert stage.environment()["NEWSDESK_HEALTH_PORT"]


def test_whatever_the_image_downloads_is_held_to_hashes() -> None:
    steps = [each.text for stage in _stages() for each in stage.all("RUN")]
    installs = [text for text in steps if re.search(r"pip (install|wheel)", text)]
    assert len(installs) == 4
    for text in installs:
        assert "--require-hashes" in text or "--no-index" in text or "--no-build-isolation" in text


def test_what_the_image_copies_is_there_and_nothing_else_is_sent() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = [line[1:] for line in lines if line.startswith("!")]
    assert "*" in lines
    for stage in _stages():
        for step in stage.all("COPY"):
            for source in step.words()[:-1] if "from" not in step.flags else ():
                assert (ROOT / source).exists(), source
                assert any(fnmatch.fnmatch(source, pattern) for pattern in sent), source


@pytest.mark.parametrize("lock", ["requirements.lock", "build.lock"])
def test_every_line_of_a_lock_has_hashes(lock: str) -> None:
    text = (ROOT / "deploy" / lock).read_text(encoding="utf-8")
    pins = _PIN.findall(text)
    assert len(pins) > 30
    assert len(pins) == len(re.findall(r"^[^#\s]", text, re.M))
    assert len(re.findall(r" \\\n    --hash=sha256:[0-9a-f]{64}", text)) >= len(pins)


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "deploy/requirements.lock").read_text(encoding="utf-8")
    pinned: dict[str, list[str]] = {}
    for name, number, _ in _PIN.findall(text):
        pinned.setdefault(name, []).append(number)
    # The image can use PostgreSQL.
    for line in (*project["dependencies"], *project["optional-dependencies"]["postgres"]):
        wanted = Requirement(line)
        numbers = pinned.get(re.sub(r"[._]", "-", wanted.name.lower()), [])
        assert numbers, f"run `make lock`: {line} is missing"
        assert all(number in wanted.specifier for number in numbers), f"run `make lock`: {line}"


def test_the_compose_file_is_one() -> None:
    compose = _yaml("compose.yaml")
    _valid(compose, "compose-spec.json")
    assert {"chroma", "ollama"} <= {p for s in compose["services"].values() for p in s.get("profiles", ())}  # fmt: skip
    bot = compose["services"]["newsdesk"]
    assert "profiles" not in bot
    assert bot["read_only"] is True
    assert all(each["required"] is False for each in bot["depends_on"].values())
    text = (ROOT / "deploy/requirements.lock").read_text(encoding="utf-8")
    pinned = next(number for name, number, _ in _PIN.findall(text) if name == "chromadb")
    assert compose["services"]["chroma"]["image"] == f"chromadb/chroma:{pinned}"


def test_the_compose_file_for_several_machines_is_one() -> None:
    compose = _yaml("compose.scale.yaml")
    _valid(compose, "compose-spec.json")
    services = compose["services"]
    chromas = [name for name in services if name.startswith("chroma")]
    ours = {name: each for name, each in services.items() if each.get("build") == "."}
    assert {tuple(each.get("command", ["run"])) for each in ours.values()} == {("run",), ("work",)}
    assert sum(each.get("command") is None for each in ours.values()) == len(chromas) == 2
    assert services["worker"]["deploy"]["replicas"] > 1
    for each in ours.values():
        assert each["read_only"] is True
        assert each["cap_drop"] == ["ALL"]
        urls = each["environment"]["NEWSDESK_CHROMA_URLS"].split(",")
        assert urls == [f"http://{name}:8000" for name in chromas]
        assert "${POSTGRES_PASSWORD:?" in each["environment"]["NEWSDESK_DATABASE_URL"]
        assert set(each["depends_on"]) == {"postgres", *chromas}
        assert {one["condition"] for one in each["depends_on"].values()} == {"service_healthy"}
    assert all("healthcheck" in services[name] for name in ("postgres", *chromas))
    assert not any("ports" in each for each in services.values())
    # No two have one volume.
    volumes = [volume.split(":")[0] for s in services.values() for volume in s.get("volumes", ())]
    assert sorted(volumes) == sorted(set(volumes)) == sorted(compose["volumes"])
    images = {services[name]["image"] for name in chromas}
    assert images == {_yaml("compose.yaml")["services"]["chroma"]["image"]}


def test_workflows_are_valid_and_call_what_there_is() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        workflow = _yaml(str(path.relative_to(ROOT)))
        # YAML 1.1 takes `on` for true.
        _valid({"on" if k is True else k: v for k, v in workflow.items()}, "github-workflows.json")
        called = re.findall(r"run: make ([a-z-]+)", path.read_text(encoding="utf-8"))
        assert set(called) <= targets


def test_make_installs_with_a_pip_that_knows_extras_by_either_spelling() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (bounds,) = re.findall(r"^QUIET_PIP := pip(.+)$", makefile, re.MULTILINE)
    versions = SpecifierSet(bounds)
    assert "23.2.1" not in versions
    assert "26.3" in versions
    rule = makefile.partition("\n.venv/bin/python:\n")[2].partition("\n\n")[0]
    assert "$(QUIET_PIP)" in rule


def test_the_unit_runs_the_bot_in_its_own_folder_only() -> None:
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(ROOT / "deploy/newsdesk.service", encoding="utf-8")
    service = unit["Service"]
    assert service["ExecStart"].endswith("newsdesk run")
    assert service["User"] == "newsdesk"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["NoNewPrivileges"] == "yes"


def test_nothing_is_told_to_be_installed_under_a_name_that_nobody_owns() -> None:
    told = [ROOT / "README.md", *(ROOT / "docs").glob("**/*.md")]
    told += (ROOT / "bot/i18n/locales").glob("*/*.po")
    assert not [str(p) for p in told if _FROM_THE_INDEX.search(p.read_text(encoding="utf-8"))]


async def _nothing() -> tuple[bytes, str]:
    return b"", "text/plain"


@pytest.mark.parametrize(
    ("causes", "code", "said"),
    [
        ([], 0, "ready"),
        ([Cause("model", Note("catalogue-not-answering"))], 0, "degraded: "),
        ([Cause("gateway", Note("gateway-not-connected"), failing=True)], 1, "failing: "),
    ],
)
async def test_health_says_how_the_bot_is(
    causes: list[Cause],
    code: int,
    said: str,
    unused_tcp_port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def found() -> list[Cause]:
        return causes

    monkeypatch.setenv("NEWSDESK_HEALTH_PORT", str(unused_tcp_port))
    monkeypatch.setenv("NEWSDESK_HEALTH_ADDRESS", "0.0.0.0")
    async with health_endpoint("127.0.0.1", unused_tcp_port, Probes(found, (), _nothing, float)):
        assert await _exit_code(health) == code
    assert capsys.readouterr().out.startswith(said)


async def _exit_code(command: Callable[[], None]) -> int:
    def run() -> int:
        try:
            command()
        except typer.Exit as ended:
            return ended.exit_code
        return 0

    return await asyncio.to_thread(run)


def test_health_says_when_nothing_answers(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEWSDESK_HEALTH_PORT", raising=False)
    with pytest.raises(SettingsError) as unset:
        health()
    assert unset.value.code == "health-port-missing"
    monkeypatch.setenv("NEWSDESK_HEALTH_PORT", str(unused_tcp_port))
    with pytest.raises(NewsdeskError) as silent:
        health()
    assert silent.value.code == "bot-not-answering"
