"""Processes that a crash left behind, found by the mark in their environment."""

import os
from pathlib import Path

from shelfsight.local.child import MARK
from shelfsight.local.lock import Say, silent

GRACE_SECONDS = 10.0


def find(folder: Path) -> list[int]:
    """Return the ids of all processes that were started for the stack in a folder.

    Args:
        folder: The stack's folder; children of its processes carry the mark as well.
    """
    import psutil  # type: ignore[import-untyped,unused-ignore]

    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(folder) and process.pid != os.getpid():
                found.append(int(process.pid))
        except (psutil.Error, OSError):
            # Another user's process, or one that has just ended: not ours either way.
            continue
    return found


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
