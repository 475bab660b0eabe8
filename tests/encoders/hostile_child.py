"""A picture or audio child whose decoder has been taken over: it tries every door and tells.

Run as ``python hostile_child.py DEED [LOCK ...]``: the shipped child with its decoder replaced, and
with the locks named switched off. It runs in a process of its own only.
"""

import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE = 0x4206
SYS_PTRACE, SYS_VM_READV, SYS_MEMFD, SYS_IO_URING = 101, 310, 319, 425
ANSWERS = 3
"""Where ``Frames`` keeps what was standard output."""


def call(number: int, *arguments: Any) -> None:
    if LIBC.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def read_parent_memory() -> None:
    buffer = ctypes.create_string_buffer(16)
    word = struct.pack("<QQ", ctypes.addressof(buffer), 16)
    # Its own address, which need not be one of the parent's: EFAULT would mean that it may look.
    call(SYS_VM_READV, os.getppid(), word, 1, word, 1, 0)


def run_code() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC).close()


def start_thread() -> None:
    threading.Thread(target=int).start()


PARENT = f"/proc/{os.getppid()}"


def opened(path: str) -> None:
    with open(path, "rb") as stream:
        stream.read(1)


DOORS: dict[str, Callable[[], object]] = {
    "parent's environment": lambda: opened(f"{PARENT}/environ"),
    "parent's memory": lambda: os.close(os.open(f"{PARENT}/mem", os.O_RDONLY)),
    "parent's memory by call": read_parent_memory,
    "trace the parent": lambda: call(SYS_PTRACE, PTRACE_SEIZE, os.getppid(), None, None),
    "signal the parent": lambda: os.kill(os.getppid(), signal.SIGCONT),
    "limit the parent": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CORE, (0, 0)),
    "open a file": lambda: opened("/etc/passwd"),
    "write a file": lambda: os.close(os.open(os.environ["TARGET"], os.O_CREAT | os.O_WRONLY)),
    "list a folder": lambda: os.listdir("/"),
    "remove a file": lambda: os.unlink(os.environ["VICTIM"]),
    "open a socket": lambda: socket.socket(socket.AF_INET).close(),
    "open a Unix socket": lambda: socket.socket(socket.AF_UNIX).close(),
    "fork": fork,
    "start a thread": start_thread,
    "executable memory": run_code,
    "a file in memory": lambda: call(SYS_MEMFD, b"x", 0),
    "io_uring": lambda: call(SYS_IO_URING, 4, ctypes.create_string_buffer(256)),
    "more memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 50, 1 << 50)),
    "execute": lambda: os.execv("/bin/false", ["false"]),  # the last: it would end this process
}
FINAL = {"execute", "trace the parent"}
"""Who goes through them answers no more, or stops the parent."""


def try_all(doors: Mapping[str, Callable[[], object]]) -> str:
    found = {}
    for name, door in doors.items():
        try:
            door()
            found[name] = "open"
        except Exception as error:
            found[name] = errno.errorcode.get(getattr(error, "errno", 0) or 0, type(error).__name__)
    return json.dumps(found)


def announce(kind: bytes, length: int, body: bytes = b"") -> None:
    os.write(ANSWERS, struct.pack("<cQ", kind, length) + body)
    time.sleep(60)


def trickle() -> None:
    os.write(ANSWERS, struct.pack("<cQ", b"R", 4000))
    while True:
        os.write(ANSWERS, b" ")
        time.sleep(0.05)


DEEDS: dict[str, Callable[[], object]] = {
    "announce 2 GB": lambda: announce(b"P", 2 << 30),
    "announce 2^63 bytes": lambda: announce(b"P", 1 << 63),
    "long words": lambda: announce(b"R", 1 << 20),
    "another kind": lambda: announce(b"X", 0),
    "no pixels": lambda: announce(b"P", 0),
    "no JSON": lambda: announce(b"R", 2, b"{]"),
    "no refusal": lambda: announce(b"R", 2, b"[]"),
    "trickle": trickle,
}


def main() -> None:
    deed, *off = sys.argv[1:]
    from encoders.sandbox import locks

    for lock in off:
        setattr(locks, lock, lambda *_: ())
    import encoders.picture_decode
    from encoders import picture_child
    from encoders.picture_decode import PictureRefused

    def decode(*_: object) -> None:
        if not deed.startswith("try"):
            DEEDS[deed]()
        names = DOORS if deed == "try all" else sorted(DOORS.keys() - FINAL)
        raise PictureRefused(try_all({name: DOORS[name] for name in names}), "format")

    encoders.picture_decode.decode = decode  # type: ignore[assignment]
    picture_child.main()


def audio_main() -> None:
    from encoders.speech import audio_child
    from encoders.speech.audio import AudioRefused

    def read_wav(*_: object) -> None:
        if sys.argv[1] != "try all":
            DEEDS[sys.argv[1]]()
        raise AudioRefused(try_all(DOORS), "x")

    audio_child.read_wav = read_wav  # type: ignore[assignment]
    audio_child.main()


if __name__ == "__main__":
    audio_main() if sys.argv.pop(1) == "audio" else main()
