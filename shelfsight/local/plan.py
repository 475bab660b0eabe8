"""What a stack shall consist of, and the order for the supervisor that follows from it."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from shelfsight.local import broker, node, ports
from shelfsight.local.account import Account, server_account
from shelfsight.local.artifacts import OPENSEARCH_VERSION
from shelfsight.local.child import MARK, Child, Service
from shelfsight.local.environment import passed_on
from shelfsight.local.folder import (
    FREE_TO_RUN,
    StackFolder,
    cache_folder,
    project_folder,
    require_room,
    runtime_folder,
    stack_folder,
)
from shelfsight.local.java import SYSTEM_FOLDERS, find_java, reachable
from shelfsight.local.lock import Say
from shelfsight.local.server import install
from shelfsight.local.state import StackState
from shelfsight.local.supervisor import Order

CORE = (node.NAME, broker.NAME)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the core of a stack answers.

    Args:
        node_url: OpenSearch, empty without one.
        broker_url: The broker, with its password; empty without one.
    """

    node_url: str
    broker_url: str = field(repr=False)


def no_services(_: Endpoints) -> Sequence[Service]:
    """Return nothing: for a stack of node and broker alone."""
    return ()


@dataclass(frozen=True, slots=True)
class StackPlan:
    """What a stack shall consist of.

    Args:
        folder: Where its data lives.
        parts: Of ``node`` and ``broker``.
        heap: Java heap of the node.
        node_port: Fixed port for OpenSearch, None for a free one.
        broker_port: Fixed port for the broker, None for a free one.
        services: Returns our own processes once the URLs are known.
        environ: What services get of it is what ``environment.passed_on`` lets through; it also
            says where Java and the cache are.
        java_folders: The system's folders of Javas.
    """

    folder: Path
    parts: tuple[str, ...] = CORE
    heap: str = "1g"
    node_port: int | None = None
    broker_port: int | None = None
    services: Callable[[Endpoints], Sequence[Service]] = no_services
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    java_folders: tuple[Path, ...] = SYSTEM_FOLDERS


def default_folder(environ: Mapping[str, str], start: Path) -> Path:
    """Return the stack folder of the project at or above ``start``."""
    return stack_folder(environ, project_folder(start), server_account())


def endpoints(state: StackState) -> Endpoints:
    """Return where a stack answers."""
    return Endpoints(state.node_url, state.broker_url)


def assemble(
    plan: StackPlan, folder: StackFolder, last: StackState | None, parent: int, say: Say
) -> tuple[Order, tuple[Service, ...]]:
    """Fetch and prepare what the plan needs; return the supervisor's order and the services.

    Args:
        plan: What shall run.
        folder: Its prepared folder.
        last: State of the last run, whose ports are taken again when they are free.
        parent: Process that the stack shall not outlive, 0 for none.
        say: Receives lines of progress.

    Raises:
        StackError: Something cannot be fetched or found.
        PortTaken: A fixed port is held.
        DiskFull: There is no room.
    """
    account = server_account()
    require_room(folder.path, FREE_TO_RUN)
    node_port, broker_port = _ports(plan, last)
    children: list[Child] = []
    java_name = node_url = broker_url = ""
    if node.NAME in plan.parts:
        child, java_name = _node(plan, folder, account, (node_port, broker_port), say)
        children.append(child)
        node_url = node.node_url(node_port)
    if broker.NAME in plan.parts:
        binary = broker.reachable_binary(account, runtime_folder(plan.environ, account))
        children.append(broker.broker_child(binary, folder, account, broker_port))
        broker_url = broker.broker_url(broker_port, broker.broker_password(folder))
    services = tuple(plan.services(Endpoints(node_url, broker_url)))
    children += [service_child(one, plan, folder) for one in services]
    state = StackState(
        "starting", 0, 0.0, node_url, broker_url, java_name, OPENSEARCH_VERSION, bool(parent)
    )
    return Order(state, tuple(marked(one, folder) for one in children), parent), services


def _ports(plan: StackPlan, last: StackState | None) -> tuple[int, int]:
    old_node = urlsplit(last.node_url).port if last else None
    old_broker = urlsplit(last.broker_url).port if last else None
    node_port = ports.choose("OpenSearch", plan.node_port, old_node, ())
    return node_port, ports.choose("the broker", plan.broker_port, old_broker, (node_port,))


def _node(
    plan: StackPlan, folder: StackFolder, account: Account | None, taken: tuple[int, int], say: Say
) -> tuple[Child, str]:
    runtime = runtime_folder(plan.environ, account)
    java = find_java(plan.environ, plan.java_folders)
    say(f"OpenSearch will run on {java.name}")
    usable = reachable(java, account, runtime)
    server = install(runtime, cache_folder(plan.environ), account, say)
    transport = ports.choose("the node's own protocol", None, None, taken)
    child = node.node_child(server, usable, folder, account, taken[0], transport, plan.heap)
    return child, java.name


def service_child(service: Service, plan: StackPlan, folder: StackFolder) -> Child:
    """Return a service as a process of the stack; it runs as ourselves.

    Not where we are now: that may be a feed's folder, whose modules Python and Celery would import.
    """
    return Child(
        name=service.name,
        argv=service.argv,
        env={**passed_on(plan.environ), **service.env, "PYTHONSAFEPATH": "1"},
        cwd=str(folder.run),
        log=str(folder.logs / f"{service.name}.log"),
        after=tuple(name for name in service.after if name in plan.parts or name not in CORE),
        probe=service.probe,
        grace=service.grace,
    )


def marked(child: Child, folder: StackFolder) -> Child:
    """Return the process with the mark by which it is found after a crash."""
    return replace(child, env={**child.env, MARK: str(folder.path)})
