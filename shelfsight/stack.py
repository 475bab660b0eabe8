"""The local stack with our own programs in it: servers, worker pool, search program."""

from shelfsight.local.lock import Say
from shelfsight.local.plan import Endpoints, StackPlan
from shelfsight.local.stack import Started, up
from shelfsight.settings import Settings, home
from shelfsight.wiring import stack_services


def start_stack(
    settings: Settings,
    say: Say,
    *,
    api: bool = True,
    heap: str = "1g",
    node_port: int | None = None,
    broker_port: int | None = None,
) -> Started:
    """Start what does not run yet, and return when all of it answers; it stays until ``down``.

    Args:
        settings: Where its data lies, the alias and the models.
        say: Receives lines of progress.
        api: Whether the search program is started too.
        heap: Java heap of the node.
        node_port: The node's port; a free one when not given.
        broker_port: The broker's port; a free one when not given.

    Raises:
        StackError: A part cannot be fetched, found or started; its branches say which.
    """

    def services(endpoints: Endpoints) -> list:  # type: ignore[type-arg]
        return [s for s in stack_services(settings, endpoints) if api or s.name != "api"]

    plan = StackPlan(
        home(settings), heap=heap, node_port=node_port, broker_port=broker_port, services=services
    )
    return up(plan, say)


def ensure_workers(settings: Settings) -> None:
    """Add a worker pool for the alias to a running local stack that has none.

    With a broker of one's own, or without a running stack, nothing is done: then the workers are
    somebody else's, or the error says how to start everything.

    Raises:
        StackError: The pool cannot be started.
    """
    from shelfsight.local.state import status
    from shelfsight.progress import Steps
    from shelfsight.wiring import worker_name

    state = status(home(settings))
    ready = {one.name for one in state.processes if one.stage == "ready"}
    own_broker = bool(settings.broker_url.get_secret_value())
    if own_broker or state.stage != "ready" or worker_name(settings) in ready:
        return
    with Steps() as steps:
        starting = steps.tell(f"starting workers for {settings.alias}")
        start_stack(settings, starting, api=False)
        starting.done(f"workers for {settings.alias} are up")
