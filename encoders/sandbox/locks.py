"""Restricts this process for good, before it reads an untrusted byte."""

import ctypes
import os
import resource

from encoders.sandbox.landlock import restrict_reach
from encoders.sandbox.seccomp import restrict_calls

LOCKS = ("a user of its own", "no new privileges", "Landlock", "seccomp")
"""Restrictions of ``seal`` that some kernels lack."""
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_OWN_USERS = 0x7000_0000
"""Above the user numbers that systems, systemd and containers give away."""
_NOBODY = 65_534


def hide() -> None:
    """Hide this process's environment and memory from other processes of this user.

    It also writes no core dump. Under Linux the files in its folder of ``/proc`` belong to root
    then: a process of the same user cannot read its ``environ``, and a debugger cannot attach.
    """
    _libc().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def seal(memory: int) -> tuple[str, ...]:
    """Apply all restrictions for good; return the names of those that this kernel lacks.

    What is open stays open: the process can read and write its pipes, compute and end. It must
    have one thread, and must have imported all it needs, since it can open no file any more.

    Args:
        memory: Limit of the address space, bytes.
    """
    libc = _libc()
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (0, 0))
    own_user = _leave_root()
    hide()
    private = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    reach = private and restrict_reach(libc)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for limit in (resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE):
        resource.setrlimit(limit, (0, 0))
    calls = private and restrict_calls(libc)
    shut = (own_user, private, reach, calls)
    return tuple(name for name, done in zip(LOCKS, shut, strict=True) if not done)


def _leave_root() -> bool:
    """Switch to a user that no other process has, if this is root."""
    if os.geteuid() != 0:
        return True
    for user in (_OWN_USERS + os.getpid(), _NOBODY):  # a container may know no high numbers
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        except OSError:
            continue
        return True
    return False


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
