"""Sending work to the queues: ids only, in chunks, and the broker's errors named."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from mappings.errors import BrokerRefuses, BrokerUnreachable

if TYPE_CHECKING:
    from celery import Celery

T = TypeVar("T")
Stage = Literal["embed_text", "embed_image", "index"]
STAGES: tuple[Stage, ...] = ("embed_text", "embed_image", "index")
QUEUES: dict[str, str] = {
    "embed_text": "ingest.embed.text",
    "embed_image": "ingest.embed.image",
    "index": "ingest.index",
}
MAINTENANCE = "maintenance"
CHUNK = 32
"""Products of a task at most."""
PAUSE = 1.0
"""Seconds between two tries at a broker that refuses."""
SCHEMA = 1
"""Raised when the arguments of the tasks change: a worker refuses messages of another one."""


class Sender:
    """Puts chunks of products into the stages' queues.

    Args:
        app: The Celery application.
        patience: Seconds for which a message that the broker refuses is sent again.
    """

    def __init__(self, app: "Celery", patience: float = 0.0) -> None:
        self._app = app
        self._patience = patience

    def send(self, stage: Stage, ids: Sequence[str], countdown: float = 0.0) -> None:
        """Send one task.

        Args:
            stage: Which stage is to work on them.
            ids: The products.
            countdown: Seconds until it may start.

        Raises:
            BrokerUnreachable: The broker does not answer; what is in the ledger stays pending and
                is sent by the next ingest.
            BrokerRefuses: It takes no messages, for longer than the sender's patience.
        """
        ends = time.monotonic() + self._patience
        while ids:
            try:
                self._send(stage, ids, countdown)
            except BrokerRefuses:
                if time.monotonic() + PAUSE > ends:
                    raise
                time.sleep(PAUSE)
            else:
                return

    def _send(self, stage: Stage, ids: Sequence[str], countdown: float) -> None:
        with broker_errors(self._app):
            self._app.send_task(
                f"ingest.{stage}",
                args=[list(ids), SCHEMA],
                queue=QUEUES[stage],
                countdown=countdown or None,
            )

    def ping(self) -> None:
        """Ask the broker whether it is there.

        Raises:
            BrokerUnreachable: It is not.
        """
        with broker_errors(self._app), self._app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.2, timeout=5)

    def inspect_workers(self, timeout: float = 3.0) -> "Pool":
        """Ask the broker and the workers what they hold.

        Args:
            timeout: Seconds that workers have for their answer.

        Raises:
            BrokerUnreachable: The broker does not answer.
        """
        try:
            return self._inspect_workers(timeout)
        except BrokerUnreachable:  # a connection kept from before the broker was restarted, or so
            return self._inspect_workers(timeout)

    def _inspect_workers(self, timeout: float) -> "Pool":
        with broker_errors(self._app):
            active = self._app.control.inspect(timeout=timeout).active() or {}
            with self._app.connection_for_read() as connection:
                waiting = sum(_waiting(connection, name) for name in QUEUES.values())
        return Pool(len(active), sum(map(len, active.values())), waiting)


def _waiting(connection: Any, queue: str) -> int:  # noqa: ANN401 - kombu.Connection
    """Return how many messages wait in a queue; one that was never used has none."""
    try:
        with connection.channel() as channel:
            return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except connection.channel_errors:
        return 0


@dataclass(frozen=True, slots=True)
class Pool:
    """What broker and workers hold: workers that answer, tasks at work, messages that wait."""

    workers: int
    active: int
    waiting: int


@contextmanager
def broker_errors(app: "Celery") -> Iterator[None]:
    """Turn the broker's connection errors into ours, with the cure.

    Args:
        app: The Celery application, for the broker's address without its password.

    Raises:
        BrokerUnreachable: The broker does not answer.
        BrokerRefuses: It answers that it takes no work.
    """
    from kombu.exceptions import OperationalError

    # A transport's client has errors of its own, which kombu does not always translate.
    write = app.connection_for_write()
    kinds = (OperationalError, *(kind for kind in write.connection_errors if kind is not KeyError))
    refusals = tuple(kind for kind in write.channel_errors if kind is not KeyError)
    try:
        yield
    except (*kinds, *refusals) as error:
        if isinstance(error, refusals) or isinstance(error.__cause__, refusals):
            raise BrokerRefuses(
                f"The broker at {write.as_uri()} takes no work ({error}).",
                "Free room on its disk or in its memory; work goes on by itself.",
            ) from None
        raise BrokerUnreachable(
            f"The broker at {write.as_uri()} does not answer ({error}).",
            "Start it with `shelfsight up`, or give its address in SHELFSIGHT_BROKER_URL.",
        ) from None


def send_parts(sender: Sender, stage: Stage, ids: Sequence[str]) -> None:
    """Send a stage's work on many products, in tasks of at most ``CHUNK``.

    Raises:
        BrokerUnreachable: As ``Sender.send``.
    """
    for part in chunks(ids, CHUNK):
        sender.send(stage, part)


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield ``items`` in parts of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
