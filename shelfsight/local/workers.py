"""A Celery worker pool as a service of the stack, whatever its application is."""

import sys
from collections.abc import Callable, Mapping, Sequence

from shelfsight.local.child import Service

PING_SECONDS = 1.0


def worker_service(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    name: str = "worker",
    after: tuple[str, ...] = ("broker",),
    ready: Callable[[], bool] | None = None,
    grace: float = 30.0,
) -> Service:
    """Return a worker pool as a service.

    Args:
        argv: What comes after ``celery``, e.g. ``("-A", "ingest.celery_app", "worker")``.
        env: Variables that it gets beside the usual ones, e.g. the broker's URL.
        name: Its name in the stack.
        after: Parts of the stack it needs; a worker can load its models while the node starts.
        ready: Asked until it says True; see ``pool_answers``.
        grace: Seconds that running tasks get to finish after SIGTERM.
    """
    command = (sys.executable, "-P", "-m", "celery", *argv)
    return Service(name=name, argv=command, env=env, ready=ready, after=after, grace=grace)


def pool_answers(broker_url: str, node_name: str | None = None) -> bool:
    """Ask over the broker whether a worker answers.

    Args:
        broker_url: Where the broker answers.
        node_name: A Celery node name such as ``index@host``; None: any worker will do.
    """
    from celery import Celery
    from kombu.exceptions import OperationalError

    app = Celery(broker=broker_url, set_as_current=False)
    with app.connection_for_write() as connection:
        unreachable = (OSError, OperationalError, *connection.connection_errors)
        try:
            wanted = [node_name] if node_name else None
            return bool(app.control.ping(wanted, timeout=PING_SECONDS, connection=connection))
        except unreachable:
            return False
        finally:
            app.close()
