"""SIGINT and SIGTERM: the first ends a command within five seconds, the second at once.

Python answers SIGINT with a KeyboardInterrupt in the main thread. Alone that is not enough:

- It is lost where it is raised inside a finalizer or a callback, and where a library catches
  everything, as many do around their imports.
- A ``with`` block of a thread pool, and the interpreter's own end, wait for threads that compute.
- It is not raised before a C library that computes in the main thread returns.
- SIGINT is ignored in a job that a script started with ``&``, and ignoring is inherited.

So the main thread gets its KeyboardInterrupt, again where it was lost, and cleans up as ever; a
daemon thread ends the process when that takes longer than ``GRACE_SECONDS`` or a second signal
comes. The thread needs nothing of the main thread: Python's C handler writes each signal's number
to a pipe that it reads. Ending without cleaning up loses nothing: the ledger and the vectors'
spool are transactions of SQLite, other files are replaced as a whole, the kernel frees the locks,
and a picture decoder ends when its input does.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

GRACE_SECONDS = 3.0
AGAIN_SECONDS = 0.1
STOPPING = (signal.SIGINT, signal.SIGTERM)
SHOW_CURSOR = "\x1b[?25h"


class _Interruption:
    """What has happened in this process, of which there is one, as of a signal's handler.

    Attributes:
        number: The first signal that came, 0 before.
        raised: Whether the main thread has got its KeyboardInterrupt; the thread that watches may
            know of the signal before.
        over: Whether the command has ended, so that a signal has nothing to interrupt.
        leave: See ``when_ended``.
    """

    def __init__(self) -> None:
        self.number = 0
        self.raised = False
        self.over = False
        self.leave: Callable[[], str] = str


_state = _Interruption()


def run(command: Callable[[], None]) -> None:
    """Run a command in the main thread; when a signal stops it, end the process with 128 + signal.

    Args:
        command: What imports and runs the program.
    """
    try:
        try:
            _install()
            command()
        finally:
            _finish()
    except BaseException as error:  # an interrupted import may raise anything
        if isinstance(error, KeyboardInterrupt):  # Python's own handler, before ours was there
            _state.number = _state.number or signal.SIGINT
        if not _state.number:
            raise
    if _state.number:
        with suppress(OSError, ValueError):  # whoever read it is gone
            sys.stdout.flush()
            sys.stderr.flush()
        _end(_state.number, "shelfsight: stopped")


def when_ended(leave: Callable[[], str]) -> None:
    """Set what is done when a signal ends the process before the command could clean up.

    Args:
        leave: Called in another thread than the main one; does what must not be left undone, and
            returns the sentence for the person: what is under way, and how to go on.
    """
    _state.leave = leave


def _install() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    sys.unraisablehook = _unraisable
    for number in (*STOPPING, signal.SIGALRM):
        signal.signal(number, _interrupt)
    threading.Thread(target=_watch, args=(reader,), name="interruption", daemon=True).start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)  # ./run blocks them until here


def _interrupt(number: int, _: FrameType | None) -> None:
    """Handle a signal in the main thread; SIGALRM is the one that was lost."""
    _state.number = _state.number or number
    if _state.over or (_state.raised and number != signal.SIGALRM):
        return
    _state.raised = True
    raise KeyboardInterrupt


def _unraisable(lost: Any) -> None:  # noqa: ANN401 - sys.UnraisableHookArgs, a name for type checkers
    """Raise a KeyboardInterrupt again that was raised where Python can only report it."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
    else:
        sys.__unraisablehook__(lost)


def _watch(reader: int) -> None:
    """End the process at the second signal, or when the first was not enough."""
    deadline = None
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        number = os.read(reader, 1)[0] if select.select([reader], [], [], left)[0] else 0
        if number and not _ours(number):
            continue
        if deadline is not None:
            _end(_state.number, f"shelfsight: stopped. {_leave()}".rstrip())
        _state.number = _state.number or number
        deadline = time.monotonic() + GRACE_SECONDS


def _ours(number: int) -> bool:
    """Return whether a signal stops the command: `serve` hands it to its HTTP server."""
    return number in STOPPING and signal.getsignal(number) is _interrupt


def _leave() -> str:
    try:
        return _state.leave()
    except Exception as error:  # whatever it is, the process has to end
        return f"({type(error).__name__}: {error})"


def _finish() -> None:
    """From here on a signal has nothing to interrupt: the system's default ends the process."""
    _state.over = True
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in STOPPING:
        signal.signal(number, signal.SIG_DFL)


def _end(number: int, words: str) -> None:
    """Say so and end the process, waiting for nothing: not for threads, nor for a full pipe."""
    if os.isatty(2):
        words = SHOW_CURSOR + words
    if select.select([], [2], [], 0)[1]:
        os.write(2, f"{words}\n".encode())
    os._exit(128 + number)
