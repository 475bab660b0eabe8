"""The whole local stack: up, down, status, and for the time of a block.

``up`` prepares what is missing (archives, server, Java), chooses ports, leaves an order, starts a
supervisor and waits until everything answers. Two starts of one folder never fight: a lock lets
the second wait, and it then finds the stack of the first.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from shelfsight.local import orphans
from shelfsight.local.account import server_account
from shelfsight.local.folder import StackFolder, prepare
from shelfsight.local.launch import POLL_SECONDS, await_birth, await_ready, spawn
from shelfsight.local.lock import Say, holding, silent
from shelfsight.local.plan import CORE, StackPlan, assemble, endpoints, marked, service_child
from shelfsight.local.state import STATE_FILE, StackState, lives, read_state, status
from shelfsight.local.supervisor import START_SECONDS, read_order, write_order

STOP_SECONDS = 90.0

__all__ = ["StackPlan", "Started", "down", "running_stack", "status", "up", "with_stack"]


@dataclass(frozen=True, slots=True)
class Started:
    """A stack that answers.

    Args:
        state: What it says about itself.
        ours: Whether this call started it; else it was running already.
        supervisor: Its supervisor when it is our child (foreground), to be reaped by us.
    """

    state: StackState
    ours: bool
    supervisor: subprocess.Popen[bytes] | None = None


def up(plan: StackPlan, say: Say = silent, foreground: bool = False) -> Started:
    """Start a stack, or find the running one; return when all of it answers.

    Args:
        plan: What shall run. Services that a running stack lacks are added to it.
        say: Receives a line of progress several times a second.
        foreground: End the stack when this process ends, however it ends; prefer
            ``with_stack``, which also ends it with the block.

    Raises:
        StackError: A part cannot be fetched, found or started (the branches say which).
        PortTaken: A fixed port is held by someone else.
        DiskFull: There is no room.
    """
    folder = prepare(plan.folder.absolute(), server_account())
    plan = replace(plan, folder=folder.path)
    with holding(folder.run / "start.lock", "starts the stack", say):
        state = _settled(folder, say)
        if state.stage == "ready" and _whole(state, plan):
            return Started(_extend(plan, folder, state, say), ours=False)
        if state.stage == "ready":
            say("a part of the stack has ended: starting all of it again")
        down(folder.path, say)
        return _start(plan, folder, foreground, say)


def _settled(folder: StackFolder, say: Say) -> StackState:
    # An earlier starter may have been killed while its supervisor goes on.
    deadline = time.monotonic() + START_SECONDS
    while (state := status(folder.path)).stage in ("starting", "stopping"):
        if time.monotonic() > deadline:
            return state
        say(f"the stack is {state.stage} already")
        time.sleep(POLL_SECONDS)
    return state


def _whole(state: StackState, plan: StackPlan) -> bool:
    ready = {one.name for one in state.processes if one.stage == "ready"}
    return set(plan.parts) <= ready


def _start(plan: StackPlan, folder: StackFolder, foreground: bool, say: Say) -> Started:
    last = read_state(folder.run / STATE_FILE)
    order, services = assemble(plan, folder, last, os.getpid() if foreground else 0, say)
    write_order(folder, order)
    (folder.run / STATE_FILE).unlink(missing_ok=True)
    supervisor = spawn(folder)
    try:
        if not foreground:
            supervisor.wait()
        await_birth(folder, supervisor, say)
        state = await_ready(folder, services, say)
    except BaseException:
        _abandon(folder, supervisor, say)
        raise
    return Started(state, ours=True, supervisor=supervisor if foreground else None)


def _abandon(folder: StackFolder, supervisor: subprocess.Popen[bytes], say: Say) -> None:
    # By its session, for it may not have written its state yet. It does so before it starts
    # anything, and stops before the next start, so that ``down`` finds whatever was started.
    with suppress(ProcessLookupError):
        os.killpg(supervisor.pid, signal.SIGTERM)
    down(folder.path, say)
    supervisor.wait()


def _extend(plan: StackPlan, folder: StackFolder, state: StackState, say: Say) -> StackState:
    """Add the services that a running stack lacks."""
    services = tuple(plan.services(endpoints(state)))
    have = {one.name for one in state.processes if one.stage == "ready"}
    lacking = [one for one in services if one.name not in have]
    if not lacking:
        return await_ready(folder, services, say)
    order = read_order(folder)
    # What has ended is left out: a part that could not run is not tried again unasked.
    alive = {one.name for one in state.processes if one.stage != "ended"}
    names = {one.name for one in lacking} - alive
    kept = tuple(child for child in order.children if child.name in alive)
    added = tuple(
        marked(service_child(one, plan, folder), folder) for one in lacking if one.name in names
    )
    number = state.order + 1
    write_order(
        folder, replace(order, children=kept + added, state=replace(order.state, order=number))
    )
    os.kill(state.supervisor, signal.SIGHUP)
    return await_ready(folder, services, say, number)


def down(path: Path, say: Say = silent) -> bool:
    """Stop a folder's stack and whatever a crash left of an earlier one.

    Args:
        path: The stack's folder; its data stays.
        say: Receives lines of progress.

    Returns:
        Whether anything was running.
    """
    path = path.absolute()
    state = status(path)
    ran = ask_to_stop(path)
    if ran:
        _await_end(path, state, say)
    return bool(orphans.end_all(path, say)) or ran


def ask_to_stop(path: Path) -> bool:
    """Tell a folder's supervisor to stop the stack, without waiting for it; False: there is none.

    Args:
        path: The stack's folder.
    """
    state = status(path.absolute())
    running = bool(state.supervisor) and lives(state.supervisor, state.created)
    if running:
        os.kill(state.supervisor, signal.SIGTERM)
    return running


def _await_end(path: Path, state: StackState, say: Say) -> None:
    began = time.monotonic()
    while lives(state.supervisor, state.created):
        waited = time.monotonic() - began
        left = [one.name for one in status(path).processes if one.stage != "ended"]
        say(f"stopping {', '.join(left) or 'the supervisor'} ({waited:.0f} s)")
        if waited > STOP_SECONDS:
            os.kill(state.supervisor, signal.SIGKILL)
        time.sleep(POLL_SECONDS)


@contextmanager
def with_stack(plan: StackPlan, say: Say = silent) -> Iterator[StackState]:
    """Have a stack for the time of a block: found when it runs already, else started and ended.

    Whatever ends this process, kill -9 included, ends what was started here. Another program
    that found the stack meanwhile loses it then: for several programs, use ``up``.

    Args:
        plan: What shall run.
        say: Receives lines of progress.

    Raises:
        StackError: As ``up`` does.
    """
    started = up(plan, say, foreground=True)
    try:
        yield started.state
    finally:
        if started.ours:
            down(plan.folder, say)
        if started.supervisor is not None:
            started.supervisor.wait()


@contextmanager
def running_stack(
    folder: Path | None = None,
    services: tuple[str, ...] = CORE,
    heap: str = "1g",
    say: Say = silent,
) -> Iterator[StackState]:
    """Have node and broker for the time of a block, for tests: ``node_url`` and ``broker_url``.

    Args:
        folder: Its folder; None: a new one, removed afterwards. As root it must be a folder
            that other users can enter.
        services: Of ``node`` and ``broker``.
        heap: Java heap of the node.
        say: Receives lines of progress.

    Raises:
        StackError: As ``up`` does.
    """
    place = folder or Path(tempfile.mkdtemp(prefix="shelfsight-"))
    if folder is None:
        place.chmod(0o755)
    try:
        with with_stack(StackPlan(place, parts=services, heap=heap), say) as state:
            yield state
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
