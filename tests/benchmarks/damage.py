"""What is said and done about damage and hangs: 38 kinds, each made on a copy of one folder.

    python -m tests.benchmarks.damage [KIND...]

For each kind it prints what `ask` says, what `doctor` says, what readiness lists in the running bot,
and how it mends: by the bot itself (its `Mender`), and every second kind by `newsdesk reindex`. A kind fails if an answer
is empty without a remark, or if a remedy that is told doesn't help.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bot.answering.engine import AnswerRequest
from bot.answering.factory import open_engine
from bot.config.limits import AnsweringConfig, ModelOptions
from bot.config.settings import Settings
from bot.i18n import describe
from bot.ops.doctor import CheckResult, examine_library
from bot.storage.library import open_library
from retrieval.errors import NewsdeskError
from retrieval.indexes.bounded_chroma import BoundedChroma
from retrieval.indexes.chroma_process import ChromaProcessClient
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import damage_of
from retrieval.mending import Mender
from retrieval.models import IngestItem
from retrieval.reindexing import make_store_usable, reindex
from retrieval.timestamps import TimeRange, utc_now

QUESTION, ANSWER, REPORT = "What will topic77 cost?", "87 million", "topic77"
# As many as Chroma writes a graph for.
ARTICLES = 1_100
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Kind:
    """``make`` damages the data folder that it is given; ``restored`` says that only a backup helps."""

    name: str
    make: Callable[[Path], None]
    restored: bool = False


@dataclass(slots=True)
class Outcome:
    """What was said and done; ``wrong`` is what should not have been."""

    kind: str
    ask: str = ""
    doctor: str = ""
    ready: str = ""
    mends: str = ""
    wrong: list[str] = field(default_factory=list)


def _chroma(folder: Path) -> Path:
    return folder / "chroma" / "chroma.sqlite3"


def _segment(name: str) -> Callable[[Path], Path]:
    return lambda folder: next((folder / "chroma").rglob(name))


def _words(pattern: str) -> Callable[[Path], Path]:
    return lambda folder: max(folder.glob(f"keywords/*/{pattern}"), key=lambda f: f.stat().st_size)


def _gone(file: Callable[[Path], Path]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        file(folder).unlink()

    return make


def _cut(file: Callable[[Path], Path], share: float) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        os.truncate(file(folder), int(file(folder).stat().st_size * share))

    return make


def _garbage(file: Callable[[Path], Path]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        size = max(5_000, file(folder).stat().st_size)
        file(folder).write_bytes((b"\x8fno such thing" * (size // 13 + 1))[:size])

    return make


def _emptied(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "catalogue.sqlite3")) as connection:
        for table in ("passage_vectors", "passages", "story_members", "versions", "articles"):
            connection.execute(f"DELETE FROM {table}")
        connection.commit()


def _without(part: str) -> Callable[[Path], None]:
    return lambda folder: shutil.rmtree(folder / part)


def _both(folder: Path) -> None:
    _garbage(_chroma)(folder)
    _garbage(_words("meta.json"))(folder)


def _catalogue(folder: Path) -> Path:
    return folder / "catalogue.sqlite3"


DAMAGE = [
    Kind("Chroma's database is missing", _gone(_chroma)),
    Kind("Chroma's database is empty", _cut(_chroma, 0)),
    Kind("Chroma's database is cut in half", _cut(_chroma, 0.5)),
    Kind("Chroma's database is garbage", _garbage(_chroma)),
    Kind("Chroma's folder is missing", _without("chroma")),
    Kind("a vector segment is missing", lambda f: shutil.rmtree(_segment("header.bin")(f).parent)),
    Kind("a segment's header is missing", _gone(_segment("header.bin"))),
    Kind("a segment's header is garbage", _garbage(_segment("header.bin"))),
    Kind("a segment's data are cut in half", _cut(_segment("data_level0.bin"), 0.5)),
    Kind("a segment's data are garbage", _garbage(_segment("data_level0.bin"))),
    Kind("a segment's lengths are cut in half", _cut(_segment("length.bin"), 0.5)),
    Kind("a segment's links are missing", _gone(_segment("link_lists.bin"))),
    Kind("a segment's ids are missing", _gone(_segment("index_metadata.pickle"))),
    Kind("a segment's ids are garbage", _garbage(_segment("index_metadata.pickle"))),
    Kind("the keyword index's list is missing", _gone(_words("meta.json"))),
    Kind("the keyword index's list is empty", _cut(_words("meta.json"), 0)),
    Kind("the keyword index's list is garbage", _garbage(_words("meta.json"))),
    Kind("the keyword index's words are missing", _gone(_words("*.term"))),
    Kind("the keyword index's words are garbage", _garbage(_words("*.term"))),
    Kind("the keyword index's lists are cut in half", _cut(_words("*.idx"), 0.5)),
    Kind("the keyword index's columns are missing", _gone(_words("*.fast"))),
    Kind("the keyword index's folder is missing", _without("keywords")),
    Kind("both indexes are garbage", _both),
    Kind("the catalogue is missing", _gone(_catalogue), restored=True),
    Kind("the catalogue is empty", _cut(_catalogue, 0), restored=True),
    Kind("the catalogue is cut in half", _cut(_catalogue, 0.5), restored=True),
    Kind("the catalogue is garbage", _garbage(_catalogue), restored=True),
    Kind("the catalogue's articles are deleted", _emptied, restored=True),
]
# What a bot that runs reads again and again; files that are deleted it still has, graphs in memory.
LOADED = (
    "Chroma's database is cut in half",
    "the keyword index's words are garbage",
    "the keyword index's lists are cut in half",
)


def fill(folder: Path, articles: int = ARTICLES) -> None:
    """Make a data folder with so many invented articles, each about a topic of its own."""

    async def run() -> None:
        items = (
            IngestItem(
                str(n),
                article_from_record(
                    {
                        "url": f"https://example.com/news/{n}",
                        "title": f"Town{n} approves topic{n}",
                        "text": f"The council of Town{n} approved the project topic{n} on Tuesday. "
                        f"It will cost {n + 10} million crowns, the mayor Anna Berg{n} said.",
                        "published_at": "2023-11-03",
                    }
                ),
            )
            for n in range(articles)
        )
        async with open_library(LibraryConfig(folder), writer="damage") as library:
            indexer = await library.indexer("local")
            async for _ in ingest(indexer, items, actor="damage", data_dir=folder):
                pass

    asyncio.run(run())


async def asked(library: Library, model: ModelOptions | None = None) -> tuple[str, str, float]:
    """The answer to the question, the remarks, and how many seconds it took."""
    config = AnsweringConfig(model or ModelOptions("none"))
    async with open_engine(library, config) as engine:
        begun = time.monotonic()
        answer = await engine.answer(AnswerRequest(QUESTION, TimeRange(utc_now()), "local"))
        seconds = time.monotonic() - begun
    return answer.text, " ".join(describe(note) for note in answer.notes), seconds


async def searched(library: Library) -> tuple[str, str]:
    """The first passage that is found, and the remarks."""
    found = await library.search(QUESTION, TimeRange(utc_now()), corpus="local")
    text = found.hits[0].passage.text if found.hits else ""
    return text, " ".join(describe(note) for note in found.notes)


def config_of(folder: Path, **more: object) -> LibraryConfig:
    return LibraryConfig(folder, chroma_apart=True, **more)  # type: ignore[arg-type]


async def try_damage(kind: Kind, whole: Path, folder: Path, *, by_command: bool = False) -> Outcome:
    """Damage a copy of ``whole``, ask and examine it, and let it mend by itself, or by a command."""
    outcome = Outcome(kind.name)
    _copy(whole, folder)
    kind.make(folder)
    settings = Settings(data_dir=folder)
    try:
        async with open_library(config_of(folder)) as library:
            text, notes, _ = await asked(library)
            found = await examine_library(settings, library)
        outcome.ask = f"{_short(text)} {notes}".strip()
        outcome.doctor = _told(found)
        if REPORT not in text:
            outcome.wrong.append("no answer")
        if not notes:
            outcome.wrong.append("no remark")
    except NewsdeskError as error:
        outcome.ask = outcome.doctor = describe(error.note, remedy=True)
        if not kind.restored:
            outcome.wrong.append("no answer")
    if not outcome.doctor:
        outcome.wrong.append("doctor finds nothing")
    if kind.restored:
        await _try_start(folder, outcome)
    elif by_command:
        await _try_reindex(folder, outcome)
    else:
        await _try_mending(folder, outcome)
    return outcome


def _told(found: Sequence[CheckResult]) -> str:
    return "; ".join(f"{f.detail} {f.remedy or ''}".strip() for f in found if f.ok is False)


async def _try_start(folder: Path, outcome: Outcome) -> None:
    try:
        async with open_library(config_of(folder), writer="newsdesk run", mends_later=True):
            outcome.wrong.append("the bot starts")
    except NewsdeskError as error:
        outcome.ready = f"does not start: {error.code}"
        outcome.mends = "by a backup"


async def _try_mending(folder: Path, outcome: Outcome) -> None:
    seen: dict[str, str] = {}
    async with open_library(config_of(folder), writer="newsdesk run", mends_later=True) as library:
        library.conditions.listen(
            lambda condition, begun: seen.update({condition.code: condition.severity})
        )
        await Mender(library).look(thorough=True)
        text, notes = await searched(library)
        left = library.conditions.current()
    outcome.ready = ", ".join(f"{severity}: {code}" for code, severity in seen.items())
    if not seen:
        outcome.wrong.append("readiness lists nothing")
    if left or notes or ANSWER not in text:
        outcome.wrong.append(f"not mended by itself: {notes} {left}")
    else:
        outcome.mends = "by itself"


async def try_loaded(kind: Kind, whole: Path, folder: Path) -> Outcome:
    """Damage the folder of a bot that runs and has answered: by then its indexes are loaded."""
    outcome = Outcome(f"{kind.name}, while the bot runs")
    _copy(whole, folder)
    seen: dict[str, str] = {}
    async with open_library(config_of(folder), writer="newsdesk run", mends_later=True) as library:
        mender = Mender(library)
        await mender.look(thorough=True)
        await asked(library)
        library.conditions.listen(
            lambda condition, begun: seen.update({condition.code: condition.severity})
        )
        kind.make(folder)
        text, notes, _ = await asked(library)
        outcome.ask = f"{_short(text)} {notes}".strip()
        if REPORT not in text:
            outcome.wrong.append("no answer")
        outcome.doctor = _told(await examine_library(Settings(data_dir=folder), library))
        await mender.look(thorough=True)
        outcome.ready = ", ".join(f"{severity}: {code}" for code, severity in seen.items())
        if not seen:
            outcome.wrong.append("readiness lists nothing")
        text, notes = await searched(library)
        if notes or ANSWER not in text or library.conditions.current():
            outcome.wrong.append(f"not mended: {notes} {library.conditions.current()}")
        else:
            outcome.mends = "by itself"
    return outcome


async def _try_reindex(folder: Path, outcome: Outcome) -> None:
    try:
        async with open_library(config_of(folder), writer="newsdesk reindex") as library:
            await make_store_usable(library)
            for corpus in await library.catalogue.corpora.all():
                async for _ in reindex(library, corpus):
                    pass
            for corpus in await library.catalogue.corpora.all():
                outcome.ready = "not running"
                if damage := await damage_of(library, corpus):
                    outcome.wrong.append(f"damaged after reindex: {damage}")
            text, notes = await searched(library)
    except NewsdeskError as error:
        outcome.wrong.append(f"reindex fails: {error}")
        return
    if notes or ANSWER not in text:
        outcome.wrong.append(f"not mended by reindex: {notes}")
    else:
        outcome.mends = "by `newsdesk reindex`"


async def _nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that takes connections and never answers."""
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await asyncio.sleep(3_600)


