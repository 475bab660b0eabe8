"""Celery's side of the stages: thin tasks, and what happens when one of them dies.

A task that fails or kills its process counts a crash for its products; from the second run on a
product runs alone, so that its batch-mates get through, and after four runs it is a dead letter.
What is transient is sent again without limit and counts nothing.
"""

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from billiard.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded, WorkerLostError
from celery import shared_task, signals
from celery.exceptions import Reject
from celery.worker import state
from celery.worker.request import Request

from ingest.celery_app import OPTIONS_KEY
from ingest.failures import count_crash, isolate
from ingest.options import WorkerOptions
from ingest.pipeline import run_stage
from ingest.sender import SCHEMA, Sender, Stage
from ingest.startup import check_worker
from ingest.worker_context import ledger_of, open_context
from mappings.errors import BrokerUnreachable, IdentityMismatch, ShelfsightError, StackError

log = logging.getLogger("shelfsight.ingest")
F = TypeVar("F", bound=Callable[..., None])


def _task(name: str) -> Callable[[F], F]:
    """Register a function as a task; a lost process runs it again after two seconds."""
    registered: Callable[[F], F] = shared_task(
        name=name,
        bind=True,
        max_retries=3,
        default_retry_delay=2,
        Request="ingest.tasks:StageRequest",
    )
    return registered


class StageRequest(Request):  # type: ignore[misc]
    """A request that stops the worker when the models are not those of the index."""

    def on_failure(
        self,
        exc_info: Any,  # noqa: ANN401
        send_failed_event: bool = True,
        return_ok: bool = False,
    ) -> None:
        """Handle a failed task in the worker's main process."""
        error = getattr(exc_info.exception, "exc", exc_info.exception)
        if isinstance(error, IdentityMismatch):
            log.critical("%s", error)
            state.should_stop = error.exit_code
        super().on_failure(exc_info, send_failed_event, return_ok)


@_task("ingest.embed_text")
def embed_text(self: Any, ids: list[str], schema: int) -> None:  # noqa: ANN401
    """Embed the products' texts and attribute values, then hand on to the pictures."""
    _work(self, "embed_text", ids, schema)


@_task("ingest.embed_image")
def embed_image(self: Any, ids: list[str], schema: int) -> None:  # noqa: ANN401
    """Embed the products' pictures, then hand on to the index."""
    _work(self, "embed_image", ids, schema)


@_task("ingest.index")
def index(self: Any, ids: list[str], schema: int) -> None:  # noqa: ANN401
    """Write the products' documents."""
    _work(self, "index", ids, schema)


@_task("maintenance.resend")
def resend(self: Any) -> None:  # noqa: ANN401
    """Send everything that is pending again: for messages that were lost."""
    from ingest.feed import send_pending

    send_pending(ledger_of(_options(self).ledger), Sender(self.app))


def _work(task: Any, stage: Stage, ids: list[str], schema: int) -> None:  # noqa: ANN401
    """Run a stage and send on what it leaves; see the module's first lines for failures."""
    if schema != SCHEMA or not ids or not all(isinstance(i, str) for i in ids):
        log.error("refused a message: schema %r, ids %.200r", schema, ids)
        raise Reject(f"schema {schema!r} is not {SCHEMA}", requeue=False)
    options, sender = _options(task), Sender(task.app)
    try:
        _run(options, sender, stage, ids)
    except BrokerUnreachable as error:
        # Nothing can be sent on: the message stays in the queue, and the ledger knows anyway.
        raise Reject(str(error), requeue=True) from None


def _run(options: WorkerOptions, sender: Sender, stage: Stage, ids: list[str]) -> None:
    ledger = ledger_of(options.ledger)
    try:
        for follow in run_stage(open_context(options), stage, ids):
            sender.send(follow.stage, follow.ids, follow.countdown)
    except (IdentityMismatch, BrokerUnreachable):
        raise
    except StackError as error:
        log.warning("%s waits: %s", stage, error)
        _alarm(options, error)
        sender.send(stage, ids, options.limits.retry)
    except SoftTimeLimitExceeded:
        isolate(ledger, sender, stage, ids, "timeout", _slow(options), options.limits.runs)
    except MemoryError:  # Celery would raise it again in the worker's main process
        isolate(ledger, sender, stage, ids, "memory", "out of memory", options.limits.runs)
    except Exception as error:
        log.exception("%s failed for %d products", stage, len(ids))
        reason = f"{type(error).__name__}: {error}"
        isolate(ledger, sender, stage, ids, "failed", reason, options.limits.runs)


def _alarm(options: WorkerOptions, error: StackError) -> None:
    """Say in the ledger why work waits; a ledger that is itself the reason cannot say it."""
    try:
        ledger_of(options.ledger).alarm(type(error).__name__, str(error))
    except StackError:
        log.warning("the ledger cannot be written: %s", options.ledger)


def _options(task: Any) -> WorkerOptions:  # noqa: ANN401
    conf = task.app.conf
    return replace(WorkerOptions.from_json(conf[OPTIONS_KEY]), broker_url=conf.broker_url)


def _slow(options: WorkerOptions) -> str:
    return f"took more than {options.limits.soft:g} s"


def _stage_of(sender: Any) -> Stage | None:  # noqa: ANN401
    name = str(getattr(sender, "name", ""))
    stage = name.removeprefix("ingest.")
    return stage if name.startswith("ingest.") else None  # type: ignore[return-value]


def _on_failure(sender: Any, exception: BaseException, args: Any, **_: Any) -> None:  # noqa: ANN401
    """In the main process: a task whose process was killed or died for the last time."""
    stage = _stage_of(sender)
    if stage is None or not isinstance(exception, TimeLimitExceeded | WorkerLostError):
        return
    options = _options(sender)
    kind = "timeout" if isinstance(exception, TimeLimitExceeded) else "crash"
    reason = f"{type(exception).__name__}: {exception}"
    try:
        isolate(ledger_of(options.ledger), Sender(sender.app), stage, list(args[0]), kind, reason,
                options.limits.runs)  # fmt: skip
    except StackError as error:  # the ledger still has them pending
        log.error("could not record a crash: %s", error)


def _on_retry(sender: Any, request: Any, reason: Any, **_: Any) -> None:  # noqa: ANN401
    """In the main process: Celery runs a task again whose process died."""
    stage = _stage_of(sender)
    lost = getattr(reason, "exc", None)
    if stage is None or not isinstance(lost, WorkerLostError):
        return
    options = _options(sender)
    try:
        count_crash(ledger_of(options.ledger), stage, list(request.args[0]), "crash", str(lost),
                    options.limits.runs)  # fmt: skip
    except StackError as error:
        log.error("could not record a crash: %s", error)


def _on_start(sender: Any, **_: Any) -> None:  # noqa: ANN401
    """In the main process, before its pool: refuse to start where work would be lost."""
    try:
        check_worker(_options(sender))
    except ShelfsightError as error:
        log.critical("%s", error)
        print(f"shelfsight worker: {error}", file=sys.stderr, flush=True)  # noqa: T201
        raise SystemExit(error.exit_code) from None


signals.worker_init.connect(_on_start)
signals.task_failure.connect(_on_failure)
signals.task_retry.connect(_on_retry)
