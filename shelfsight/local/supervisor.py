"""The process that keeps the stack: starts its processes in order, watches them, ends them.

It runs as ``python -m shelfsight.local.supervisor FOLDER`` and reads its order from the folder.
In the background it stays until SIGTERM; in the foreground it also ends when the program that
started it is gone, however that died. If it is killed itself, the kernel ends its children.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from shelfsight.local.child import Child, answers, end, kill_group, start, tail
from shelfsight.local.folder import StackFolder
from shelfsight.local.lock import holding
from shelfsight.local.state import (
    STATE_FILE,
    ProcessState,
    StackState,
    created,
    without_password,
    write_json,
    write_state,
)

TICK_SECONDS = 0.1
START_SECONDS = 180.0
ORDER_FILE = "order.json"
_TUPLES = ("argv", "after", "folders")
LIFE_LOCK = "supervisor.lock"


@dataclass(frozen=True, slots=True)
class Order:
    """What the supervisor shall keep.

    Args:
        state: What is known before the start: URLs, versions.
        children: The processes.
        parent: Process that it shall not outlive, 0 for none.
    """

    state: StackState
    children: tuple[Child, ...]
    parent: int


def write_order(folder: StackFolder, order: Order) -> None:
    """Leave an order for the supervisor; it holds environments, so only we may read it."""
    write_json(folder.run / ORDER_FILE, asdict(order))


def read_order(folder: StackFolder) -> Order:
    """Read the order that was left."""
    raw = json.loads((folder.run / ORDER_FILE).read_text(encoding="utf-8"))
    children = tuple(
        Child(**{**one, **{name: tuple(one.get(name, ())) for name in _TUPLES}})
        for one in raw["children"]
    )
    return Order(StackState(**{**raw["state"], "processes": ()}), children, raw["parent"])


class Supervisor:
    """Keeps the processes of one order.

    Args:
        folder: The stack's folder, with the order in it.
    """

    def __init__(self, folder: StackFolder) -> None:
        self._folder = folder
        self._order = read_order(folder)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._seen: dict[str, ProcessState] = {}
        self._since: dict[str, float] = {}
        self._answered: dict[str, float] = {}
        self._stop = False
        self._reread = False
        own = created(os.getpid())
        assert own is not None
        self._state = replace(self._order.state, supervisor=os.getpid(), created=own)

    def keep(self) -> int:
        """Start everything, watch until told to stop, end everything; return the exit code."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGHUP, self._on_signal)
        self._tell(stage="starting")
        try:
            while not self._must_stop():
                self._tick()
                time.sleep(TICK_SECONDS)
        finally:
            self._end_all()
        return 0 if self._state.stage == "stopped" else 1

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._reread = True
        else:
            self._stop = True

    def _must_stop(self) -> bool:
        orphaned = self._order.parent and os.getppid() != self._order.parent
        return self._stop or bool(orphaned) or self._state.stage == "failed"

    def _tick(self) -> None:
        if self._reread:
            self._reread = False
            self._follow(read_order(self._folder))
        for child in self._order.children:
            self._advance(child)
        ready = all(self._stage(child.name) == "ready" for child in self._order.children)
        if ready and self._state.stage == "starting":
            self._tell(stage="ready")

    def _follow(self, order: Order) -> None:
        """Take a new order: what it adds is started, and what has ended is started again."""
        for child in self._order.children:
            if self._stage(child.name) in ("starting", "ready"):
                self._noticed_end(child)
        self._order = replace(self._order, children=order.children)
        self._seen = {name: one for name, one in self._seen.items() if one.stage != "ended"}
        self._tell(failure=None, order=order.state.order)

    def _stage(self, name: str) -> str:
        seen = self._seen.get(name)
        return seen.stage if seen else ""

    def _advance(self, child: Child) -> None:
        match self._stage(child.name):
            case "":
                if all(self._stage(name) == "ready" for name in child.after):
                    self._start(child)
            case "starting":
                waited = time.monotonic() - self._since[child.name]
                if not self._noticed_end(child) and self._is_ready(child):
                    self._see(child.name, stage="ready")
                elif waited > START_SECONDS:
                    self._fail(child, f"did not answer within {START_SECONDS:.0f} s")
            case "ready":
                self._noticed_end(child)

    def _start(self, child: Child) -> None:
        try:
            process = start(child)
        except (OSError, subprocess.SubprocessError) as error:
            self._seen[child.name] = ProcessState(child.name, 0, 0.0, "ended", child.log)
            self._fail(child, f"could not be run: {error}")
            return
        self._running[child.name] = process
        self._since[child.name] = time.monotonic()
        self._answered.pop(child.name, None)
        since = created(process.pid) or time.time()
        self._seen[child.name] = ProcessState(
            child.name, process.pid, since, "starting", child.log, url=_origin(child.probe)
        )
        self._tell()

    def _is_ready(self, child: Child) -> bool:
        if answers(child.probe):
            return True
        if not child.second_probe or not answers(child.second_probe):
            return False
        # Patience begins with the first answer: a busy machine may take long until then.
        first = self._answered.setdefault(child.name, time.monotonic())
        return time.monotonic() - first > child.patience

    def _noticed_end(self, child: Child) -> bool:
        code = self._running[child.name].poll()
        if code is None:
            return False
        kill_group(self._running[child.name].pid)
        was_ready = self._stage(child.name) == "ready"
        self._see(child.name, stage="ended", exit_code=code)
        if not was_ready:
            self._fail(child, f"ended with code {code} while it started")
        return True

    def _fail(self, child: Child, reason: str) -> None:
        kind = {"node": "NodeUnreachable", "broker": "BrokerUnreachable"}.get(child.name)
        text = tail(Path(child.log))
        if "Address already in use" in text or "BindException" in text:
            kind = "PortTaken"
        elif "No space left on device" in text:
            kind = "DiskFull"
        failure = (
            kind or "StackError",
            f"The {child.name} {reason}. The end of its log:\n{text}\n",
            f"Read {child.log}, and run: shelfsight doctor",
        )
        # A part that is added to a ready stack does not take the rest down.
        stage = "ready" if self._state.stage == "ready" else "failed"
        self._tell(stage=stage, failure=failure)

    def _see(self, name: str, stage: str, exit_code: int | None = None) -> None:
        self._seen[name] = replace(self._seen[name], stage=stage, exit_code=exit_code)
        self._tell()

    def _tell(self, **changes: object) -> None:
        processes = tuple(self._seen.values())
        self._state = replace(self._state, processes=processes, **changes)  # type: ignore[arg-type]
        write_state(self._folder.run / STATE_FILE, self._state)

    def _end_all(self) -> None:
        failed = self._state.stage == "failed"
        if not failed:
            self._tell(stage="stopping")
        # In the reverse order of need: workers finish their tasks while node and broker still run.
        needed = {name for child in self._order.children for name in child.after}
        for core in (False, True):
            names = [name for name in self._running if (name in needed) == core]
            self._end([child for child in self._order.children if child.name in names])
        self._tell(stage="failed" if failed else "stopped")

    def _end(self, children: list[Child]) -> None:
        for child in children:
            if self._running[child.name].poll() is None:
                self._running[child.name].terminate()
        deadline = time.monotonic()
        for child in children:
            process = self._running.pop(child.name)
            end(process, max(0.1, deadline + child.grace - time.monotonic()))
            self._seen[child.name] = replace(
                self._seen[child.name], stage="ended", exit_code=process.returncode
            )
            self._tell()


def _origin(probe: str) -> str:
    parts = urlsplit(probe)
    return without_password(f"{parts.scheme}://{parts.netloc}") if parts.netloc else ""


def main(path: str) -> int:
    """Keep the stack of a folder; a background supervisor first leaves its starter."""
    folder = StackFolder(Path(path))
    os.umask(0o077)  # for logs and state, and for whatever the services write
    # Once before the fork, so that a broken installation shows in our exit code.
    assert created(os.getpid()) is not None
    if not read_order(folder).parent and os.fork():
        return 0
    with holding(folder.run / LIFE_LOCK, "keeps the stack", patience=5.0):
        return Supervisor(folder).keep()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