@contextlib.asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    server = await asyncio.start_server(_nothing, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def try_process(whole: Path, folder: Path, ended_by: signal.Signals) -> Outcome:
    """Stop or kill the vector process of a running bot."""
    outcome = Outcome(f"the vector process gets {ended_by.name}")
    _copy(whole, folder)
    config = config_of(folder, chroma_start_seconds=1.0)
    async with open_library(config, writer="newsdesk run", mends_later=True) as library:
        mender = Mender(library)
        await _until(lambda: library.conditions.of("vectors") is None, mender)
        await asked(library)
        os.kill(vector_process(library), ended_by)
        times = []
        for turn in range(3):
            # A small corpus's vectors are held in memory: who holds them needs no process.
            library.store.memory.clear()
            text, notes, seconds = await asked(library)
            times.append(round(seconds, 1))
            if turn == 0:
                outcome.ask = f"{_short(text)} — {notes or 'no remark'}"
                outcome.ready = ", ".join(c.code for c in library.conditions.current()) or "ready"
                if REPORT not in text:
                    outcome.wrong.append("no answer")
        outcome.ask += f" (seconds: {times})"
        await _until(lambda: library.conditions.of("vectors") is None, mender)
        _, notes, _ = await asked(library)
        outcome.mends = "a new process" if not notes else ""
        if notes:
            outcome.wrong.append(f"not mended: {notes}")
    return outcome


def vector_process(library: Library) -> int:
    chroma = library.store.chroma
    assert isinstance(chroma, BoundedChroma)
    inner = chroma.inner
    assert isinstance(inner, ChromaProcessClient)
    assert inner.process_id is not None
    return inner.process_id


async def _until(holds: Callable[[], bool], mender: Mender) -> None:
    async with asyncio.timeout(_SECONDS):
        await mender.look(thorough=True)
        while not holds():
            await asyncio.sleep(0.1)


async def try_server(whole: Path, folder: Path, *, there: bool) -> Outcome:
    """A Chroma server that hangs, or that is not there."""
    outcome = Outcome(f"the Chroma server {'hangs' if there else 'is not there'}")
    _copy(whole, folder)
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(silent_server()) if there else "http://127.0.0.1:9"
        settings = Settings(data_dir=folder, chroma_url=url)
        async with open_library(LibraryConfig(folder, chroma_url=url)) as library:
            said = [await asked(library) for _ in range(3)]
            outcome.ready = ", ".join(c.code for c in library.conditions.current())
            outcome.doctor = _told(await examine_library(settings, library))
    text, notes, _ = said[0]
    times = [round(seconds, 1) for _, _, seconds in said]
    outcome.ask = f"{_short(text)} — {notes} (seconds: {times})"
    outcome.mends = "once the server answers"
    expected = {
        "no answer": REPORT in text,
        "no remark": notes,
        "ready": outcome.ready,
        "doctor finds nothing": outcome.doctor,
    }
    outcome.wrong += [fault for fault, held in expected.items() if not held]
    return outcome


async def try_model(whole: Path, folder: Path) -> Outcome:
    """A model server that hangs: one waits for its first word, the others don't."""
    outcome = Outcome("the model server hangs")
    _copy(whole, folder)
    async with silent_server() as url, open_library(config_of(folder)) as library:
        options = ModelOptions("none", f"{url}/v1", first_seconds=2.0, retry_seconds=0, tries=1)
        times, notes, text = [], "", ""
        async with open_engine(library, AnsweringConfig(options)) as engine:
            for turn in range(3):
                begun = time.monotonic()
                request = AnswerRequest(f"{QUESTION}{' ' * turn}?", TimeRange(utc_now()), "local")
                answer = await engine.answer(request)
                times.append(round(time.monotonic() - begun, 1))
                text, notes = answer.text, " ".join(describe(note) for note in answer.notes)
            outcome.ready = ", ".join(c.code for c in library.conditions.current())
    outcome.ask = f"{_short(text)} — {notes} (seconds: {times})"
    outcome.doctor = "–"  # which asks no model unless told to
    outcome.mends = "once the server answers"
    if REPORT not in text or not notes or not outcome.ready:
        outcome.wrong.append("no answer, no remark or ready")
    if max(times[1:]) >= options.first_seconds:
        outcome.wrong.append("waited for again")
    return outcome


def _copy(whole: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)


def _short(text: str) -> str:
    cut = text.partition(ANSWER)
    return f"…{cut[1]}…" if cut[1] else f"{text[:60]}…"


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[str], None]]:
    """A file system in memory; what is yielded mounts it anew with an option."""

    def remount(option: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True)

    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], check=True, capture_output=True)
    try:
        yield remount
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def try_disk(whole: Path, disk: Path, *, full: bool) -> Outcome:
    """A data folder that can only be read, or without room for a byte."""
    outcome = Outcome(f"the disk {'is full' if full else 'can only be read'}")
    with small_disk(disk) as remount:
        folder = disk / "data"
        shutil.copytree(whole, folder)
        if full:
            with contextlib.suppress(OSError), (disk / "filler").open("wb") as filler:
                remount(f"size={_used(disk) + 8_192}")
                while True:
                    filler.write(bytes(4_096))
                    filler.flush()
        else:
            remount("ro")
        async with open_library(config_of(folder)) as library:
            text, notes, _ = await asked(library)
            found = await examine_library(Settings(data_dir=folder), library)
        outcome.doctor = _told([f for f in found if f.check == "data folder"]) or "; ".join(
            f.detail for f in found if f.check == "data folder"
        )
        outcome.doctor = outcome.doctor.replace(str(disk), "")
    outcome.ask = f"{_short(text)} — {notes}" if notes else _short(text)
    outcome.ready = "reads only"
    outcome.mends = "once there is room" if full else "once it can be written"
    if REPORT not in text:
        outcome.wrong.append("no answer")
    return outcome


