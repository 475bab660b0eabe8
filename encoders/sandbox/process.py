"""Starts, asks and ends a sandboxed child process, always with a deadline."""

import fcntl
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from encoders.sandbox.frames import ANSWER, LENGTH
from encoders.sandbox.locks import hide

PIPE_BYTES = 1 << 20
"""What an unprivileged user's pipe may hold on Linux; the squares of a picture are 200 KB each."""

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Numerical libraries get one thread: others would be outside the restrictions."""


class ProtocolError(Exception):
    """The child sent an unexpected answer."""


class SealedProcess:
    """A Python process that restricts itself (``locks.seal``), and the two pipes to it.

    It has an environment without anything of ours, no other open file, and ``/`` as its folder.
    This process is hidden from others of its user (``locks.hide``) from then on.

    Args:
        command: What follows ``python``, such as ``("-m", "encoders.picture_child")``.
        environment: Variables beside those that Python needs to find our packages.

    Raises:
        OSError: The process cannot be started.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        hide()
        root = str(Path(__file__).resolve().parents[2])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", *command],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": root, **_ONE_THREAD, **environment},
            cwd="/",
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._given, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._given.fileno(), False)
        for pipe in (self._given, self._answers):
            _widen(pipe.fileno())

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def send(self, parts: Sequence[bytes], deadline: float) -> None:
        """Send a frame, put together from parts.

        Args:
            parts: Its bytes, in order.
            deadline: When to give up, by ``time.monotonic``.

        Raises:
            TimeoutError: The child did not take it in time.
            OSError: The child has ended.
        """
        for part in (LENGTH.pack(sum(map(len, parts))), *parts):
            rest = memoryview(part)
            while rest:
                try:
                    rest = rest[os.write(self._given.fileno(), rest) :]
                except BlockingIOError:
                    _wait(self._given.fileno(), select.POLLOUT, deadline)

    def receive(self, most: Mapping[bytes, int], deadline: float) -> tuple[bytes, bytearray]:
        """Return kind and body of the next answer.

        Args:
            most: The kinds that may come, and the bytes that each may have.
            deadline: When to give up, by ``time.monotonic``.

        Raises:
            TimeoutError: It did not come in time.
            EOFError: The child has ended.
            ProtocolError: It is of another kind, or longer.
        """
        kind, length = ANSWER.unpack(self._read(ANSWER.size, deadline))
        if length > most.get(kind, -1):
            raise ProtocolError(f"The child announced {kind!r} of {length:,} bytes.")
        return kind, self._read(length, deadline)

    def _read(self, count: int, deadline: float) -> bytearray:
        """Return ``count`` bytes, read without a copy."""
        body = bytearray(count)
        rest = memoryview(body)
        while rest:
            _wait(self._answers.fileno(), select.POLLIN, deadline)
            read = os.readv(self._answers.fileno(), [rest])
            if not read:
                raise EOFError
            rest = rest[read:]
        return body

    def end(self, patience: float = 0.0) -> int:
        """Kill the process and return its exit code.

        Args:
            patience: Seconds that it gets to end by itself, for its own exit code.
        """
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self._process.kill()
        self._given.close()
        self._answers.close()
        return self._process.wait()


def _wait(number: int, event: int, deadline: float) -> None:
    """Wait until a pipe can be read or written; ``select`` rejects descriptors above 1,023."""
    poll = select.poll()
    poll.register(number, event)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError


def _widen(number: int) -> None:
    """Let a whole picture fit in the pipe, where the system allows: else it goes in 64 KiB steps.

    Each step wakes the other process, which costs half as much again as decoding does.
    """
    with suppress(OSError, AttributeError):  # over the user's allowance; not on Linux
        fcntl.fcntl(number, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
