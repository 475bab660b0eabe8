"""Following a run: how far it is, and when a standstill is an error."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ingest.ledger.ledger import Ledger
from ingest.ledger.tally import Counts
from ingest.report import Tally
from ingest.sender import Sender, send_parts
from mappings.errors import BrokerRefuses, DiskFull, NodeUnreachable, StackError

ALARMS: dict[str, type[StackError]] = {
    kind.__name__: kind for kind in (NodeUnreachable, DiskFull, StackError)
}


@dataclass(frozen=True, slots=True)
class Patience:
    """When a run that stands still is looked into, in seconds.

    Args:
        poll: Between two looks.
        quiet: Without any progress: workers are asked for, lost messages are sent again.
        give_up: Without any progress: the reason becomes an error.
    """

    poll: float = 0.25
    quiet: float = 20.0
    give_up: float = 300.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Args:
        reading: The feed is still being read, so that the totals grow.
        read: Rows read.
        done: Products that are accounted for, unchanged ones not counted.
        total: Products that were sent.
        pictures: Pictures of the products that were sent.
        stages: Seconds of work and number of items by stage.
        rate: Products a second, since the run began.
        note: Why nothing moves, empty while something does.
    """

    reading: bool
    read: int
    done: int
    total: int
    pictures: int
    stages: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    rate: float = 0.0
    note: str = ""

    @property
    def seconds_left(self) -> float | None:
        """How long it will take, in seconds; ``None`` when that cannot be said yet."""
        if self.reading or not self.rate:
            return None
        return (self.total - self.done) / self.rate


class Follower:
    """Watches one run in the ledger.

    Args:
        ledger: Where the run is counted.
        sender: To ask for workers and send again what was lost.
        run: The run; ``None`` for everything that is pending.
        tally: What was read so far.
        patience: When to ask, and when to give up.
    """

    def __init__(
        self, ledger: Ledger, sender: Sender, run: int | None, tally: Tally, patience: Patience
    ) -> None:
        self._ledger = ledger
        self._sender = sender
        self._run = run
        self._tally = tally
        self._patience = patience
        self._started = self._moved = time.monotonic()
        self._asked = 0.0
        self._wait = patience.quiet
        self._last: object = None
        self._before = 0 if run else _done(ledger.counts())
        self._note = ""

    def progress(self, *, reading: bool = False) -> Progress:
        """Return how far the run is now."""
        counts, stages = self._ledger.counts(self._run), self._ledger.timings(self._run)
        now = time.monotonic()
        if (counts, stages) != self._last:
            self._last, self._moved, self._note = (counts, stages), now, ""
            self._wait = self._patience.quiet
        done = _done(counts) - self._before
        return Progress(
            reading,
            self._tally.read,
            done,
            done + counts.pending,
            self._tally.pictures,
            stages,
            done / max(1e-9, now - self._started),
            self._note,
        )

    def until_done(self, on_progress: Callable[[Progress], None]) -> None:
        """Return when nothing of the run is pending.

        Raises:
            BrokerUnreachable: Nothing moves, and the broker does not answer.
            StackError: Nothing moves for too long; the alarm that the workers gave, or that there
                are none.
        """
        while True:
            progress = self.progress()
            on_progress(progress)
            if progress.done == progress.total:
                return
            if time.monotonic() - max(self._moved, self._asked) > self._wait:
                self._ask()
            time.sleep(self._patience.poll)

    def _ask(self) -> None:
        """Find out why nothing moves; send again what was lost."""
        try:
            self._sender.ping()
            pool = self._sender.inspect_workers()
        except BrokerRefuses as error:
            if time.monotonic() - self._moved > self._patience.give_up:
                raise
            self._note, self._asked = str(error), time.monotonic()
            return
        alarms = self._ledger.alarms()
        self._note = "; ".join(alarms.values()) or ("" if pool.workers else "No worker answers.")
        if time.monotonic() - self._moved > self._patience.give_up:
            raise _reason(alarms, pool.workers, self._patience.give_up)
        if pool.workers and not alarms and not pool.active and not pool.waiting:
            self._note = "Messages were lost; sent again what is pending."
            send_parts(self._sender, "embed_text", self._ledger.pending(self._run))
            self._wait *= 2
        self._asked = time.monotonic()


def _done(counts: Counts) -> int:
    return counts.indexed + counts.superseded + counts.dead - counts.unchanged


def _reason(alarms: Mapping[str, str], workers: int, seconds: float) -> StackError:
    for kind, message in alarms.items():
        return ALARMS.get(kind, StackError)(message)
    if not workers:
        return StackError(
            f"No worker has answered for {seconds:.0f} s; what was accepted stays pending.",
            "Start workers with `shelfsight up`, then ingest again.",
        )
    return StackError(
        f"The workers have made no progress for {seconds:.0f} s; what was accepted stays pending.",
        "See their log, then ingest again.",
    )
