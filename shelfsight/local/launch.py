"""Starting the supervisor and waiting, aloud, until the stack answers or has failed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import mappings.errors
from mappings.errors import StackError
from shelfsight.local import node
from shelfsight.local.child import Service, private_file, tail
from shelfsight.local.environment import passed_on
from shelfsight.local.folder import StackFolder
from shelfsight.local.lock import Say
from shelfsight.local.state import StackState, status
from shelfsight.local.supervisor import START_SECONDS

POLL_SECONDS = 0.1
BIRTH_SECONDS = 20.0
_NOT_YET = ("starting", "stopping")


def spawn(folder: StackFolder) -> subprocess.Popen[bytes]:
    """Start a supervisor for the order that lies in the folder.

    A background supervisor leaves its starter at once, and the process returned ends; a
    foreground one is that process.
    """
    with private_file(folder.logs / "supervisor.log") as log:
        return subprocess.Popen(
            (sys.executable, "-P", "-m", "shelfsight.local.supervisor", str(folder.path)),
            env=passed_on(os.environ),
            cwd=folder.run,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def await_birth(folder: StackFolder, supervisor: subprocess.Popen[bytes], say: Say) -> None:
    """Wait until a new supervisor has written its first state.

    Args:
        folder: Of the stack.
        supervisor: What ``spawn`` returned.
        say: Receives lines of progress.

    Raises:
        StackError: It died before that; its log is quoted.
    """
    deadline = time.monotonic() + BIRTH_SECONDS
    while status(folder.path).supervisor == 0:
        if supervisor.poll() or time.monotonic() > deadline:
            log = folder.logs / "supervisor.log"
            raise StackError(
                f"The supervisor of the stack did not start. The end of its log:\n{tail(log)}\n",
                f"Read {log}, and run: shelfsight doctor",
            )
        say("starting the supervisor")
        time.sleep(POLL_SECONDS)


def await_ready(
    folder: StackFolder, services: Sequence[Service], say: Say, order: int = 0
) -> StackState:
    """Wait until every process and every service says that it is ready.

    Args:
        folder: Of the stack, whose supervisor has been born.
        services: Those whose ``ready`` is to be asked.
        say: Receives a line of progress at every look.
        order: Number of the order that must have been followed first.

    Raises:
        StackError: A part failed, or was stopped meanwhile, or takes too long.
    """
    began = time.monotonic()
    asked = {one.name: one.ready for one in services if one.ready is not None}
    while (waited := time.monotonic() - began) < START_SECONDS:
        state = status(folder.path)
        _raise_failure(state, order)
        followed = state.order >= order
        waiting = _waiting(state, services, asked) if followed else ["supervisor"]
        if not waiting:
            return state
        say(_line(waiting, waited))
        time.sleep(POLL_SECONDS)
    raise StackError(
        f"The stack was not ready within {START_SECONDS:.0f} s: {', '.join(waiting)}.",
        f"Read the logs in {folder.logs}, and run: shelfsight doctor",
    )


def _waiting(
    state: StackState, services: Sequence[Service], asked: Mapping[str, Callable[[], bool]]
) -> list[str]:
    if state.stage in _NOT_YET:
        return [one.name for one in state.processes if one.stage != "ready"] or ["supervisor"]
    ready = {one.name for one in state.processes if one.stage == "ready"}
    missing = [one.name for one in services if one.name not in ready]
    return missing or [name for name, says_so in asked.items() if not says_so()]


def _line(waiting: Sequence[str], waited: float) -> str:
    usual = f", usually about {node.USUAL_SECONDS} s" if node.NAME in waiting else ""
    return f"starting {', '.join(waiting)} ({waited:.0f} s{usual})"


def _raise_failure(state: StackState, order: int) -> None:
    # A ready stack may still show the failure of a part that an earlier order added.
    ours = state.stage == "failed" or (state.order == order and order > 0)
    if state.failure is not None and ours:
        kind, problem, cure = state.failure
        branch = getattr(mappings.errors, kind, StackError)
        assert issubclass(branch, StackError)
        raise branch(problem, cure)
    if state.stage not in (*_NOT_YET, "ready"):
        raise StackError("The stack was stopped while it started.", "Start it again: shelfsight up")
