"""What a running stack says about itself, in one JSON file that is replaced as a whole."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FORMAT = 1
STATE_FILE = "state.json"


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process as the supervisor last saw it.

    Args:
        name: Its name in the stack.
        pid: Process id.
        created: Its start time, seconds since 1970; with the pid it names the process for ever.
        stage: ``starting``, ``ready`` or ``ended``.
        log: Its log file.
        exit_code: Set when it ended; negative for a signal.
        url: Where it answers, empty when it has no probe.
    """

    name: str
    pid: int
    created: float
    stage: str
    log: str
    exit_code: int | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class StackState:
    """The whole stack.

    Args:
        stage: ``starting``, ``ready``, ``failed``, ``stopping`` or ``stopped``.
        supervisor: Process id of the supervisor.
        created: The supervisor's start time, seconds since 1970.
        node_url: Where OpenSearch answers, empty without a node.
        broker_url: Where the broker answers, with its password, empty without one; not for
            people's eyes: see ``without_password``.
        java: The Java in a line for people.
        opensearch: Its version.
        foreground: Whether it ends with the program that started it.
        processes: All processes, in the order of their start.
        failure: Kind, problem and cure, when the stage is ``failed`` or an added part failed.
        order: Number of the order that the supervisor follows; it grows when parts are added.
    """

    stage: str
    supervisor: int
    created: float
    node_url: str = ""
    broker_url: str = field(default="", repr=False)
    java: str = ""
    opensearch: str = ""
    foreground: bool = False
    processes: tuple[ProcessState, ...] = ()
    failure: tuple[str, str, str] | None = None
    order: int = 0


def without_password(url: str) -> str:
    """Return an address as it may be shown: without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace a JSON file as a whole, readable by its owner only (environments hold secrets)."""
    staging = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(value, stream)
    os.replace(staging, path)


def write_state(path: Path, state: StackState) -> None:
    """Replace the state file."""
    write_json(path, {"format": FORMAT, **asdict(state)})


def read_state(path: Path) -> StackState | None:
    """Return the state that was written, whether its processes live or not; None without one.

    One that belongs to another user counts as none: by it he could have us send the node's
    password to an address of his, or signal a process of ours.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            if os.fstat(stream.fileno()).st_uid != os.geteuid():
                return None
            raw = json.load(stream)
    except (OSError, ValueError):
        return None
    if not isinstance(raw, dict) or raw.pop("format", None) != FORMAT:
        return None
    processes = tuple(ProcessState(**one) for one in raw.pop("processes"))
    failure = raw.pop("failure")
    return StackState(**raw, processes=processes, failure=tuple(failure) if failure else None)


def created(pid: int) -> float | None:
    """Return a process's start time in seconds since 1970, or None when it is gone or a zombie."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return float(process.create_time())
    except psutil.Error:
        return None


def lives(pid: int, since: float) -> bool:
    """Say whether the very process that started at ``since`` still runs under ``pid``."""
    found = created(pid)
    # psutil derives the time from the boot time, which may be read a tick apart.
    return found is not None and abs(found - since) < 0.1


def current(state: StackState) -> StackState:
    """Return the state with what is true now: processes that are gone count as ended."""
    processes = tuple(
        one if one.stage == "ended" or lives(one.pid, one.created) else replace(one, stage="ended")
        for one in state.processes
    )
    return replace(state, processes=processes)


def status(path: Path) -> StackState:
    """Return what is true of a folder's stack now; its stage is ``stopped`` when none runs.

    Args:
        path: The stack's folder, which need not exist.
    """
    state = read_state(path / "run" / STATE_FILE)
    if state is None:
        return StackState("stopped", 0, 0.0)
    now = current(state)
    if lives(state.supervisor, state.created):
        return now
    # After a crash the file still says what was; after a failure it says why.
    return replace(now, stage="failed" if state.stage == "failed" else "stopped")
