"""A home on a disk that is nearly full: said as such, and done when there is room again."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from program_run import Program
from small_disk import small_disk

from shelfsight.local.stack import status

pytestmark = [pytest.mark.node, pytest.mark.broker, pytest.mark.faults]
SIZE = 4 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB in memory."""
    with small_disk(tmp_path / "disk", SIZE) as place:
        yield place


@pytest.mark.parametrize("room", [0, 16 << 10, 120 << 10, 200 << 10])
def test_a_full_disk_is_named_and_nothing_is_lost(room: int, shop: Program, disk: Path) -> None:
    state = status(shop.home)
    alias = f"full-{room}"
    program = Program(disk / "home", {
        "SHELFSIGHT_ALIAS": alias, "SHELFSIGHT_NODE_URL": state.node_url,
        "SHELFSIGHT_BROKER_URL": state.broker_url,
    })  # fmt: skip
    program.home.mkdir()
    ballast = disk / "ballast"
    with ballast.open("wb") as stream:
        stream.write(b"x" * (SIZE - room - (64 << 10)))
        while os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize > room:
            stream.write(b"x" * 4096)
            stream.flush()
    try:
        said = program("ingest", str(shop.home / "shop"), within=60)
        assert said.code == 3, said.out + said.err
        assert "room" in said.err
        assert str(disk) in said.err
        assert len(shop.asks("dress")["hits"]) == 3
        ballast.unlink()
        made = program("index", "create", str(shop.home / "shop"))
        assert made.code == 0, made.err
        assert program.counts().accepted == 0
    finally:
        from mappings.connection import Connection

        client = Connection(state.node_url).open()
        client.indices.delete(index=f"{alias}-*", ignore_unavailable=True)
        client.close()
