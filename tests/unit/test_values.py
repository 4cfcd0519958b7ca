"""Addresses, moments, settings, prompts: small things that must be exactly right."""

from __future__ import annotations

from pathlib import Path

import pytest

import prompts
from bot.config.renamed import RENAMED_SETTINGS, RenamedSetting
from bot.config.settings import Settings, load_settings, variable_names
from bot.i18n import in_english
from retrieval.errors import InvalidURL, Note, SettingsError
from retrieval.timestamps import iso, parse_span, to_micros
from retrieval.web import is_public
from retrieval.web.urls import canonical_url

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.com/news/story",
        "http://example.com/news/story/",
        "https://EXAMPLE.com:443/news/story#comments",
        "https://example.com/news/story?utm_source=x&fbclid=1",
        "https://example.com/news/story/amp",
        "https://amp.example.com/news/story",
        "https://example-com.cdn.ampproject.org/c/s/example.com/news/story",
    ],
)
def test_one_article_has_one_canonical_url(url: str) -> None:
    assert canonical_url(url) == "https://example.com/news/story"


def test_what_selects_an_article_stays_in_its_url() -> None:
    assert canonical_url("https://example.com/?id=7&page=2") == "https://example.com?id=7&page=2"


@pytest.mark.parametrize(
    "url", ["ftp://example.com/x", "https://u:p@example.com/", "nonsense", "https:///x"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidURL, match="url-"):
        canonical_url(url)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:1::", "fe80::1%eth0", "224.0.0.1", "0.0.0.0", "100.64.0.1"],
)  # fmt: skip
def test_private_addresses_are_not_fetched_however_they_are_wrapped(address: str) -> None:
    assert not is_public(address)


def test_a_bare_date_covers_its_day_and_a_moment_only_itself() -> None:
    day, moment = parse_span("2023-11-03"), parse_span("2023-11-03T10:00:00+02:00")
    assert to_micros(day.end) - to_micros(day.start) == 86_400_000_000 - 1
    assert iso(moment.start) == iso(moment.end) == "2023-11-03T08:00:00Z"
    with pytest.raises(ValueError, match="Invalid"):
        parse_span("last Tuesday")


def test_an_unknown_setting_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"setting-unknown .*NEWSDESK_DATADIR.*NEWSDESK_DATA_DIR"
    ):
        load_settings({"NEWSDESK_DATADIR": "/x"}, tmp_path / ".env")
    (tmp_path / ".env").write_text("NEWSDESK_EMBEDER=minilm\n")
    with pytest.raises(SettingsError, match="NEWSDESK_EMBEDDER"):
        load_settings({}, tmp_path / ".env")


