"""Pictures from outside, decoded in a capped child process: a bad one harms nobody else."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from encoders.crop import Box
from encoders.picture_child import ANSWER, BOX, HEADER
from encoders.picture_decode import PictureRefused, too_many_bytes
from encoders.picture_size import LIMITS, PictureLimits, PictureSize, Pixels
from mappings.errors import StackError

START_SECONDS = 30.0
MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
}
"""glibc keeps a picture's memory for the next one: fresh pages cost a third of the decoding."""

PIPE_BYTES = 1 << 20
"""What an unprivileged user's pipe may hold on Linux; the squares of a picture are 200 KB each."""


@dataclass(frozen=True, slots=True)
class DecoderCaps:
    """What the child process may use.

    Args:
        memory: Address space in bytes.
        seconds: Wall clock, and processor time, of one picture.
    """

    memory: int = 1 << 30
    seconds: float = 10.0


class PictureDecoder:
    """Runs ``encoders.pictures.decode`` in children that have a memory cap and no secrets.

    A child sees none of this process's environment, cannot write files, and is killed when a
    picture takes too long. Children start at the first picture and again after a death; the
    picture that one died on is refused, the others of the batch are decoded. One thread at a
    time may use a decoder.

    Args:
        limits: What a picture may cost.
        caps: What a child may use.
        children: How many pictures are decoded at once.
    """

    def __init__(
        self,
        limits: PictureLimits = LIMITS,
        caps: DecoderCaps | None = None,
        children: int = 1,
    ) -> None:
        self._limits = limits
        self._children = [_Child(limits, caps or DecoderCaps()) for _ in range(max(1, children))]

    def __enter__(self) -> PictureDecoder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the children; the decoder may be used again."""
        for child in self._children:
            child.end()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the children that are running."""
        return tuple(c.process.pid for c in self._children if c.process is not None)

    def decode_many(
        self,
        contents: Sequence[bytes],
        size: PictureSize,
        boxes: Sequence[Box | None] | None = None,
    ) -> list[Pixels | PictureRefused]:
        """Return pixels, or why there are none, for each picture, in order.

        Args:
            contents: The files' bytes.
            size: What the encoder wants to see.
            boxes: For each picture the part that counts, ``None`` for all of it.

        Returns:
            For each picture uint8 of ``size.shape``, or a ``PictureRefused``.

        Raises:
            StackError: A child process cannot be started.
        """
        lanes = min(len(self._children), len(contents))
        wanted = list(zip(contents, boxes or [None] * len(contents), strict=True))
        if lanes <= 1:
            return [self._children[0].decode(content, size, box) for content, box in wanted]

        def lane(start: int) -> list[Pixels | PictureRefused]:
            return [self._children[start].decode(c, size, b) for c, b in wanted[start::lanes]]

        answers: list[Pixels | PictureRefused | None] = [None] * len(contents)
        with ThreadPoolExecutor(lanes) as threads:  # they only wait for pipes
            for start, decoded in enumerate(threads.map(lane, range(lanes))):
                answers[start::lanes] = decoded
        return [answer for answer in answers if answer is not None]


class _Child:
    """One decoding process and the pipe to it."""

    def __init__(self, limits: PictureLimits, caps: DecoderCaps) -> None:
        self._limits = limits
        self._caps = caps
        self._size: PictureSize | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def end(self) -> int | None:
        """Kill the process, which holds nothing worth keeping, and return its exit code."""
        process, self.process = self.process, None
        if process is None:
            return None
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        return process.wait()

    def decode(
        self, content: bytes, size: PictureSize, box: Box | None = None
    ) -> Pixels | PictureRefused:
        """Return the pixels, or why there are none."""
        if len(content) > self._limits.content_bytes:  # not worth a trip through the pipe
            return too_many_bytes(len(content), self._limits)
        process = self._running(size)
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = time.monotonic() + self._caps.seconds
        try:
            edges = (box.left, box.top, box.right, box.bottom) if box else (0.0,) * 4
            process.stdin.write(HEADER.pack(BOX.size + len(content)) + BOX.pack(*edges))
            process.stdin.write(content)
            process.stdin.flush()
            kind, body = _answer(process.stdout, deadline)
        except TimeoutError:
            self.end()
            return PictureRefused(
                f"The picture took more than {self._caps.seconds:g} s to decode.", "timeout"
            )
        except (EOFError, OSError):
            return self._death(process)
        if kind == b"R":
            words = json.loads(body)
            return PictureRefused(words["problem"], words["reason"])
        return np.frombuffer(body, dtype=np.uint8).reshape(size.shape)

    def _death(self, process: subprocess.Popen[bytes]) -> PictureRefused:
        """Say how the child died on a picture; the next picture gets a new child."""
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1.0)
        code = self.end()
        if code == -signal.SIGXCPU:
            return PictureRefused("The picture used up its processor time.", "timeout")
        return PictureRefused(f"The decoder died on this picture (exit {code}).", "unreadable")

    def _running(self, size: PictureSize) -> subprocess.Popen[bytes]:
        """Return a process that decodes to ``size``, starting one where there is none."""
        if self.process is not None and self._size == size and self.process.poll() is None:
            return self.process
        self.end()
        settings = {
            "size": asdict(size),
            "limits": asdict(self._limits),
            "memory": self._caps.memory,
            "seconds": max(1, round(self._caps.seconds)),
        }
        frame = json.dumps(settings).encode()
        process = _start()
        self.process, self._size = process, size
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(HEADER.pack(len(frame)) + frame)
            process.stdin.flush()
            _answer(process.stdout, time.monotonic() + START_SECONDS)
        except (TimeoutError, EOFError, OSError) as error:
            self.end()
            raise StackError(
                f"The picture decoder did not start ({type(error).__name__}).",
                f"Run `{sys.executable} -m encoders.picture_child` by hand to see why.",
            ) from None
        return process


def _start() -> subprocess.Popen[bytes]:
    """Start a child with an empty environment, in a folder that holds nothing of ours."""
    root = str(Path(__file__).resolve().parent.parent)
    child = subprocess.Popen(
        [sys.executable, "-m", "encoders.picture_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": root, "PYTHONSAFEPATH": "1", "OMP_NUM_THREADS": "1", **MALLOC},
        cwd="/",
        close_fds=True,
        start_new_session=False,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    for stream in (child.stdin, child.stdout):
        _widen(stream)
    return child


def _widen(stream: IO[bytes]) -> None:
    """Let a whole picture fit in the pipe, where the system allows: else it goes in 64 KiB steps.

    Each step wakes the other process, which costs half as much again as decoding does.
    """
    with suppress(OSError, AttributeError):  # over the user's allowance; not on Linux
        fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _answer(stream: IO[bytes], deadline: float) -> tuple[bytes, bytearray]:
    """Return kind and body of the next answer.

    Raises:
        TimeoutError: It did not come in time.
        EOFError: The child has died.
    """
    number = stream.fileno()
    kind, length = ANSWER.unpack(_read(number, ANSWER.size, deadline))
    return kind, _read(number, length, deadline)


def _read(number: int, count: int, deadline: float) -> bytearray:
    """Return ``count`` bytes, read into the place where they stay."""
    body = bytearray(count)
    rest = memoryview(body)
    while rest:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([number], [], [], left)[0]:
            raise TimeoutError
        read = os.readv(number, [rest])
        if not read:
            raise EOFError
        rest = rest[read:]
    return body
