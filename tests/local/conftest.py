"""Folders that the unprivileged user can enter, also when the tests run as root."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shelfsight.local import orphans
from shelfsight.local.stack import down


@pytest.fixture
def place() -> Iterator[Path]:
    """A stack folder; whatever a test leaves running there is ended."""
    folder = Path(tempfile.mkdtemp(prefix="shelfsight-test-"))
    folder.chmod(0o755)
    yield folder
    down(folder)
    assert orphans.find(folder) == []
    shutil.rmtree(folder)