def test_a_value_out_of_bounds_is_refused_by_name_and_secrets_are_not_shown(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    with pytest.raises(SettingsError, match="NEWSDESK_FETCH_SECONDS"):
        load_settings({"NEWSDESK_FETCH_SECONDS": "0"}, env)
    settings = load_settings({"OPENAI_API_KEY": "sk-hidden", "DISCORD_TOKEN": "hidden"}, env)
    assert "hidden" not in repr(settings)
    assert "hidden" not in repr(settings.library())
    assert settings.openai_api_key is not None


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("NEWSDESK_FETCH_SECONDS", "fast", "a number from 1 to 120"),
        ("NEWSDESK_FEED_CONNECTIONS", "1.5", "a whole number from 1 to 64"),
        ("NEWSDESK_DAILY_COST", "-1", "a number, 0 or more"),
        ("NEWSDESK_RESPECT_NOAI", "maybe", "true or false"),
        ("NEWSDESK_EMBEDDER", "bert", "wordllama, e5, openai, minilm or neural"),
        ("NEWSDESK_TIMEZONE", "Mars/Base", "a time zone such as Europe/Berlin"),
        ("OPENAI_BASE_URL", "localhost:8000", "a URL such as http://localhost:8000/v1"),
        ("OPENAI_BASE_URL", "ftp://x", "a URL such as http://localhost:8000/v1"),
        ("OPENAI_BASE_URL", "http://my host/v1", "a URL such as http://localhost:8000/v1"),
        ("OPENAI_BASE_URL", "http://host:http/v1", "a URL such as http://localhost:8000/v1"),
        ("OPENAI_BASE_URL", "https://", "a URL such as http://localhost:8000/v1"),
        ("NEWSDESK_DISCORD_API_URL", "discord", "a URL such as http://localhost:8080/api/v10"),
        ("NEWSDESK_DISCORD_CDN_URL", "ws://x", "a URL such as http://localhost:8082"),
        ("NEWSDESK_DISCORD_GATEWAY_URL", "http://x", "a URL such as ws://localhost:8081"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(
    name: str, value: str, allowed: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as told:
        load_settings({name: value}, tmp_path / ".env")
    assert in_english(told.value) == (
        f"{name} must be {allowed}, not “{value}”. .env.example explains this setting."
    )


@pytest.mark.parametrize(
    "host",
    ["https://news.example/feed", "news.example/feed", "10.0.0.0/8", "*.example", "me@host",
     "news.example:99999", "news.example other.example"],
)  # fmt: skip
def test_what_is_no_host_to_be_allowed_is_told_alone_of_the_list(host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        load_settings({"NEWSDESK_FETCH_ALLOW": f"localhost:80,{host}"}, tmp_path / ".env")
    shown = "the current value" if "@" in host else f"“{host}”"
    assert in_english(told.value) == (
        "NEWSDESK_FETCH_ALLOW must be comma-separated hosts, such as localhost,10.0.0.5:8080, "
        f"not {shown}. .env.example explains this setting."
    )


def test_addresses_are_taken_as_people_write_them(tmp_path: Path) -> None:
    given = {
        "NEWSDESK_FETCH_ALLOW": "127.0.0.1:8080, News.intranet,[::1]:80,::1,my_host.",
        "OPENAI_BASE_URL": " https://me:word@[::1]:8000/v1 ",
        "NEWSDESK_DISCORD_API_URL": "http://127.0.0.1:9/api/v10",
        "NEWSDESK_DISCORD_GATEWAY_URL": "wss://gateway.example",
    }
    settings = load_settings(given, tmp_path / ".env")
    assert settings.fetch_allow == (
        "127.0.0.1:8080",
        "News.intranet",
        "[::1]:80",
        "::1",
        "my_host.",
    )
    assert settings.openai_base_url == "https://me:word@[::1]:8000/v1"
    assert settings.discord_gateway_url == "wss://gateway.example"


def test_a_password_in_an_address_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        load_settings({"OPENAI_BASE_URL": "me:secret@host/v1"}, tmp_path / ".env")
    assert "secret" not in in_english(told.value)


@pytest.mark.parametrize("name", variable_names())
def test_every_setting_tells_of_its_wrong_value_in_plain_words(name: str, tmp_path: Path) -> None:
    told = []
    for value in ("-7", "nan", "x" * 300):
        try:
            load_settings({name: value}, tmp_path / ".env")
        except SettingsError as error:
            told.append(in_english(error))
    for message in told:
        assert message.startswith(f"{name} must be ")
        assert "nput" not in message
        assert "rror" not in message
        assert len(message) < 200


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("NEWSDESK_FETCH_SECONDS=7\nOPENAI_MODEL=other\nFOREIGN=1\n")
    settings = load_settings({"NEWSDESK_FETCH_SECONDS": "9"}, tmp_path / ".env")
    assert (settings.fetch_seconds, settings.openai_model) == (9, "other")


def test_every_setting_stands_in_the_example_file() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    shown = {line.lstrip("# ").partition("=")[0] for line in lines if "=" in line}
    assert shown == set(variable_names())
    assert Settings.model_fields


@pytest.mark.parametrize(("old", "new"), RENAMED_SETTINGS.items())
def test_a_former_name_of_a_setting_works_and_names_the_new_one(
    old: str, new: tuple[str, int], tmp_path: Path
) -> None:
    name, factor = new
    field = variable_names()[name]
    value = {"NEWSDESK_LLM_VERIFY_SENTENCES": "false"}.get(name, "2")
    with pytest.warns(RenamedSetting) as warned:
        settings = load_settings({old: value}, tmp_path / ".env")
    assert getattr(settings, field) == (False if value == "false" else 2 * factor)
    assert [w.message.note for w in warned if isinstance(w.message, RenamedSetting)] == [
        Note("setting-renamed", old=old, new=name)
    ]
    with pytest.raises(SettingsError, match="setting-given-twice"):
        load_settings({old: value, name: value}, tmp_path / ".env")
    assert load_settings({old: ""}, tmp_path / ".env") == load_settings({}, tmp_path / ".env")


def test_a_wrong_value_under_a_former_name_is_told(tmp_path: Path) -> None:
    with (
        pytest.warns(RenamedSetting),
        pytest.raises(SettingsError, match="setting-invalid") as told,
    ):
        load_settings({"NEWSDESK_FEED_LONGEST_HOURS": "ever"}, tmp_path / ".env")
    assert told.value.params["name"] == "NEWSDESK_FEED_MAX_INTERVAL_MINUTES"


def test_prompts_want_their_variables_and_no_others() -> None:
    assert "Turkish" in prompts.render("answer_language", language="Turkish")
    with pytest.raises(prompts.PromptError):
        prompts.render("answer_language", language="Turkish", name="x")
    with pytest.raises(prompts.PromptError):
        prompts.render("answer_language")
    with pytest.raises(prompts.PromptError):
        prompts.render("no_such_prompt")
