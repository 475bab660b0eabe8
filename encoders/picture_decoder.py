"""Pictures from outside, decoded in a sealed child process: a bad one harms nobody else."""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from types import TracebackType

import numpy as np

from encoders.crop import Box
from encoders.picture_child import BOX
from encoders.picture_decode import REASONS, PictureRefused, too_many_bytes
from encoders.picture_size import LIMITS, PictureLimits, PictureSize, Pixels
from encoders.sandbox import ProtocolError, SealedProcess
from mappings.errors import StackError

CHILD = ("-m", "encoders.picture_child")
START_SECONDS = 30.0
END_SECONDS = 1.0
"""What a dying child gets to end with its own exit code."""
WORDS_BYTES = 4096
"""What a child may say beside pixels."""
MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
}
"""glibc keeps a picture's memory for the next one: fresh pages cost a third of the decoding."""


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
    """Runs ``encoders.pictures.decode`` in sealed children (``encoders.sandbox``).

    A child has a memory cap, none of this process's environment, and no way to files, sockets,
    and other processes. It is killed when a picture takes too long, or when it answers something
    else than the pixels asked for. Children start at the first picture and again after a death;
    the picture that one died on is refused, the others of the batch are decoded. One thread at a
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

    def missing_locks(self) -> tuple[str, ...]:
        """Start a child and return the names of the locks that this kernel lacks.

        Raises:
            StackError: A child process cannot be started.
        """
        return self._children[0].missing_locks()

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
    """One decoding process."""

    def __init__(self, limits: PictureLimits, caps: DecoderCaps) -> None:
        self._limits = limits
        self._caps = caps
        self._size: PictureSize | None = None
        self._missing: tuple[str, ...] = ()
        self.process: SealedProcess | None = None

    def end(self, patience: float = 0.0) -> int | None:
        """End the process and return its exit code."""
        process, self.process = self.process, None
        return None if process is None else process.end(patience)

    def missing_locks(self) -> tuple[str, ...]:
        """Return the names of the locks that the process could not shut."""
        self._running(PictureSize(edge=8))
        return self._missing

    def decode(
        self, content: bytes, size: PictureSize, box: Box | None = None
    ) -> Pixels | PictureRefused:
        """Return the pixels, or why there are none."""
        if len(content) > self._limits.content_bytes:  # not worth a trip through the pipe
            return too_many_bytes(len(content), self._limits)
        process = self._running(size)
        deadline = time.monotonic() + self._caps.seconds
        edges = (box.left, box.top, box.right, box.bottom) if box else (0.0,) * 4
        most = {b"P": math.prod(size.shape), b"R": WORDS_BYTES}
        try:
            process.send((BOX.pack(*edges), content), deadline)
            kind, body = process.receive(most, deadline)
            if kind == b"R":
                return _refusal(body)
            return np.frombuffer(body, dtype=np.uint8).reshape(size.shape)
        except TimeoutError:
            self.end()
            return PictureRefused(
                f"The picture took more than {self._caps.seconds:g} s to decode.", "timeout"
            )
        except (ProtocolError, ValueError):  # the wrong number of pixels, or no JSON
            self.end()
            return PictureRefused("The decoder's answer is not what was asked for.", "unreadable")
        except (EOFError, OSError):
            return self._death()

    def _death(self) -> PictureRefused:
        """Say how the child died on a picture; the next picture gets a new child."""
        code = self.end(END_SECONDS)
        if code == -signal.SIGXCPU:
            return PictureRefused("The picture used up its processor time.", "timeout")
        return PictureRefused(f"The decoder died on this picture (exit {code}).", "unreadable")

    def _running(self, size: PictureSize) -> SealedProcess:
        """Return a process that decodes to ``size``, starting one where there is none."""
        if self.process is not None and self._size == size and self.process.runs:
            return self.process
        self.end()
        settings = {
            "size": asdict(size),
            "limits": asdict(self._limits),
            "memory": self._caps.memory,
            "seconds": max(1, round(self._caps.seconds)),
        }
        deadline = time.monotonic() + START_SECONDS
        try:
            self.process, self._size = SealedProcess(CHILD, MALLOC), size
            self.process.send((json.dumps(settings).encode(),), deadline)
            self._missing = tuple(
                json.loads(self.process.receive({b"P": WORDS_BYTES}, deadline)[1])
            )
        except (TimeoutError, EOFError, OSError, ProtocolError) as error:
            self.end()
            raise StackError(
                f"The picture decoder did not start ({type(error).__name__}).",
                f"Run `{sys.executable} -m encoders.picture_child` by hand to see why.",
            ) from None
        return self.process


def _refusal(body: bytearray) -> PictureRefused:
    """Return what a child says of a picture, as far as it is a refusal.

    Raises:
        ValueError: It is none.
    """
    words = json.loads(body)
    if not isinstance(words, dict) or words.get("reason") not in REASONS:
        raise ValueError("no refusal")
    return PictureRefused(str(words.get("problem")), words["reason"])
