"""What a worker is told: one frozen value that travels to its processes as JSON."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ingest.writer.bulk import WriteLimits
from mappings.connection import Connection
from mappings.errors import InputError


@dataclass(frozen=True, slots=True)
class TaskLimits:
    """Times of a task, in seconds, and how often one may crash.

    Args:
        soft: After this a task is told to stop.
        hard: After this its process is killed.
        retry: Pause before work that waits for the node, the broker or a disk is tried again.
        visibility: How long the broker waits for a lost worker's acknowledgement (Redis).
        sweep: How often it looks.
        runs: How often a task may crash its process, be killed or fail before the dead letters.
        memory: KiB that a worker process may have used before it is replaced after its task.
    """

    soft: float = 60.0
    hard: float = 90.0
    retry: float = 15.0
    visibility: float = 600.0
    sweep: float = 10.0
    runs: int = 4
    memory: int = 2_500_000

    def check(self) -> None:
        """Refuse times with which the broker would hand out a running task twice.

        Raises:
            InputError: The visibility timeout is shorter than three times the longest task and
                pause, or the soft limit is not below the hard one.
        """
        least = 3 * (self.hard + self.retry)
        if self.visibility < least:
            raise InputError(
                f"A visibility timeout of {self.visibility:g} s is too short for tasks of"
                f" {self.hard:g} s and pauses of {self.retry:g} s: they would run twice.",
                f"Give at least {least:g} s, or lower the task limits.",
            )
        if not 0 < self.soft < self.hard:
            raise InputError(
                f"The soft limit ({self.soft:g} s) must lie between 0 and the hard one"
                f" ({self.hard:g} s).",
                "Change one of them.",
            )


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """Everything that a worker process needs to know.

    Args:
        broker_url: ``redis://…`` or ``amqp://…``; never shown by ``repr``.
        connection: The OpenSearch node.
        alias: Where documents are written.
        ledger: The ledger's file.
        spool: Folder of the vectors' spool.
        space: Folder of the fitted space.
        text_model: Name of the text encoder.
        image_model: Name of the image encoder.
        image_runtime: How the image encoder is run.
        cache: Folder for exported models and measured choices.
        concurrency: Worker processes.
        threads: Threads of a model in each; 0 for the cores shared among the processes.
        object_classes: Whether what a classifier sees in the pictures becomes an attribute.
        prefix: Put before every key in Redis.
        limits: Times of a task.
        writes: Sizes and times of bulk requests.
    """

    broker_url: str = field(repr=False)
    connection: Connection
    alias: str
    ledger: Path
    spool: Path
    space: Path
    text_model: str
    image_model: str
    image_runtime: str = "auto"
    cache: Path | None = None
    concurrency: int = 2
    threads: int = 0
    object_classes: bool = False
    prefix: str = "shelfsight:"
    limits: TaskLimits = field(default_factory=TaskLimits)
    writes: WriteLimits = field(default_factory=WriteLimits)

    @property
    def model_threads(self) -> int:
        """Threads that a model may use in one worker process."""
        return self.threads or max(1, len(os.sched_getaffinity(0)) // self.concurrency)

    @property
    def is_amqp(self) -> bool:
        """Whether the broker is RabbitMQ and not Redis."""
        return self.broker_url.startswith(("amqp", "pyamqp"))

    def to_json(self) -> str:
        """Return the options as JSON, with the node's password but without the broker's address.

        The address reaches the processes as Celery's own setting.
        """
        return json.dumps(asdict(self) | {"broker_url": ""}, default=str)

    @classmethod
    def from_json(cls, text: str) -> "WorkerOptions":
        """Return the options that ``to_json`` wrote."""
        given: dict[str, Any] = json.loads(text)
        for name in ("ledger", "spool", "space", "cache"):
            given[name] = None if given[name] is None else Path(given[name])
        given["connection"] = Connection(**given["connection"])
        given["limits"] = TaskLimits(**given["limits"])
        given["writes"] = WriteLimits(**given["writes"])
        return cls(**given)
