"""The program starts quickly because nothing heavy is imported before a command needs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "torch",
    "transformers",
    "onnxruntime",
    "celery",
    "PIL",
    "numpy",
    "opensearchpy",
    "fastapi",
)


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from shelfsight.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_help_names_every_command() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "shelfsight", "--help"], capture_output=True, text=True, check=True
    )
    for word in ("demo", "up", "down", "status", "doctor", "ingest", "search", "serve", "index"):
        assert word in found.stdout


def test_an_unknown_command_is_a_usage_error() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "shelfsight", "nonsense"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 2
    assert "nonsense" in found.stderr


@pytest.mark.parametrize("name", ["", "./run"])
def test_a_cure_names_the_program_as_it_was_called(tmp_path: Path, name: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SHELFSIGHT_")}
    if name:
        environment["SHELFSIGHT_CALLED_AS"] = name
    said = subprocess.run(
        [Path(sys.executable).parent / "shelfsight", "search", "shoes"],
        env=environment | {"SHELFSIGHT_HOME": str(tmp_path / "nothing-here")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 3
    assert f"`{name or 'shelfsight'} up`" in said.stderr
