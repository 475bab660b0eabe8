"""The protocol of the pipes between a program and its sandboxed child, and the child's ends.

To the child: 8 bytes of little-endian length, then the frame. From it: one byte for the kind, 8
bytes of length, then the body.
"""

import os
import struct
import sys

LENGTH = struct.Struct("<Q")
ANSWER = struct.Struct("<cQ")


class Frames:
    """The child's ends: frames on standard input, answers on what was standard output.

    Standard output becomes standard error, so that a library's prints are not taken for answers.
    """

    def __init__(self) -> None:
        self._given, self._answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def read(self) -> bytes | None:
        """Return the next frame; None when there are no more."""
        head = self._given.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return None
        return self._given.read(LENGTH.unpack(head)[0])

    def answer(self, kind: bytes, body: bytes = b"") -> None:
        """Send an answer.

        Args:
            kind: One byte.
            body: Of the answer.
        """
        self._answers.write(ANSWER.pack(kind, len(body)))
        self._answers.write(body)
        self._answers.flush()