def _used(folder: Path) -> int:
    usage = shutil.disk_usage(folder)
    return usage.total - usage.free


async def run(only: Sequence[str], scratch: Path) -> list[Outcome]:
    whole, folder = scratch / "whole", scratch / "data"
    outcomes = []
    for number, kind in enumerate(DAMAGE):
        if not only or any(word in kind.name for word in only):
            # Both ways of mending take their turns: kinds come in pairs that are alike.
            outcomes.append(await try_damage(kind, whole, folder, by_command=number % 2 == 1))
            _tell(outcomes[-1])
    loaded = [kind for kind in DAMAGE if kind.name in LOADED]
    others: list[tuple[str, Callable[[], object]]] = [
        *((f"{k.name}, while", partial(try_loaded, k, whole, folder)) for k in loaded),
        ("process STOP", lambda: try_process(whole, folder, signal.SIGSTOP)),
        ("process KILL", lambda: try_process(whole, folder, signal.SIGKILL)),
        ("server hangs", lambda: try_server(whole, folder, there=True)),
        ("server is not there", lambda: try_server(whole, folder, there=False)),
        ("model server hangs", lambda: try_model(whole, folder)),
        ("disk read", lambda: try_disk(whole, scratch / "disk", full=False)),
        ("disk full", lambda: try_disk(whole, scratch / "disk", full=True)),
    ]
    for name, try_it in others:
        if not only or any(word in name for word in only):
            try:
                outcomes.append(await try_it())  # type: ignore[misc]
            except (OSError, subprocess.CalledProcessError) as error:
                outcomes.append(Outcome(name, wrong=[f"not tried: {error}"]))
            _tell(outcomes[-1])
    return outcomes


def _tell(outcome: Outcome) -> None:
    cells = (outcome.kind, outcome.ask, outcome.doctor, outcome.ready, outcome.mends)
    print("|", " | ".join(cell.replace("|", "/") or "–" for cell in cells), "|", flush=True)
    if outcome.wrong:
        print(f"  WRONG: {json.dumps(outcome.wrong, ensure_ascii=False)}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", nargs="*", help="Only kinds whose name holds one of these words.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        fill(Path(scratch) / "whole")
        print("| kind | ask | doctor | readiness | mends |")
        print("|---|---|---|---|---|")
        outcomes = asyncio.run(run(given.kind, Path(scratch)))
    wrong = sum(bool(outcome.wrong) for outcome in outcomes)
    print(f"\n{len(outcomes)} kinds, {wrong} of them not as they should be.")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
