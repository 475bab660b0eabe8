"""docs/settings.md: generated from the settings model, and complete."""

import re
import subprocess
import sys
from pathlib import Path

from shelfsight.settings import Settings
from tools.settings_page import PATH, descriptions, document

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shelfsight", "serve", "mappings", "encoders", "ingest", "attach", "query", "learn")
INTERNAL = {"SHELFSIGHT_CALLED_AS", "SHELFSIGHT_STACK"}
"""Set by our own programs for those that they start."""


def test_the_checked_in_page_is_what_the_settings_model_says() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run `python -m tools.settings_page`"


def test_the_command_writes_the_checked_in_page(tmp_path: Path) -> None:
    # In a copy, so that a stale page in the checkout is not repaired by its own test.
    (tmp_path / "tools").mkdir()
    (tmp_path / "docs").mkdir()
    for module in ("__init__.py", "settings_page.py"):
        source = ROOT / "tools" / module
        (tmp_path / "tools" / module).write_text(source.read_text("utf-8"), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "tools.settings_page"], cwd=tmp_path, check=True)
    assert (tmp_path / "docs" / PATH.name).read_text(encoding="utf-8") == document()


def test_every_setting_is_described() -> None:
    assert list(descriptions(Settings)) == list(Settings.model_fields)


def test_every_variable_that_the_code_names_is_on_the_page() -> None:
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    named = {
        name
        for path in modules
        for name in re.findall(r'"(SHELFSIGHT_[A-Z_]*[A-Z])"', path.read_text("utf-8"))
    }
    page = document()
    assert {name for name in named - INTERNAL if f"`{name}`" not in page} == set()
