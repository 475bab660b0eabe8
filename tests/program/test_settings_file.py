"""Where settings come from: the environment and a named file, never the working folder."""

from pathlib import Path

import pytest

from mappings.errors import InputError
from shelfsight.settings import checkout, read_settings, settings_file

ELSEWHERE = "https://elsewhere.example"


@pytest.fixture
def feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A feed's folder with settings of its own, as the working folder."""
    (tmp_path / ".env").write_text(f"SHELFSIGHT_NODE_URL={ELSEWHERE}\nSHELFSIGHT_SEED=99\n")
    monkeypatch.chdir(tmp_path)
    for name in ("NODE_URL", "SEED", "ENV_FILE"):
        monkeypatch.delenv(f"SHELFSIGHT_{name}", raising=False)
    return tmp_path


def test_a_file_in_the_working_folder_changes_nothing(feed: Path) -> None:
    assert read_settings().node_url != ELSEWHERE
    assert read_settings().seed != 99


def test_a_named_file_is_read_and_the_environment_wins(
    feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFSIGHT_ENV_FILE", ".env")
    monkeypatch.setenv("SHELFSIGHT_SEED", "5")
    assert read_settings().node_url == ELSEWHERE
    assert read_settings().seed == 5
    monkeypatch.setenv("SHELFSIGHT_ENV_FILE", "")
    assert read_settings().node_url == ""


def test_a_named_file_that_is_not_there_is_bad_input(
    feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFSIGHT_ENV_FILE", "absent")
    with pytest.raises(InputError, match="SHELFSIGHT_ENV_FILE names 'absent'"):
        read_settings()


def test_a_checkout_reads_its_own_file() -> None:
    root = checkout()
    assert root is not None
    assert settings_file({}) == root / ".env"
