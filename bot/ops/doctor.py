"""Check an installation: what is wrong, and how to fix it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.answering.providers import ModelError, make_model
from bot.config.env_files import env_files
from bot.config.settings import Settings, load_settings
from bot.i18n import describe, remedy_for
from bot.ops.backups import last_backup
from bot.ops.search_advice import search_advice
from bot.storage.library import open_library
from retrieval.catalogue import Corpus
from retrieval.catalogue.server import DatabaseServer
from retrieval.errors import (
    EmbedderError,
    EmbedderMismatch,
    NewsdeskError,
    RerankerError,
    StorageError,
)
from retrieval.indexes.chroma_store import ChromaStore
from retrieval.library import Library
from retrieval.maintenance import check_indexes, damage_of
from retrieval.mending import catalogue_damage
from retrieval.runtime.writer_lock import WriterLock
from retrieval.text.encoding import describe_size

_SECONDS = 10.0
# About half a million passages, the most that was measured.
_LARGE = 1 << 30
_MOVE = "Newsdesk hasn't been measured with larger SQLite databases. See PostgreSQL in docs/operations.md."
LITTLE_ROOM = 200_000_000


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check; ``ok`` is None if there was nothing to check."""

    check: str
    ok: bool | None
    detail: str
    remedy: str | None = None


async def examine() -> list[CheckResult]:
    """Check everything that a start needs. Problems are returned, not raised."""
    try:
        settings = load_settings()
    except NewsdeskError as error:
        return [
            CheckResult(
                "settings",
                False,
                describe(error.note),
                "Correct the environment variables or .env.",
            )
        ]
    files = ", ".join(str(file.absolute()) for file in env_files()) or "environment variables only"
    findings = [CheckResult("settings", True, f"all valid; read from {files}")]
    try:
        async with open_library(replace(settings.library(), chroma_apart=True)) as library:
            findings += await examine_library(settings, library)
    except EmbedderError as error:  # finishing what a crash left needs it
        findings.append(failed_check("embedder", error))
    except NewsdeskError as error:
        findings.append(failed_check("data folder", error))
    findings.append(await _model(settings))
    findings += _token(settings)
    return findings


async def examine_library(settings: Settings, library: Library) -> list[CheckResult]:
    """Check an open library. Raises ``NewsdeskError`` for what prevents further checks."""
    folder = settings.data_dir
    free = shutil.disk_usage(folder).free
    room = CheckResult("data folder", True, f"{folder}, {describe_size(free)} free")
    if free < LITTLE_ROOM:
        room = CheckResult(
            "data folder",
            False,
            f"{folder} has only {describe_size(free)} free",
            "Free some space.",
        )
    lock = WriterLock(folder)
    writer = "no process is writing" if lock.is_free() else describe(lock.holder())
    findings = [room, CheckResult("writer", True, writer), _backup(settings, library.clock())]
    if library.database.location.is_read_only:
        said = f"{folder} is read-only: questions are answered, but nothing can be ingested"
        findings.append(CheckResult("data folder", None, said))
    if isinstance(library.database.location, DatabaseServer):
        said = f"PostgreSQL, {library.database.location.name}"
        findings.append(CheckResult("database", True, said))
    else:
        size = await asyncio.to_thread(library.database.location.size)
        said = f"SQLite in the data folder, {describe_size(size)}"
        findings.append(CheckResult("database", True, said, _MOVE if size > _LARGE else None))
    if wrong := await asyncio.to_thread(catalogue_damage, library):
        findings.append(CheckResult("catalogue", False, describe(wrong), remedy_for(wrong)))
    chroma, looked_at = await _chroma(library)
    findings += chroma
    for searched in looked_at:
        made_by = await _embedder_of(library, searched)
        if made_by not in (None, library.embedder.identity):
            findings.append(
                CheckResult(
                    "embedder",
                    False,
                    f"the vectors of {searched.name} were made with {made_by}, but the settings now name {library.embedder.identity}",
                    "Run `newsdesk reindex`.",
                )
            )
    try:
        await library.embedder.embed_questions(["a test"])
    except EmbedderError as error:
        findings.append(failed_check("embedder", error))
    else:
        findings.append(CheckResult("embedder", True, f"{library.embedder.identity} works"))
    if library.reranker is not None:
        try:
            await library.reranker.warm_up()
            findings.append(CheckResult("reranker", True, f"{library.reranker.identity} works"))
        except RerankerError as error:
            findings.append(failed_check("reranker", error))
    for searched in await library.catalogue.corpora.all():
        for told in await search_advice(library, searched.name):
            said = f"{searched.name}: {describe(told)}"
            findings.append(CheckResult("search", None, said, remedy_for(told)))
    return [*findings, *await _examine_indexes(library, looked_at)]


