"""What every broker must do, on each that can be had: valkey, Debian's Redis, RabbitMQ."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ingest_workshop import Broker, Workshop, free_port, some, wait_until, write_catalogue

from ingest.sender import Pool

pytestmark = [pytest.mark.node, pytest.mark.broker]
INSTALL = {"redis-server": "redis-server"}


def binary(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/lib/rabbitmq/bin")
    if not found:
        pytest.skip(
            f"{name} is not installed: apt-get install -y {INSTALL.get(name, 'rabbitmq-server')}"
        )
    return found


def rabbit(folder: Path) -> Iterator[str]:
    """A RabbitMQ of its own, as the user that runs the tests."""
    program, port, distribution = binary("rabbitmq-server"), free_port(), free_port()
    names = free_port()
    folder.mkdir()
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    environment = {
        **os.environ,
        "HOME": str(folder),
        "ERL_CRASH_DUMP": str(folder / "crash"),
        "RABBITMQ_NODENAME": f"shelf{port}@localhost",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
    }
    mapper = subprocess.Popen([binary("epmd"), "-port", str(names), "-address", "127.0.0.1"])
    real = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [str(real) if real.exists() else program],
            env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def answers() -> bool:
        assert process.poll() is None, (folder / "out").read_text()[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(answers, 90)
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 15)
            process.wait(30)
        mapper.terminate()
        mapper.wait(10)


@pytest.fixture(params=["valkey", "redis-server", "rabbitmq-server"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, node_url: str) -> Iterator[Workshop]:
    if request.param == "rabbitmq-server":
        running = rabbit(tmp_path / "rabbit")
        made = Workshop(tmp_path, node_url, next(running))
        yield made
        made.close()
        running.close()  # type: ignore[attr-defined]
        return
    own = Broker(tmp_path / "own", "" if request.param == "valkey" else binary(request.param))
    own.start()
    made = Workshop(tmp_path, node_url, own.url)
    yield made
    made.close()
    own.kill()


def test_a_catalogue_comes_through_and_a_killed_process_costs_nothing(shop: Workshop) -> None:
    records = some(30, pictures=1)
    for record in records[:6]:
        record["title"] += " PAUSE"
    write_catalogue(shop.catalogue, records)
    worker = shop.start_worker()
    killed: list[int] = []

    def kill(progress: object) -> None:
        if getattr(progress, "done", 0) and not killed:
            victim = shop.children(worker)[0]
            victim.kill()
            killed.append(victim.pid)

    report = shop.ingest(on_progress=kill)
    assert killed
    assert (report.indexed + report.superseded, report.dead_lettered) == (30, 0)
    shop.agrees(records)
    wait_until(lambda: shop.sender.inspect_workers() == Pool(workers=1, active=0, waiting=0))


def test_work_waits_in_the_broker_for_a_worker(shop: Workshop) -> None:
    import threading

    records = some(8, pictures=0)
    write_catalogue(shop.catalogue, records)
    starter = threading.Timer(2.0, shop.start_worker)
    starter.start()
    report = shop.ingest()
    starter.join()
    assert report.indexed == 8
    shop.agrees(records)


def test_a_poisoned_product_has_four_runs_on_every_broker(shop: Workshop) -> None:
    records = some(10, pictures=0)
    records[4]["title"] = "ABORT"
    write_catalogue(shop.catalogue, records)
    shop.start_worker()
    report = shop.ingest()
    assert (report.indexed, report.dead_lettered) == (9, 1)
    assert report.letters[0].attempts == 4
