"""A whole ingest in one process: the real node, ledger, spool and stages, and a queue that errs.

What Celery and its broker may do to a message happens here by choice, one choice a message.
"""

import dataclasses
import io
import shutil
import tempfile
import uuid
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ingest_workshop import WRITES
from opensearchpy.helpers import scan
from PIL import Image
from promises_queue import ErringQueue, Killed

from encoders.attributes import AttributeWeights
from encoders.cache import VectorSpool
from encoders.picture_decode import decode
from encoders.projection import ProjectedImageEncoder, fit_ridge
from encoders.registry import load_image_encoder, load_text_encoder
from encoders.space import Space
from encoders.texts import product_text
from ingest.catalogue import Catalogue, open_catalogue
from ingest.feed import ingest_feed
from ingest.filling import Filled, fill_index
from ingest.follower import Patience
from ingest.ledger.changes import Accepted, Change
from ingest.ledger.ledger import Ledger
from ingest.options import TaskLimits, WorkerOptions
from ingest.reconcile import Reconciled, reconcile
from ingest.report import Report
from ingest.worker_context import WorkerContext
from ingest.writer.bulk import BulkWriter
from ingest.writer.target import read_target
from mappings.body import render
from mappings.calibration import Calibration
from mappings.connection import Connection
from mappings.index import alias_targets, create, next_alias, swap
from mappings.product import Product
from mappings.schema import Schema

PATIENCE = Patience(poll=0, quiet=0, give_up=10)
LEVELS = (20, 130, 240)
MEMORY = Path("/dev/shm")


