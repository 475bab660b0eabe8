"""One process of the stack: what to run, how it is started, asked if it is ready, and ended."""

import contextlib
import ctypes
import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

MARK = "SHELFSIGHT_STACK"
PROBE_SECONDS = 2.0
_PR_SET_PDEATHSIG = 1
# Lines of a log that tell a person nothing; the last names a file that our settings do not make.
_FRAMES = ("\tat ", "\t... ", "For complete error details")


@dataclass(frozen=True, slots=True)
class Child:
    """A process that the supervisor keeps.

    Args:
        name: Unique in the stack: ``node``, ``broker``, ``worker`` …
        argv: The command; its first word is a path.
        env: The whole environment; never shown by ``repr``.
        cwd: Folder to run in.
        log: File that takes its output; the previous one is kept with the suffix ``.1``.
        uid: User to run as, None for ourselves.
        gid: Group to run as, None for ours.
        after: Names of processes that must be ready before this one starts.
        probe: ``http://…`` must answer 200, ``redis://…`` must answer PONG; empty: ready at once.
            It may hold a password and is never shown by ``repr``.
        grace: Seconds between SIGTERM and SIGKILL.
        second_probe: Answered by a process that runs, if not in best health.
        patience: Seconds for which the second probe must answer while the first does not, until
            the process counts as ready all the same.
        folders: What the process makes for itself before it starts, as the user that it runs as:
            they lie where we write nothing.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: str
    log: str
    uid: int | None = None
    gid: int | None = None
    after: tuple[str, ...] = ()
    probe: str = field(default="", repr=False)
    grace: float = 20.0
    second_probe: str = ""
    patience: float = 45.0
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A process of ours in the stack: the API, a worker pool.

    Args:
        name: Unique in the stack.
        argv: The command; its first word is a path, e.g. ``sys.executable``.
        env: Variables added to those of ours that services get; never shown by ``repr``.
        ready: Asked by whoever starts the stack until it says True; None: ready once it runs.
        after: Parts of the stack that must be ready before this one starts.
        probe: A URL asked by the supervisor, as in ``Child``.
        grace: Seconds between SIGTERM and SIGKILL.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    ready: Callable[[], bool] | None = None
    after: tuple[str, ...] = ("node", "broker")
    probe: str = ""
    grace: float = 20.0


def _settle_in(parent: int, folders: Sequence[str]) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)

    def arrange() -> None:
        # SIGTERM, so that even an orphaned server closes its files. Set after the change of
        # user, which would clear it.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        for folder in folders:
            os.makedirs(folder, mode=0o700, exist_ok=True)

    return arrange


def start(child: Child) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own; it is told to end when we die.

    Call it from the main thread: the kernel ties the child to the thread that made it.

    Raises:
        OSError: The command cannot be run.
    """
    log = Path(child.log)
    if log.exists():
        os.replace(log, log.with_name(log.name + ".1"))
    with private_file(log) as output:
        return subprocess.Popen(
            child.argv,
            env=dict(child.env),
            cwd=child.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=child.uid,
            group=child.gid,
            extra_groups=None if child.uid is None else [],
            preexec_fn=_settle_in(os.getpid(), child.folders),
        )


def private_file(path: Path) -> BinaryIO:
    """Open a new or emptied file that only its owner can read, for writing."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def answers(probe: str) -> bool:
    """Ask a probe once; an empty one always answers."""
    if not probe:
        return True
    parts = urlsplit(probe)
    host, port = parts.hostname or "", parts.port or 0
    try:
        return (
            _pong(host, port, parts.password or "")
            if parts.scheme == "redis"
            else _ok(host, port, parts.path, parts.query)
        )
    except (OSError, http.client.HTTPException):
        return False


def _pong(host: str, port: int, password: str) -> bool:
    with socket.create_connection((host, port), timeout=PROBE_SECONDS) as connection:
        login = f"AUTH {password}\r\n" if password else ""
        connection.sendall(f"{login}PING\r\nQUIT\r\n".encode())
        return b"+PONG\r\n" in b"".join(iter(lambda: connection.recv(256), b""))


def _ok(host: str, port: int, path: str, query: str) -> bool:
    # Not urllib: it would go through a proxy that the environment names.
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", (path or "/") + (f"?{query}" if query else ""))
        return connection.getresponse().status == 200
    finally:
        connection.close()


def end(process: subprocess.Popen[bytes], grace: float) -> None:
    """End a process: SIGTERM, then SIGKILL to what is left of its group after ``grace`` seconds."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=grace)
    kill_group(process.pid)
    process.wait()


def kill_group(leader: int) -> None:
    """Send SIGKILL to a process group; nothing happens when it is empty."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log, less Java's stack frames; nothing when there is no log."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join([one for one in text.splitlines() if not one.startswith(_FRAMES)][-lines:])
