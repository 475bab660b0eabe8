"""Sending work to the queues: ids only, in chunks, and the broker's errors named."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from mappings.errors import BrokerUnreachable

Stage = Literal["embed_text", "embed_image", "index"]
STAGES: tuple[Stage, ...] = ("embed_text", "embed_image", "index")
QUEUES: dict[str, str] = {
    "embed_text": "ingest.embed.text",
    "embed_image": "ingest.embed.image",
    "index": "ingest.index",
}
MAINTENANCE = "maintenance"
SCHEMA = 1
"""Raised when the arguments of the tasks change: a worker refuses messages of another one."""


class Sender:
    """Puts chunks of products into the stages' queues.

    Args:
        app: The Celery application.
    """

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - celery.Celery, imported only when needed
        self._app = app

    def send(self, stage: Stage, ids: Sequence[str], countdown: float = 0.0) -> None:
        """Send one task.

        Args:
            stage: Which stage is to work on them.
            ids: The products.
            countdown: Seconds until it may start.

        Raises:
            BrokerUnreachable: The broker does not take the message; what is in the ledger stays
                pending and is sent by the next ingest.
        """
        if not ids:
            return
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

    def workers(self, timeout: float = 1.0) -> int:
        """Return how many workers answer within so many seconds."""
        with broker_errors(self._app):
            return len(self._app.control.ping(timeout=timeout) or ())


@contextmanager
def broker_errors(app: Any) -> Iterator[None]:  # noqa: ANN401
    """Turn the broker's connection errors into ours, with the cure.

    Args:
        app: The Celery application, for the broker's address without its password.

    Raises:
        BrokerUnreachable: The broker does not answer.
    """
    from kombu.exceptions import OperationalError

    try:
        yield
    except (OperationalError, ConnectionError, TimeoutError) as error:
        raise BrokerUnreachable(
            f"The broker at {app.connection_for_write().as_uri()} does not answer ({error}).",
            "Start it with `shelfsight up`, or give its address in SHELFSIGHT_BROKER_URL.",
        ) from None


def chunks(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield ``ids`` in parts of at most ``size``."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