@cache
def picture_of(key: int) -> bytes:
    """A small picture that looks like that of no other key: its colours and edges are its own."""
    pixels = np.zeros((24, 24, 3), dtype=np.uint8)
    pixels[:, :] = [LEVELS[key // 3**n % 3] for n in range(3)]
    pixels[: 4 + key] = [LEVELS[(key + 5) // 3**n % 3] for n in range(3)]
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def turned_space(seed: int) -> Space:
    """A space of hash encoders whose projection keeps pictures apart."""
    text, image = load_text_encoder("hash:32"), load_image_encoder("hash:32")
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(400, 32))
    turn = np.linalg.qr(rng.normal(size=(32, 32)))[0]
    projection = fit_ridge(
        rows, rows @ turn, source_space=image.card.space, target_space=text.card.space
    )
    return Space(text, ProjectedImageEncoder(image, projection), AttributeWeights(1, {}))


class WatchedLedger(Ledger):
    """A ledger that says which changes were committed, and in which run."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.commits: list[tuple[int, list[Change]]] = []

    def accept(self, run: int, changes: Sequence[Change]) -> list[Accepted]:
        accepted = super().accept(run, changes)
        self.commits.append((run, list(changes)))
        return accepted


class Bound:
    """What outlives a sequence: the node's client, two spaces, and the decoding process."""

    def __init__(self, folder: Path, node_url: str) -> None:
        self.folder = folder
        self.connection = Connection(node_url, timeout=20)
        self.client = self.connection.open()
        self.spaces = {name: turned_space(seed) for seed, name in enumerate(("a", "b"))}
        for name, space in self.spaces.items():
            space.save(folder / name)
        options = WorkerOptions(
            broker_url="", connection=self.connection, alias="", ledger=folder / "none.sqlite",
            spool=folder / "none", space=folder / "a", text_model="hash:32", image_model="hash:32",
            threads=1, limits=TaskLimits(retry=0),
        )  # fmt: skip
        self.contexts = {
            name: WorkerContext(dataclasses.replace(options, space=folder / name))
            for name in self.spaces
        }
        self.alias = f"promise-{uuid.uuid4().hex[:10]}"
        self.base = self.create("a")
        self.worn = False
        self.contexts["b"]._decoder = self.contexts["a"].decoder
        encoder = load_image_encoder("hash:32")
        self.contexts["a"].decoder.decode_many([picture_of(1)], encoder.size)  # its process starts

    def create(self, space: str) -> str:
        """Make the alias's next index; a free alias is pointed to it."""
        identity = self.spaces[space].identity
        body = render(Schema(32), identity, Calibration({}))
        return create(self.client, self.alias, identity, body)

    def clear(self) -> None:
        """Leave one empty index behind the alias: making one anew would cost most of the time."""
        found = self.client.indices.get(index=f"{self.alias}-*")
        # The node remembers for a minute what was deleted under a version far ahead.
        kept = set() if self.worn else {self.base} & set(found)
        if others := sorted(set(found) - kept):
            self.client.indices.delete(index=",".join(others))
        if not kept:
            self.base, self.worn = self.create("a"), False
            return
        if alias_targets(self.client, self.alias) != (self.base,):
            swap(self.client, self.alias, self.base)
        self.client.indices.refresh(index=self.base)
        self.client.delete_by_query(
            index=self.base, body={"query": {"match_all": {}}}, refresh=True
        )

    @cache  # noqa: B019 - one object for the whole session
    def picture_vector(self, space: str, key: int) -> Any:
        """What the encoder makes of a picture's bytes."""
        image = self.spaces[space].image
        assert isinstance(image, ProjectedImageEncoder)
        return image.encode_products([decode(picture_of(key), image.encoder.size)])[0]

    @cache  # noqa: B019 - one object for the whole session
    def text_vector(self, space: str, title: str) -> Any:
        """What the encoder makes of a title."""
        text = product_text(Product(id="p", title=title))
        return self.spaces[space].text.encode_products([text])[0]

    def close(self) -> None:
        for context in self.contexts.values():
            context.ledger.close()
            context.spool.close()
            context.close()
        self.client.indices.delete(index=f"{self.alias}-*", ignore_unavailable=True)
        self.client.close()


class Shop:
    """One catalogue with an alias, a ledger and a spool of its own."""

    def __init__(self, bound: Bound) -> None:
        self.bound, self.client = bound, bound.client
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.catalogue = self.folder / "catalogue"
        (self.catalogue / "pictures").mkdir(parents=True)
        self.alias = bound.alias
        self.spool = VectorSpool(self.folder / "spool")
        self._put_many = self.spool.put_many
        self.spool.put_many = self._spooled  # type: ignore[method-assign]
        self.ledger = WatchedLedger(self.folder / "ledger.sqlite")
        self.queue = ErringQueue(self)
        self.dies_after = ""
        self.crashes = 0
        bound.clear()
        self.live = bound.base
        self.spaces = {self.live: "a"}
        self.home, self.strayed = self.live, False

    def close(self) -> None:
        self.ledger.close()
        self.spool.close()
        shutil.rmtree(self.folder)

    # Indices

    def create(self, space: str) -> str:
        """Make the next index; a free alias is pointed to it."""
        name = self.bound.create(space)
        self.spaces[name] = space
        return name

    def swap(self, to: str) -> None:
        swap(self.client, self.alias, to)
        self.live = to

    def lose_index(self) -> None:
        """Delete the live index; the operator or the next ingest makes another one live."""
        self.client.indices.delete(index=self.live)
        space = self.spaces.pop(self.live)
        if self.spaces:
            self.swap(sorted(self.spaces)[-1])
        else:
            self.live = self.create(space)

    def next_index(self) -> str:
        return next(iter(alias_targets(self.client, next_alias(self.alias))), "")

    # The ledger's file

    def copy_ledger(self) -> None:
        import sqlite3

        with closing(sqlite3.connect(self.folder / "copy.sqlite")) as kept:
            self.ledger.counts()  # a file that was put in the ledger's place is opened
            self.ledger.store._connection.backup(kept)

    def lose_ledger(self) -> None:
        for name in self.folder.glob("ledger.sqlite*"):
            name.unlink()

    def put_back(self) -> None:
        self.lose_ledger()
        shutil.copy(self.folder / "copy.sqlite", self.folder / "ledger.sqlite")

    # Work

    @property
    def context(self) -> WorkerContext:
        """The worker's context, with the space that the program would link for the live index."""
        return self._context(self.spaces[self.live], self.alias)

    def _context(self, space: str, alias: str) -> WorkerContext:
        context = self.bound.contexts[space]
        context.options = dataclasses.replace(context.options, alias=alias)
        context.ledger, context.spool = self.ledger, self.spool
        context.writer = DyingWriter(self, alias)
        return context

    def ingest(self, name: str, *, full: bool, yes: bool) -> Report:
        self.ledger.commits = []
        return ingest_feed(
            self.feed(name), self.ledger, self.queue, self.client, self.alias,  # type: ignore[arg-type]
            full=full, yes=yes, on_progress=self.queue.work, patience=PATIENCE,
        )  # fmt: skip

    def reconcile(self, *, dry_run: bool = False) -> Reconciled:
        return reconcile(
            self.ledger, self.queue, self.client, read_target(self.client, self.alias),  # type: ignore[arg-type]
            on_progress=self.queue.work, patience=PATIENCE, dry_run=dry_run,
        )  # fmt: skip

    def fill_next(self) -> Filled | None:
        name = self.next_index()
        if not name:
            return None
        alias = next_alias(self.alias)
        context = self._context(self.spaces[name], alias)
        return fill_index(context, self.ledger, read_target(self.client, alias))

    def feed(self, name: str) -> Catalogue:
        return open_catalogue(self.catalogue / name)

    def _spooled(self, vectors: Any, encoder: str) -> None:
        self._put_many(vectors, encoder)
        if self.dies_after == "crash_spool":
            raise Killed

    # The node, read directly

    def documents(self, index: str) -> dict[str, dict[str, Any]]:
        self.client.indices.refresh(index=index)
        hits = scan(self.client, index=index, query={"version": True}, size=500)
        return {h["_id"]: h["_source"] | {"_version": h["_version"]} for h in hits}

    # Pictures

    def put_picture(self, path: str, key: int) -> None:
        """Let a picture's file hold what the key stands for; 0: it is away."""
        place = self.catalogue / path
        if key:
            place.write_bytes(picture_of(key))
        else:
            place.unlink(missing_ok=True)


class DyingWriter(BulkWriter):
    """A bulk writer whose process may die before the answer is read."""

    def __init__(self, shop: Shop, alias: str) -> None:
        super().__init__(shop.client, alias, WRITES)
        self._shop = shop

    def write(self, writes: Any) -> Any:
        written = super().write(writes)
        if self._shop.dies_after in ("crash_bulk", "lost_bulk"):
            raise Killed  # before the ledger could note which index was written
        self._shop.strayed |= self._shop.live != self._shop.home
        return written
