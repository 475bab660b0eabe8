"""One real stack for the tests of the program, started and ended through the command line."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from program_run import Program, write_shop

from shelfsight.local import orphans
from shelfsight.local.stack import down


@pytest.fixture(scope="session")
def shop() -> Iterator[Program]:
    """A running stack with three products in it; it is as it was after every test."""
    home = Path(tempfile.mkdtemp(prefix="shelfsight-shop-", dir="/var/tmp"))
    home.chmod(0o755)
    program = Program(home)
    try:
        started = program("up", within=240)
        assert started.code == 0, started.err
        first = program("ingest", str(write_shop(home / "shop")))
        assert first.code == 0, first.out + first.err
        program.wait_for_api()
        yield program
    finally:
        down(home)
        left = orphans.find(home)
        shutil.rmtree(home)
    assert left == []


@pytest.fixture
def bare(tmp_path: Path) -> Program:
    """The program with an empty home and no servers."""
    return Program(tmp_path)
