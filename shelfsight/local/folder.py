"""Where the local stack keeps its files: downloads, the unpacked server, and the data of a project.

Three places. The *cache* holds downloads. The *runtime* holds what is unpacked once and shared by
every project (server, Java, broker). The *stack folder* holds one project's data, settings, logs
and state; it is kept between runs. The unprivileged user must reach the last two, so root keeps
them outside every home.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mappings.errors import DiskFull, InputError
from shelfsight.local.account import Account, can_read, give

ROOT_BASE = Path("/var/lib/shelfsight")
MIB = 1 << 20
FREE_TO_RUN = 768 * MIB
FREE_TO_INSTALL = 1536 * MIB
_PROJECT_MARKS = (".shelfsight", ".git", "pyproject.toml")


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the download cache: $SHELFSIGHT_CACHE, else shelfsight/ in the user's."""
    if chosen := environ.get("SHELFSIGHT_CACHE"):
        return Path(chosen).expanduser().absolute()
    base = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "shelfsight"


def runtime_folder(environ: Mapping[str, str], account: Account | None) -> Path:
    """Return where unpacked programs are shared by all stacks of this machine (or this user)."""
    return (cache_folder(environ) if account is None else ROOT_BASE) / "runtime"


def project_folder(start: Path) -> Path:
    """Return the nearest folder at or above ``start`` that looks like a project, else ``start``."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if any((folder / mark).exists() for mark in _PROJECT_MARKS):
            return folder
    return start


def stack_folder(environ: Mapping[str, str], project: Path, account: Account | None) -> Path:
    """Return where this project's stack keeps its data.

    Args:
        environ: $SHELFSIGHT_HOME wins when it is set.
        project: The project whose data it is.
        account: The unprivileged account when we are root; its data lies outside every home.
    """
    if chosen := environ.get("SHELFSIGHT_HOME"):
        return Path(chosen).expanduser().absolute()
    if account is None:
        return project / ".shelfsight"
    return ROOT_BASE / hashlib.sha256(str(project).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class StackFolder:
    """The layout of one stack's folder."""

    path: Path

    @property
    def node(self) -> Path:
        """Settings, data and temporary files of OpenSearch."""
        return self.path / "node"

    @property
    def broker(self) -> Path:
        """Settings and append-only file of the broker."""
        return self.path / "broker"

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """Locks, the order to the supervisor, and the state file."""
        return self.path / "run"


def prepare(path: Path, account: Account | None) -> StackFolder:
    """Make a stack's folders, owned by whoever needs to write in them.

    Raises:
        InputError: The unprivileged account cannot enter the folder, or we may not write there.
    """
    folder = StackFolder(path)
    try:
        for part in (path, folder.node, folder.broker, folder.logs, folder.run):
            part.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The stack folder {path} cannot be made: {error.strerror}.",
            "Set SHELFSIGHT_HOME to a folder that you may write in.",
        ) from error
    for part in (folder.node, folder.broker):
        give(part, account)
        part.chmod(0o755)
    if account is not None and not can_read(folder.node, account):
        raise InputError(
            f"The stack folder {path} cannot be entered by the user {account.name}, "
            "who runs the servers when you are root.",
            f"Unset SHELFSIGHT_HOME to use {ROOT_BASE}, or choose a folder outside any home.",
        )
    return folder


def require_room(path: Path, needed: int) -> int:
    """Return the free bytes of the disk that holds ``path``.

    Args:
        path: A folder that need not exist yet.
        needed: Bytes that must be free.

    Raises:
        DiskFull: Fewer bytes are free.
    """
    there = next(p for p in (path, *path.absolute().parents) if p.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise DiskFull(
            f"The disk that holds {there} has {free // MIB} MiB free; {needed // MIB} are needed.",
            f"Free some space (see `df -h {there}`), or set SHELFSIGHT_HOME to another disk.",
        )
    return free


def make_shared(path: Path, account: Account | None) -> None:
    """Make a folder for programs that everybody may read, whatever our umask is."""
    path.mkdir(parents=True, exist_ok=True)
    if account is not None:
        for part in (path, *path.parents):
            if part == ROOT_BASE.parent:
                break
            os.chmod(part, 0o755)
