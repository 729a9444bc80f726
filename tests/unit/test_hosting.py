"""What `python app.py` and Spaces make of the settings."""

from pathlib import Path

import pytest

from aiportal.settings import Platform, Settings, _first_writable, ensure_temporary_folder

NOWHERE = Path("/dev/null/aiportal")


def test_away_from_spaces_the_settings_are_the_usual_ones() -> None:
    assert Settings.for_app(Platform()) == Settings()


def test_gradios_variables_come_before_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_NAME", "127.0.0.2")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "7861")
    monkeypatch.setenv("AIPORTAL_PORT", "7862")
    settings = Settings.for_app()
    assert (settings.host, settings.port) == ("127.0.0.2", 7861)


def test_our_variables_count_where_gradio_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIPORTAL_PORT", "7862")
    assert Settings.for_app().port == 7862


@pytest.mark.parametrize(("name", "value"), [("SPACE_ID", "people/portal"), ("SYSTEM", "spaces")])
def test_a_space_is_behind_a_proxy_and_open_to_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    settings = Settings.for_app()
    assert settings.on_spaces
    assert settings.behind_proxy
    assert settings.host == "0.0.0.0"


def test_a_host_that_is_set_stays_on_a_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIPORTAL_HOST", "127.0.0.1")
    assert Settings.for_app(Platform(space_id="people/portal")).host == "127.0.0.1"


def test_folders_that_are_set_stay_on_a_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIPORTAL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("AIPORTAL_CACHE_DIR", str(NOWHERE))
    settings = Settings.for_app(Platform(space_id="people/portal"))
    assert (settings.data_dir, settings.cache_dir) == (tmp_path / "data", NOWHERE)


def test_the_data_of_a_space_goes_where_it_can_be_written(tmp_path: Path) -> None:
    assert _first_writable((NOWHERE, tmp_path / "home", tmp_path / "tmp")) == tmp_path / "home"
    assert _first_writable((NOWHERE, NOWHERE)) == NOWHERE


def test_a_space_keeps_weights_beside_its_data_if_need_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIPORTAL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(NOWHERE))
    assert Settings.for_app(Platform(system="spaces")).cache_dir == tmp_path / "cache"


def test_a_spaces_own_address_is_known() -> None:
    space = Platform(space_id="people/portal", space_host="people-portal.hf.space")
    assert space.public_url == "https://people-portal.hf.space"
    assert Platform(space_host="people-portal.hf.space").public_url is None


def test_a_usual_temporary_folder_is_left_alone(tmp_path: Path) -> None:
    ensure_temporary_folder(tmp_path)
    assert not (tmp_path / "tmp").exists()