async def _chroma(library: Library) -> tuple[list[CheckResult], list[Corpus]]:
    """Whether the embedded Chroma or each server answers, which servers that have vectors aren't in
    the settings, and the corpora whose vectors can be had."""
    answers = {store: await _answers(store) for store in library.stores}
    findings, reachable = list(answers.values()), list[Corpus]()
    for corpus in await library.catalogue.corpora.all():
        store = library.stores.of(corpus)
        if store in answers and answers[store].ok:
            reachable.append(corpus)
        elif store not in answers:
            try:
                await store.heartbeat()
            except StorageError as error:
                found = failed_check("chroma", error)
                findings.append(replace(found, detail=f"{corpus.name}: {found.detail}"))
    return findings, reachable


async def _answers(store: ChromaStore) -> CheckResult:
    where = store.url or "embedded"
    try:
        # The process of an embedded one has limits of its own.
        async with asyncio.timeout(None if store.is_local else _SECONDS):
            await store.heartbeat()
    except StorageError as error:
        return failed_check("chroma", error)
    except TimeoutError:
        found = failed_check("chroma", StorageError("chroma-timeout", seconds=_SECONDS))
        return replace(found, detail=f"{where}: {found.detail}")
    return CheckResult("chroma", True, where)


async def _embedder_of(library: Library, corpus: Corpus) -> str | None:
    with contextlib.suppress(StorageError, TimeoutError):  # told with the indexes
        async with asyncio.timeout(None if library.stores.is_local else _SECONDS):
            return await library.indexes(corpus).vectors.embedder()
    return None


async def _examine_indexes(library: Library, corpora: Sequence[Corpus]) -> list[CheckResult]:
    """Damage of the indexes by corpus; where there is none, whether they hold what they should."""
    findings = []
    for corpus in corpora:
        try:
            damage = await damage_of(library, corpus)
        except EmbedderMismatch:
            continue  # reported before
        except StorageError as error:
            findings.append(failed_check("indexes", error))
            return findings
        for note in (damaged.note for damaged in damage.values()):
            said = f"{corpus.name}: {describe(note)}"
            findings.append(CheckResult("indexes", False, said, remedy_for(note)))
    if findings:
        return findings
    return [
        CheckResult(
            "indexes",
            False,
            f"{wrong.index} of {wrong.corpus}: {wrong.missing} passages missing, {wrong.surplus} extra",
            "This is normal while articles are being ingested; otherwise run `newsdesk reindex`.",
        )
        for wrong in await check_indexes(library, corpora)
    ]


def _backup(settings: Settings, now: datetime) -> CheckResult:
    """Return how old the last backup is, and whether the next one is late or failed."""
    if settings.database_url is not None:
        hint = "Back up the database with pg_dump."
        return CheckResult("backup", None, "the catalogue is on a PostgreSQL server", hint)
    state = last_backup(settings.data_dir)
    age = state.age_seconds(now)
    said = "there is no backup" if age is None else f"{age / 3600:.1f} hours old: {state.file}"
    if state.failure is not None:
        failed = f"the last backup failed: {describe(state.failure)} The backup before it: {said}"
        return CheckResult("backup", False, failed, remedy_for(state.failure))
    if settings.backup_dir is None:
        hint = "`newsdesk backup FILE` makes a backup. If NEWSDESK_BACKUP_DIR is set, the bot makes backups automatically."
        return CheckResult("backup", None, said, hint if age is None else None)
    late = age is None or state.is_late(now, settings.backup_every_hours * 3600)
    return CheckResult("backup", not late, said, "Check that the bot is running." if late else None)


async def _model(settings: Settings) -> CheckResult:
    options = replace(settings.answering().model, first_seconds=_SECONDS)
    model = make_model(options)
    if model is None:
        return CheckResult(
            "model",
            None,
            "neither OPENAI_API_KEY nor OPENAI_BASE_URL is set: answers consist of quotations",
        )
    try:
        await model.check()
    except ModelError as error:
        return failed_check("model", error)
    finally:
        await model.close()
    return CheckResult("model", True, f"{options.where} is responding; the model is {model.name}")


def failed_check(part: str, error: NewsdeskError) -> CheckResult:
    """Return an error as what is wrong and how to fix it."""
    return CheckResult(part, False, describe(error.note), remedy_for(error.note))


def _token(settings: Settings) -> list[CheckResult]:
    """Check the form of the token, and return the invitation that follows from it."""
    from bot.ops.invite import bot_id, invite_link

    if settings.discord_token is None:
        return [CheckResult("Discord token", None, "not set; only the Discord bot needs it")]
    found = bot_id(settings.discord_token.get_secret_value())
    if found is None:
        return [
            CheckResult(
                "Discord token",
                False,
                "DISCORD_TOKEN doesn't look like a bot token",
                "Copy the token again from your application's Bot page in Discord's developer portal.",
            )
        ]
    return [
        CheckResult(
            "Discord token", True, f"looks like a bot token; it belongs to the bot {found}"
        ),
        CheckResult("Discord invitation", None, invite_link(found)),
    ]
