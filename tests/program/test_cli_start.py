"""The program starts quickly because nothing heavy is imported before a command needs it."""

import subprocess
import sys

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
