"""A broker whose disk is full refuses work; nobody dies of it, and work goes on afterwards."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from ingest_workshop import Workshop, meanwhile, some, wait_until, write_catalogue
from small_disk import small_disk

from ingest.sender import Sender
from mappings.errors import BrokerRefuses

pytestmark = [pytest.mark.node, pytest.mark.broker, pytest.mark.faults]
SIZE = 3 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB in memory."""
    with small_disk(tmp_path / "broker", SIZE) as place:
        yield place


def fill_disk(ballast: Path) -> None:
    handle = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(handle, b"x" * 4096)
    except OSError:
        return  # full
    finally:
        os.close(handle)


def test_workers_and_ingest_outlast_a_broker_whose_disk_is_full(
    disk: Path, tmp_path: Path, node_url: str
) -> None:
    workshop = Workshop(tmp_path, node_url)  # its broker's folder is the small disk
    ballast = disk / "ballast"
    try:
        client = redis.Redis.from_url(workshop.broker.url)
        client.config_set("appendfsync", "everysec")  # with "always" a full disk ends the server
        records = some(60, pictures=0)
        for record in records:
            record["title"] += " PAUSE" if record["id"] < "p0020" else ""
        write_catalogue(workshop.catalogue, records)
        worker = workshop.start_worker()

        def refuses() -> bool:
            try:
                client.set("probe", "x" * 4096)
            except redis.exceptions.ResponseError as error:
                return "MISCONF" in str(error)
            return False

        def fill(over: threading.Event) -> None:
            wait_until(lambda: workshop.ledger.counts().indexed > 0 or over.is_set())
            fill_disk(ballast)
            wait_until(lambda: over.is_set() or refuses())
            with pytest.raises(BrokerRefuses, match="takes no work"):
                Sender(workshop.app).send("index", ["p0000"])
            over.wait(6)
            ballast.unlink()

        workshop.sender = Sender(workshop.app, patience=60)
        with meanwhile(fill):
            report = workshop.ingest()
        assert (report.indexed, report.dead_lettered, report.pending) == (60, 0, 0)
        workshop.agrees(records)
        assert worker.poll() is None, workshop.log
    finally:
        ballast.unlink(missing_ok=True)
        workshop.close()
