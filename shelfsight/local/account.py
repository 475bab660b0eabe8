"""The unprivileged account that the servers run as when we are root.

OpenSearch refuses to run as root, so root gives its processes away; everybody else keeps them.
"""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine: its name and its numeric user and group."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Return the account to run servers as, or None to run them as ourselves (not root)."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(UNPRIVILEGED)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def can_read(path: Path, account: Account | None) -> bool:
    """Say whether the account may enter and read a path, judged by the permission bits.

    Args:
        path: File or folder; every folder above it must be enterable too.
        account: None means ourselves.
    """
    path = path.resolve()
    if account is None:
        return os.access(path, os.R_OK)
    wanted = 0o5 if path.is_dir() else 0o4
    return _allows(path, account, wanted) and all(
        _allows(folder, account, 0o1) for folder in path.parents
    )


def _allows(path: Path, account: Account, wanted: int) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
    return (status.st_mode >> shift) & wanted == wanted
