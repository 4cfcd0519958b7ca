"""Where settings are looked for, and what is said of wrong ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.config.env_files import env_files
from bot.config.settings import load_settings, terminal_language
from bot.i18n import in_english
from retrieval.errors import SettingsError


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, and an empty folder to work in."""
    here, folder = tmp_path / "here", tmp_path / "there/data"
    here.mkdir()
    folder.mkdir(parents=True)
    monkeypatch.chdir(here)
    return folder


def test_settings_are_found_in_the_working_folder_the_data_folder_and_beside_it(data: Path) -> None:
    environment = {"NEWSDESK_DATA_DIR": str(data)}
    assert env_files(environment) == []
    (data.parent / ".env").write_text("NEWSDESK_LANGUAGE=de\nNEWSDESK_TIMEZONE=Asia/Tokyo\n")
    (data / ".env").write_text("NEWSDESK_TIMEZONE=Europe/Oslo\nNEWSDESK_DATA_DIR=/elsewhere\n")
    Path(".env").write_text("OPENAI_MODEL=small\n")
    assert env_files(environment) == [Path(".env"), data / ".env", data.parent / ".env"]
    settings = load_settings(environment)
    assert (settings.language, settings.timezone, settings.openai_model) == (
        "de",
        "Europe/Oslo",
        "small",
    )
    assert settings.data_dir == data
    assert terminal_language(environment) == "de"
    # The file of the working folder may name the data folder.
    Path(".env").write_text(f"NEWSDESK_DATA_DIR={data}\n")
    assert load_settings({}).timezone == "Europe/Oslo"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives a file away")
def test_a_file_that_somebody_else_put_beside_the_data_folder_is_not_read(data: Path) -> None:
    file = data.parent / ".env"
    file.write_text("OPENAI_BASE_URL=http://192.0.2.1/v1\n")
    os.chown(file, 12_345, 12_345)
    assert env_files({"NEWSDESK_DATA_DIR": str(data)}) == []


def test_all_wrong_settings_are_told_at_once(data: Path) -> None:
    wrong = {
        "NEWSDESK_DATA_DIR": str(data),
        "NEWSDESK_TIMEZON": "UTC",
        "NEWSDESK_TIMEZONE": "Mars",
        "NEWSDESK_HEALTH_PORT": "http",
    }
    with pytest.raises(SettingsError) as refused:
        load_settings(wrong)
    said = in_english(refused.value)
    assert "NEWSDESK_TIMEZON isn't a setting; did you mean NEWSDESK_TIMEZONE?" in said
    assert "“Mars”" in said
    assert "NEWSDESK_HEALTH_PORT" in said
    assert said.count("\n") == 0
    with pytest.raises(SettingsError) as one:
        load_settings({**wrong, "NEWSDESK_HEALTH_PORT": "", "NEWSDESK_TIMEZONE": ""})
    assert one.value.code == "setting-unknown"
