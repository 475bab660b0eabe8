"""A seccomp filter: of the kernel's calls only those that computing and open pipes need.

The filter is an allow list; every other call fails with EPERM. So there is no way to open a file or
a socket, to run or fork a program, to look into another process or signal it, or to make memory
executable.
"""

import ctypes
import errno
import os
import platform
import struct

_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7
_ARCHITECTURES = {"x86_64": (_X86_64, 0, 317), "aarch64": (_AARCH64, 1, 277)}
"""Audit number, column in the tables below, and number of the call ``seccomp`` itself."""
_ALLOWED = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "close": (3, 57),
    "lseek": (8, 62),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "brk": (12, 214),
    "madvise": (28, 233),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "futex": (202, 98),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "gettimeofday": (96, 169),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getrandom": (318, 278),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
_MAPPING = {"mmap": (9, 222), "mprotect": (10, 226)}
"""Allowed unless they ask for executable memory (third argument)."""
_OWN_PROCESS = {"tgkill": (234, 131), "prlimit64": (302, 261)}
"""Allowed on the process itself (first argument): to abort, and to count a picture's seconds."""
_PROT_EXEC = 4
_SET_MODE_FILTER, _TSYNC, _SPEC_ALLOW = 1, 1, 4
# Instructions of the classic Berkeley packet filter; the data is struct seccomp_data.
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_ALLOW, _KILL, _DENY = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def restrict_calls(libc: ctypes.CDLL) -> bool:
    """Put the filter on all threads of this process, for good; False where there is none.

    Args:
        libc: The C library, loaded with ``use_errno``.
    """
    if platform.machine() not in _ARCHITECTURES:
        return False
    audit, column, call = _ARCHITECTURES[platform.machine()]
    code = b"".join(_filter(audit, column))
    program = _Program(len(code) // 8, code)
    # SPEC_ALLOW: older kernels would switch a mitigation on that costs up to a third of the speed.
    flags = _TSYNC | _SPEC_ALLOW
    failed: int = libc.syscall(call, _SET_MODE_FILTER, flags, ctypes.byref(program))
    return not failed


def _filter(audit: int, column: int) -> list[bytes]:
    allow, deny = _step(_RETURN, _ALLOW), _step(_RETURN, _DENY)
    steps = [_step(_LOAD, _ARCHITECTURE), _step(_EQUAL, audit, 1, 0), _step(_RETURN, _KILL)]
    steps.append(_step(_LOAD, _NUMBER))
    for numbers in _ALLOWED.values():
        steps += [_step(_EQUAL, numbers[column], 0, 1), allow]
    for numbers in _MAPPING.values():
        steps += [_step(_EQUAL, numbers[column], 0, 4), _step(_LOAD, _argument(2))]
        steps += [_step(_ANY_BIT, _PROT_EXEC, 1, 0), allow, deny]
    for name, numbers in _OWN_PROCESS.items():
        own = 0 if name == "prlimit64" else os.getpid()
        steps += [_step(_EQUAL, numbers[column], 0, 4), _step(_LOAD, _argument(0))]
        steps += [_step(_EQUAL, own, 0, 1), allow, deny]
    return [*steps, deny]


def _argument(number: int) -> int:
    """Return where the lower half of an argument lies on a little-endian machine."""
    return _ARGUMENTS + 8 * number


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
