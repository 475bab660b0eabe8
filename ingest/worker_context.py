"""What a worker process works with: opened when first needed, and kept for its life."""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from billiard.exceptions import SoftTimeLimitExceeded

from encoders.cache import VectorSpool
from ingest.ledger.ledger import Ledger
from ingest.options import WorkerOptions
from ingest.writer.bulk import BulkWriter
from ingest.writer.target import Target, read_target
from mappings.errors import InputError, StackError

if TYPE_CHECKING:
    from encoders.pictures import PictureDecoder
    from encoders.space import Space


class WorkerContext:
    """Models, spool, ledger and node of one process; the models are loaded by the first task.

    Args:
        options: What the worker was told.
    """

    def __init__(self, options: WorkerOptions) -> None:
        self.options = options
        self.ledger = ledger_of(options.ledger)
        self.spool = VectorSpool(options.spool)
        self.client = options.connection.open()
        self.writer = BulkWriter(self.client, options.alias, options.writes)
        self._loader = ThreadPoolExecutor(1)
        self._loading: Future[Space] | None = None
        self._stamp: object = None
        self._decoder: PictureDecoder | None = None

    @property
    def decoder(self) -> "PictureDecoder":
        """The capped child process that decodes pictures."""
        if self._decoder is None:
            from encoders.pictures import PictureDecoder

            self._decoder = PictureDecoder()
        return self._decoder

    def close(self) -> None:
        """End the decoding process and close the node's client; the ledger stays open."""
        if self._decoder is not None:
            self._decoder.close()
        self.client.close()

    def space(self) -> "Space":
        """Return the space as its folder holds it now; it is loaded again when it was fitted anew.

        Loading goes on in its own thread when a task's time runs out over it, so that slow models
        make the first tasks wait, and never end as a product's fault.

        Raises:
            StackError: There is no space yet, its models are still being loaded, or cannot be.
            IdentityMismatch: A model here is another one than the space was fitted with.
        """
        stamp = _stamp(self.options.space)
        if self._loading is None or stamp != self._stamp:
            self._loading, self._stamp = self._loader.submit(_load, self.options), stamp
        try:
            return self._loading.result()
        except SoftTimeLimitExceeded:
            raise StackError("The models are still being loaded.", "Work goes on then.") from None
        except InputError as error:  # a model that is missing here is no product's fault
            self._loading = None
            raise StackError(error.problem, error.cure) from None
        except Exception:
            self._loading = None
            raise

    def space_of_index(self) -> "tuple[Target, Space]":
        """Return the live index, and the space that is sure to be the same as its own.

        Raises:
            IdentityMismatch: It holds others: nothing may be written.
            NodeUnreachable: The node does not answer.
            StackError: The alias does not exist, or there is no space yet.
        """
        target = read_target(self.client, self.options.alias)
        space = self.space()
        space.identity.require(target.identity, f"The index {target.index!r}")
        return target, space


def _load(options: WorkerOptions) -> "Space":
    from encoders.space import load_space

    return load_space(
        options.space,
        threads=options.model_threads,
        runtime=options.image_runtime,
        cache=options.cache,
    )


@cache
def open_context(options: WorkerOptions) -> WorkerContext:
    """Return this process's context."""
    return WorkerContext(options)


@cache
def ledger_of(path: Path) -> Ledger:
    """Return this process's ledger."""
    return Ledger(path)


def _stamp(folder: Path) -> object:
    """Return what changes when the space is fitted anew."""
    found = sorted((p.name, p.stat().st_mtime_ns) for p in folder.glob("*") if p.is_file())
    if not found:
        raise StackError(
            f"There is no space in {folder} yet, so nothing can be embedded.",
            "Create the index first: `shelfsight index create CATALOGUE`.",
        )
    return folder.resolve(), found
