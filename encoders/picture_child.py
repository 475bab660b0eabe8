"""The capped process that decodes pictures from outside: ``python -m encoders.picture_child``.

Frames on standard input: 8 bytes of little-endian length, then the picture; four doubles before
the picture say which part of it counts, as shares of its width and height, all 0 for all of it.
Frames on standard output: one byte ``P`` (pixels) or ``R`` (refused), 8 bytes of length, then the
bytes. The first input frame is the settings as JSON.
"""

import json
import os
import resource
import signal
import struct
import sys
from typing import BinaryIO

HEADER = struct.Struct("<Q")
BOX = struct.Struct("<4d")
ANSWER = struct.Struct("<cQ")


def read_exactly(stream: BinaryIO, count: int) -> bytes:
    """Return ``count`` bytes; fewer only when the stream ends."""
    parts = []
    while count:
        part = stream.read(count)
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _read_frame(stream: BinaryIO) -> bytes | None:
    head = read_exactly(stream, HEADER.size)
    if len(head) < HEADER.size:
        return None
    return read_exactly(stream, HEADER.unpack(head)[0])


def _cap(memory: int) -> None:
    """Give up what a decoder does not need: memory beyond the cap, files, core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _allow_seconds(seconds: int) -> None:
    """Let this process use ``seconds`` more of processor time, then be killed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


def main() -> None:
    """Decode frames until standard input ends; Ctrl-C in a terminal is for who sends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from PIL import (
        AvifImagePlugin,
        GifImagePlugin,
        JpegImagePlugin,
        PngImagePlugin,
        WebPImagePlugin,
    )

    from encoders.crop import Box
    from encoders.picture_decode import PictureRefused, decode
    from encoders.picture_size import PictureLimits, PictureSize

    del AvifImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
    given, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a decoder prints must not be taken for an answer
    settings = json.loads(_read_frame(given) or b"{}")
    size, limits = PictureSize(**settings["size"]), PictureLimits(**settings["limits"])
    _cap(settings["memory"])
    answers.write(ANSWER.pack(b"P", 0))
    answers.flush()
    while (frame := _read_frame(given)) is not None:
        _allow_seconds(settings["seconds"])
        edges = BOX.unpack_from(frame)
        box = Box(*edges) if any(edges) else None
        try:
            kind, body = b"P", decode(frame[BOX.size :], size, limits, box).tobytes()
        except PictureRefused as refused:
            words = {"problem": refused.problem, "reason": refused.reason}
            kind, body = b"R", json.dumps(words).encode()
        answers.write(ANSWER.pack(kind, len(body)))
        answers.write(body)
        answers.flush()


if __name__ == "__main__":
    main()
