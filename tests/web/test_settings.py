"""One table of settings and limits, each told in words."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import LIMITS, ROOT, Limits, Settings, describe_settings


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, _, _ in describe_settings():
        monkeypatch.delenv(variable, raising=False)


def test_every_setting_has_a_description() -> None:
    assert all(len(description) > 10 for _, _, description in describe_settings())


@pytest.mark.parametrize("variable", [variable for variable, _, _ in describe_settings()])
def test_every_setting_is_in_the_documents(variable: str) -> None:
    documents = [ROOT / "README.md", ROOT / "docs" / "architecture.md"]
    assert variable in "".join(document.read_text() for document in documents)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKLING_PORT", "8123")
    monkeypatch.setenv("INKLING_ALLOWED_HOSTS", "digits.example, Pad.Local,")
    settings = Settings()
    assert settings.port == 8123
    assert settings.allowed_hosts == ("digits.example", "pad.local")


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKLING_PORT", "")
    assert Settings().port == 8000


def test_own_models_and_datasets_live_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert settings.own_models_dir == tmp_path / "models"
    assert settings.dataset_files_dir == tmp_path / "datasets"
    assert Settings(data_dir=tmp_path, datasets_dir=Path("/d")).dataset_files_dir == Path("/d")


def test_the_data_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Settings().data_dir == tmp_path / "inkling"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.1"])
def test_a_loopback_host_is_local(host: str) -> None:
    assert Settings(host=host).is_local


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "teacher.local"])
def test_any_other_host_is_not_local(host: str) -> None:
    assert not Settings(host=host).is_local


def test_a_settings_object_never_changes_and_never_shows_its_token() -> None:
    settings = Settings(token="a-token-of-some-length")
    with pytest.raises(ValidationError):
        settings.port = 1
    assert "a-token" not in repr(settings)


def test_a_short_token_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(token="short")


def test_limits_are_those_of_the_design() -> None:
    mib = 1024 * 1024
    assert (LIMITS.picture_bytes, LIMITS.pictures) == (16 * mib, 64)
    assert LIMITS.json_image_bytes >= LIMITS.picture_bytes * 4 // 3
    assert (LIMITS.strokes_bytes, LIMITS.json_bytes) == (mib, 64 * 1024)
    assert LIMITS.error_bytes == 4096
    assert Limits() == LIMITS


def test_origins_that_may_embed_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKLING_EMBED_ORIGINS", "https://School.example, http://localhost:8080,")
    assert Settings().embed_origins == ("https://school.example", "http://localhost:8080")


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*.example",
        "https:",
        "school.example",
        "https://school.example/",
        "https://school.example/page",
        "https://school.example:",
        "https://school.example:*",
        "https://a b",
        "https://a;script-src *",
        "https://a\n",
        "https://[::1]",
        "https://user@school.example",
        "javascript:alert(1)",
        "data://x",
        "'self'",
        "null",
    ],
)
def test_anything_else_is_no_origin(origin: str) -> None:
    with pytest.raises(ValidationError, match="scheme://host"):
        Settings(embed_origins=("https://school.example", origin))
