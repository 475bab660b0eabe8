"""Landlock: no file, no TCP port, and no process outside may be reached, whatever call is used.

It shuts with other means what the seccomp filter shuts, so that either may be missing.
"""

import ctypes
import os

# The same numbers on every architecture.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION_FLAG = 1
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights on files a version of the interface knows; those after 5 add none."""
_TCP_RIGHTS = 2
_SCOPES = 2
"""Abstract Unix sockets and signals."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


def restrict_reach(libc: ctypes.CDLL) -> bool:
    """Restrict this thread and its children, for good; False where the kernel lacks Landlock.

    Args:
        libc: The C library, loaded with ``use_errno``; no-new-privileges must be set.
    """
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return False
    rules = _Ruleset(
        files=(1 << _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]) - 1,
        tcp=(1 << _TCP_RIGHTS) - 1 if version >= 4 else 0,
        scopes=(1 << _SCOPES) - 1 if version >= 6 else 0,
    )
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    if ruleset < 0:
        return False
    failed: int = libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return not failed
