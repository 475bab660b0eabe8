"""Processes that a crash left behind, found by the mark in their environment, or their session."""

import os
from pathlib import Path
from typing import Any

from shelfsight.local.child import MARK
from shelfsight.local.lock import Say, silent
from shelfsight.local.state import STATE_FILE, read_state

GRACE_SECONDS = 10.0


def find(folder: Path) -> list[int]:
    """Return the ids of all processes that were started for the stack in a folder.

    Args:
        folder: The stack's folder; children of its processes carry the mark as well.
    """
    import psutil  # type: ignore[import-untyped,unused-ignore]

    last = read_state(folder / "run" / STATE_FILE)
    started = [one for one in last.processes if one.pid] if last else []  # 0: could not be run
    sessions = {one.pid: one.created for one in started}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and _belongs(process, folder, sessions):
                found.append(int(process.pid))
        except (psutil.Error, OSError):
            # Another user's process, or one that has just ended: not ours either way.
            continue
    return found


def _belongs(process: Any, folder: Path, sessions: dict[int, float]) -> bool:  # noqa: ANN401 - psutil's
    import psutil  # type: ignore[import-untyped,unused-ignore]

    try:
        return bool(process.environ().get(MARK) == str(folder))
    except psutil.AccessDenied:
        # One of ours that is hidden shows its environment to root only; but each process that the
        # supervisor starts leads a session, whose number nobody else gets as long as one lives.
        if process.uids().real != os.getuid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        since = sessions.get(os.getsid(process.pid))
        return since is not None and process.create_time() > since - 0.1


def end_all(folder: Path, say: Say = silent) -> int:
    """End what a crash left of a folder's stack, first politely; return how many there were."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    processes = []
    for pid in find(folder):
        try:
            processes.append(psutil.Process(pid))
        except psutil.Error:
            continue
    if not processes:
        return 0
    say(f"ending {len(processes)} processes that a crash left behind")
    for process in processes:
        _send(process.terminate)
    _, alive = psutil.wait_procs(processes, timeout=GRACE_SECONDS)
    for process in alive:
        _send(process.kill)
    psutil.wait_procs(alive, timeout=GRACE_SECONDS)
    return len(processes)


def _send(action: object) -> None:
    import psutil  # type: ignore[import-untyped,unused-ignore]

    assert callable(action)
    try:
        action()
    except psutil.Error:
        return
