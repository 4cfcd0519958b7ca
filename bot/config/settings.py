"""Settings from the environment and from `.env`, read once in `main`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from functools import reduce
from importlib.metadata import version
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.config.env_files import default_data_dir, env_files
from bot.config.limits import AnsweringConfig, Budget, GenerationLimits, ModelOptions, RateLimits
from bot.config.renamed import with_new_names
from bot.config.url_types import (
    Address,
    ApiUrl,
    CdnUrl,
    ChromaUrls,
    DatabaseUrl,
    GatewayUrl,
    Hosts,
    ModelUrl,
    SettingHint,
    TracesUrl,
    WebhookUrl,
)
from retrieval.embedders import EmbedderOptions
from retrieval.errors import Note, Refused, SettingsError
from retrieval.feeds.schedule import FeedLimits, PollIntervals
from retrieval.library import LibraryConfig
from retrieval.rerankers import RerankerOptions

TerminalLanguage = Literal["en", "de", "es", "fr", "pt", "ja"]

_PREFIX = "NEWSDESK_"
_BOUNDS = ("ge", "le", "min_length", "max_length")
_SHOWN_CHARS = 60


def _named(name: str) -> AliasChoices:
    """A variable that is not ours and has no prefix of ours."""
    return AliasChoices(name)


def _user_agent() -> str:
    major, minor, *_ = version("newsdesk").split(".")
    return f"Newsdesk/{major}.{minor} (news question answering)"


class Settings(BaseSettings):
    """Every setting, with its bounds and default. `.env.example` explains them."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        case_sensitive=False,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(default_factory=default_data_dir)
    database_url: DatabaseUrl = None
    chroma_url: str | None = None
    chroma_urls: ChromaUrls = ()
    embedder: Literal["wordllama", "e5", "openai", "minilm", "neural"] = "wordllama"
    neural_embedding_model: str = "BAAI/bge-small-en-v1.5"
    neural_embedding_folder: Path | None = None
    reranker: Literal["none", "neural"] = "none"
    reranker_model: str = "Xenova/ms-marco-MiniLM-L-6-v2"
    reranker_folder: Path | None = None
    reranker_timeout_seconds: float = Field(default=1.0, ge=0.05, le=30)
    openai_embedding_model: str = "text-embedding-3-small"
    timezone: str = "UTC"
    language: TerminalLanguage = "en"
    fetch_allow: Hosts = ()
    fetch_seconds: float = Field(default=20.0, ge=1, le=120)
    user_agent: str = Field(default_factory=_user_agent)
    contact: str | None = None
    feed_connections: int = Field(default=8, ge=1, le=64)
    feed_first_items: int = Field(default=20, ge=1, le=1000)
    feed_min_interval_minutes: float = Field(default=10, ge=1, le=1440)
    feed_max_interval_minutes: float = Field(default=1440, ge=1, le=43_200)
    feed_pause_after_failing_days: float = Field(default=7, ge=1, le=90)
    max_queued_jobs: int = Field(default=20, ge=1, le=1000)
    respect_noai: bool = True
    max_article_mb: float = Field(default=5.0, ge=0.1, le=50)
    max_upload_mb: float = Field(default=25.0, ge=0.1, le=500)
    model_first_token_timeout_seconds: float = Field(default=30.0, ge=1, le=600)
    model_load_seconds: float = Field(default=0.0, ge=0, le=3_600)
    answer_timeout_seconds: float = Field(default=60.0, ge=2, le=900)
    context_tokens: int = Field(default=3_000, ge=200, le=200_000)
    answer_tokens: int = Field(default=400, ge=50, le=8_000)
    reasoning_tokens: int = Field(default=2_000, ge=0, le=100_000)
    llm_verify_sentences: bool = True
    verifier: Literal["rules", "network"] = "rules"
    verifier_model: str | None = Field(default=None, min_length=1)
    prices_file: Path | None = None
    daily_cost: float | None = Field(default=None, ge=0)
    daily_cost_per_corpus: float | None = Field(default=None, ge=0)
    daily_tokens: int | None = Field(default=None, ge=0)
    daily_tokens_per_corpus: int | None = Field(default=None, ge=0)
    discord_api_url: ApiUrl = None
    discord_gateway_url: GatewayUrl = None
    discord_cdn_url: CdnUrl = None

    message_content: bool = False
    shards: int | None = Field(default=None, ge=1, le=16_384)
    discord_requests_per_second: int | None = Field(default=None, ge=1, le=1_000)
    shared_corpus: str | None = Field(default=None, min_length=1, max_length=200)
    cooldown_seconds: float = Field(default=5.0, ge=0, le=3_600)
    max_concurrent_answers: int = Field(default=4, ge=1, le=100)
    max_concurrent_answers_per_server: int = Field(default=2, ge=1, le=100)
    max_queued_questions: int = Field(default=100, ge=0, le=10_000)
    backup_dir: Path | None = None
    backup_every_hours: float = Field(default=24.0, ge=0.01, le=8_760)
    backups_kept: int = Field(default=7, ge=1, le=1_000)
    backup_with_indexes: bool = False
    keep_versions_days: float | None = Field(default=None, ge=0, le=36_500)
    answer_retention_days: float = Field(default=90.0, ge=1, le=3_650)
    guild_data_retention_days: float = Field(default=14.0, ge=0, le=3_650)
    shutdown_timeout_seconds: float = Field(default=10.0, ge=0, le=300)
    health_port: int | None = Field(default=None, ge=1, le=65_535)
    health_address: Address = "127.0.0.1"
    alert_webhook: WebhookUrl = None
    alert_repeat_hours: float = Field(default=6.0, ge=0.25, le=168)
    traces_url: TracesUrl = None
    log_json: bool = False

    discord_token: SecretStr | None = Field(default=None, validation_alias=_named("DISCORD_TOKEN"))
    openai_api_key: SecretStr | None = Field(
        default=None, validation_alias=_named("OPENAI_API_KEY")
    )
    openai_base_url: ModelUrl = Field(default=None, validation_alias=_named("OPENAI_BASE_URL"))
    openai_model: str = Field(default="gpt-4o-mini", validation_alias=_named("OPENAI_MODEL"))

    @field_validator("fetch_allow", "chroma_urls", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("not a time zone") from error
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def max_article_bytes(self) -> int:
        return int(self.max_article_mb * 1_000_000)

    @property
    def max_upload_bytes(self) -> int:
        return int(self.max_upload_mb * 1_000_000)

    @property
    def introduction(self) -> str:
        """How fetching introduces itself: the user agent, and whom to write to."""
        return f"{self.user_agent} (+{self.contact})" if self.contact else self.user_agent

    def feed_rules(self) -> FeedLimits:
        shortest = timedelta(minutes=self.feed_min_interval_minutes)
        longest = max(shortest, timedelta(minutes=self.feed_max_interval_minutes))
        first = min(longest, max(shortest, timedelta(minutes=30)))
        pause_after = timedelta(days=self.feed_pause_after_failing_days)
        return FeedLimits(
            self.feed_first_items, PollIntervals(shortest, longest, first, pause_after)
        )

    @property
    def makes_backups(self) -> bool:
        """Whether backups are made by themselves; of a PostgreSQL server they are its operator's."""
        return self.backup_dir is not None and self.database_url is None

    def require_folder_catalogue(self) -> None:
        """Raises ``Refused`` where the catalogue is on a server, not in the data folder."""
        if self.database_url is not None:
            raise Refused("backup-of-server")

    def library(self, data_dir: Path | None = None) -> LibraryConfig:
        """What a library is opened with. Another ``data_dir`` than the setting's has a catalogue of
        its own, and keeps its vectors where the setting says."""
        key = self.openai_api_key
        server = self.database_url if data_dir is None else None
        return LibraryConfig(
            data_dir=data_dir or self.data_dir,
            database_url=server.get_secret_value() if server else None,
            chroma_url=self.chroma_url,
            chroma_urls=self.chroma_urls,
            embedder=self.embedder,
            zone=ZoneInfo(self.timezone),
            embedder_options=EmbedderOptions(
                model=self.openai_embedding_model,
                base_url=self.openai_base_url,
                api_key=key.get_secret_value() if key else None,
                neural_model=self.neural_embedding_model,
                neural_folder=self.neural_embedding_folder,
            ),
            reranker=self.reranker,
            reranker_options=RerankerOptions(self.reranker_model, self.reranker_folder),
            rerank_seconds=self.reranker_timeout_seconds,
        )

    def limits(self) -> RateLimits:
        return RateLimits(
            self.cooldown_seconds,
            self.max_concurrent_answers,
            self.max_concurrent_answers_per_server,
            self.max_queued_questions,
        )

    def answering(self) -> AnsweringConfig:
        key = self.openai_api_key
        return AnsweringConfig(
            model=ModelOptions(
                self.openai_model,
                self.openai_base_url,
                key.get_secret_value() if key else None,
                first_seconds=self.model_first_token_timeout_seconds,
                load_seconds=self.model_load_seconds,
                reasoning_tokens=self.reasoning_tokens,
                memory=self.data_dir / "model-servers.json",
            ),
            composing=GenerationLimits(
                self.context_tokens,
                self.answer_tokens,
                self.answer_timeout_seconds,
                self.reasoning_tokens,
                self.llm_verify_sentences,
            ),
            budget=Budget(
                self.daily_cost,
                self.daily_cost_per_corpus,
                self.daily_tokens,
                self.daily_tokens_per_corpus,
            ),
            prices_file=self.prices_file,
            zone=ZoneInfo(self.timezone),
            verifier=self.verifier,
            verifier_model=self.verifier_model,
        )


def variable_names() -> dict[str, str]:
    """Return by environment variable the field of ``Settings`` that it sets."""
    names = {}
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        names[
            str(alias.choices[0]) if isinstance(alias, AliasChoices) else _PREFIX + name.upper()
        ] = name
    return names


def terminal_language(
    environment: Mapping[str, str] | None = None, env_file: Path | None = None
) -> str:
    """Return the setting ``language`` alone, even if the others can't be read; English if it isn't
    known."""
    name = f"{_PREFIX}LANGUAGE"
    environment = os.environ if environment is None else environment
    found = environment.get(name)
    for file in env_files(environment) if env_file is None else [env_file]:
        if not found:
            with contextlib.suppress(OSError, UnicodeDecodeError):  # reported in English later
                found = dotenv_values(file).get(name)
    return found if found and found in get_args(TerminalLanguage) else "en"


def load_settings(
    environment: Mapping[str, str] | None = None, env_file: Path | None = None
) -> Settings:
    """Read the settings: the environment takes precedence over ``env_files`` (or ``env_file``
    alone, if given), and of these the first one. A variable's former name works too, with a
    ``RenamedSetting`` warning.

    Raises ``SettingsError``, naming every wrong variable: an unknown ``NEWSDESK_*`` name, an
    invalid value or one given under both names.
    """
    environment = os.environ if environment is None else environment
    from_files: dict[str, str] = {}
    files = env_files(environment) if env_file is None else [env_file]
    for file in reversed(files):
        try:
            found = {k: v for k, v in dotenv_values(file).items() if v is not None}
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError("env-file-unreadable", path=str(file)) from error
        if (
            env_file is None and file.parent != Path()
        ):  # found by way of the data folder: it can't name another
            found.pop(f"{_PREFIX}DATA_DIR", None)
        from_files |= found
    given = with_new_names({**from_files, **environment})
    known = variable_names()
    wrong: list[Note] = []
    for name in given:
        if name.upper().startswith(_PREFIX) and name not in known:
            close = get_close_matches(name.upper(), known, n=1, cutoff=0.0)
            wrong.append(Note("setting-unknown", name=name, close=close[0]))
    values = {field: given[name] for name, field in known.items() if given.get(name, "").strip()}
    try:
        # Only what was passed: the environment has been read already.
        settings = _GivenSource(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong += _invalid(error, known)
    if len(wrong) > 1:
        raise SettingsError("settings-wrong", wrong=reduce(Note.then, wrong))
    if wrong:
        raise SettingsError.of(wrong[0])
    return settings


def _invalid(error: ValidationError, known: Mapping[str, str]) -> list[Note]:
    """Return what is wrong with values, once per setting."""
    notes: dict[str, Note] = {}
    for wrong in error.errors():
        place = str(wrong["loc"][0])
        field = known.get(place, place)
        name = next(name for name, each in known.items() if each == field)
        value = _shown(field, str(wrong["input"]))
        note = Note("setting-invalid", name=name, allowed=_allowed(field), value=value)
        notes.setdefault(name, note)
    return list(notes.values())


def _allowed(field: str) -> Note:
    """Return what a setting may be, as the end of a sentence."""
    info = Settings.model_fields[field]
    kinds: tuple[Any, ...] = get_args(info.annotation) or (info.annotation,)
    bounds = {
        name: getattr(each, name)
        for each in info.metadata
        for name in _BOUNDS
        if hasattr(each, name)
    }
    for each in info.metadata:
        if isinstance(each, SettingHint):
            return each.note
    if bool in kinds:
        return Note("setting-bool")
    if field == "timezone":
        return Note("setting-time-zone")
    if "max_length" in bounds:
        return Note("setting-length", least=bounds["min_length"], most=bounds["max_length"])
    if int in kinds or float in kinds:
        number = "integer" if int in kinds else "number"
        if "le" in bounds:
            return Note(f"setting-{number}-between", least=bounds["ge"], most=bounds["le"])
        return Note(f"setting-{number}-from", least=bounds["ge"])
    *others, last = (str(kind) for kind in kinds if kind is not NoneType)
    return Note("setting-choice", others=", ".join(others), last=last)


def _shown(field: str, value: str) -> str | Note:
    """Return a value for a message, without secrets, which a URL may contain too."""
    if SecretStr in get_args(Settings.model_fields[field].annotation) or "@" in value:
        return Note("setting-hidden-value")
    value = " ".join(value.split())
    return f"“{value}”" if len(value) <= _SHOWN_CHARS else f"“{value[:_SHOWN_CHARS]}…”"


class _GivenSource(Settings):
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)
