"""A first ingest, stopped at any instant: it ends in time, and the next one completes it."""

import random
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ingest_program import Program
from ingest_workshop import some, wait_until, write_catalogue

pytestmark = [pytest.mark.node, pytest.mark.broker, pytest.mark.faults]

PRODUCTS = 40
PARTS = 5
"""Instants of one ingest, one drawn in each part of its time."""


@pytest.fixture(scope="module")
def whole_seconds(
    tmp_path_factory: pytest.TempPathFactory, node_url: str, client: Any
) -> Iterator[float]:
    """How long the first ingest takes on this machine: fitting, indexing, all of it."""
    program = Program(tmp_path_factory.mktemp("whole"), node_url)
    program.broker.start()
    try:
        program.start_worker()
        catalogue = write_catalogue(program.folder / "shop", some(PRODUCTS))
        began = time.monotonic()
        assert program.json("ingest", str(catalogue), "--json")["indexed"] == PRODUCTS
        yield time.monotonic() - began
    finally:
        program.close()
        client.indices.delete(index=f"{program.alias}-*", ignore_unavailable=True)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_first_ingest_stopped_at_any_instant_is_completed_by_the_next(
    program: Program, whole_seconds: float, part: int, client: Any
) -> None:
    catalogue = write_catalogue(program.folder / "shop", some(PRODUCTS))
    number = (signal.SIGINT, signal.SIGTERM)[part % 2]
    program.start_worker()
    with program.start("ingest", str(catalogue)) as running:
        time.sleep((part + random.Random(part).random()) / PARTS * whole_seconds + 0.1)
        words = program.stopped(running, number)
    # On a machine that is faster now it may have been done before; then nothing was stopped.
    assert running.returncode in (128 + number, 0, -number), words
    assert ("stopped" in words) == (running.returncode == 128 + number)
    assert program.left() == []
    program.counts()  # balanced at that instant

    report = program.json("ingest", str(catalogue), "--json")
    assert (report["accepted"], report["indexed"]) == (PRODUCTS, PRODUCTS)
    counts = program.counts()
    assert (counts.pending, counts.dead) == (0, 0)
    client.indices.refresh(index=program.alias)
    assert client.count(index=program.alias)["count"] == PRODUCTS


def test_while_it_prepares_and_accepts_it_ends_at_any_instant(program: Program) -> None:
    catalogue = write_catalogue(program.folder / "shop", some(PRODUCTS))
    began = time.monotonic()
    with program.start("ingest", str(catalogue)) as running:
        wait_until(lambda: running.poll() is not None or program.counts().accepted == PRODUCTS)
        seconds = time.monotonic() - began
        assert f"{PRODUCTS} products are under way" in program.stopped(running)
    for part in range(8):
        number = (signal.SIGINT, signal.SIGTERM)[part % 2]
        program.forget()
        with program.start("ingest", str(catalogue)) as running:
            time.sleep((part + random.Random(part).random()) / 8 * seconds + 0.1)
            words = program.stopped(running, number)
        assert running.returncode in (128 + number, -number), words
        assert program.left() == []
        program.counts()
