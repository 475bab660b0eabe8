"""Where the local stack keeps its files: downloads, the unpacked server, and the data of a project.

Three places. The *cache* holds downloads. The *runtime* holds what is unpacked once and shared by
every project (server, Java, broker). The *stack folder* holds one project's data, settings, logs
and state; it is kept between runs. The unprivileged user must reach the last two, so root keeps
them outside every home.

When root starts the servers, their data folders belong to the unprivileged user, who may put a
symbolic link in the place of anything there. So root writes nothing into them, not even a folder:
the servers make what they need. All else belongs to root, is touched through descriptors that
follow no link, and cannot be written by that user.
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mappings.errors import DiskFull, InputError
from shelfsight.local.account import Account, can_read

ROOT_BASE = Path("/var/lib/shelfsight")
MIB = 1 << 20
FREE_TO_RUN = 768 * MIB
FREE_TO_INSTALL = 1536 * MIB
PRIVATE = ("ledgers", "spool")
"""Parts of a stack's folder that other rooms write: what is sold, and the vectors of it."""
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
        """Data and temporary files of OpenSearch: of the account that runs it, never ours."""
        return self.path / "node"

    @property
    def broker(self) -> Path:
        """Append-only file of the broker: of the account that runs it, never ours."""
        return self.path / "broker"

    @property
    def settings(self) -> Path:
        """Settings of OpenSearch and the broker, which they may only read."""
        return self.path / "settings"

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """Locks, the order to the supervisor, and the state file."""
        return self.path / "run"


def prepare(path: Path, account: Account | None) -> StackFolder:
    """Make a stack's folders: data for the servers' account, settings to read, the rest ours.

    Folders that an earlier version left open to others are closed to them, with what is in them.

    Args:
        path: The stack's folder.
        account: Who runs the servers; None means ourselves.

    Raises:
        InputError: The unprivileged account cannot enter the folder, we may not write there, or,
            when we are root, somebody else may.
    """
    folder = StackFolder(path)
    try:
        new = not path.exists()
        path.mkdir(parents=True, exist_ok=True)
        _make_parts(folder, account, new)
    except OSError as error:
        part = f" ({error.filename})" if error.filename else ""
        raise InputError(
            f"The stack folder {path} cannot be made: {error.strerror}{part}.",
            "Set SHELFSIGHT_HOME to a folder that you may write in, with no symbolic links in it.",
        ) from error
    if account is not None and not can_read(folder.node, account):
        raise InputError(
            f"The stack folder {path} cannot be entered by the user {account.name}, "
            "who runs the servers when you are root.",
            f"Unset SHELFSIGHT_HOME to use {ROOT_BASE}, or choose a folder outside any home.",
        )
    return folder


def _make_parts(folder: StackFolder, account: Account | None, new: bool) -> None:
    with _opened(folder.path, follow=True) as home:
        if account is None:
            os.fchmod(home, 0o700)
        elif new:
            os.fchmod(home, 0o711)
        else:
            _require_own(folder.path, os.fstat(home))
        for part in (folder.run, folder.logs, *map(folder.path.joinpath, PRIVATE)):
            _make(part.name, home, 0o700, None)
        for part in (folder.node, folder.broker):
            _make(part.name, home, 0o700, account)
        _make(folder.settings.name, home, 0o711, None)


def _require_own(path: Path, status: os.stat_result) -> None:
    """Refuse a folder in which others could put links in the way of what root does."""
    shared = status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and status.st_gid)
    if status.st_uid != 0 or shared:
        raise InputError(
            f"The stack folder {path} can be written by others than root (user {status.st_uid},"
            f" mode {stat.S_IMODE(status.st_mode):o}), who could misuse what root does there.",
            f"Unset SHELFSIGHT_HOME to use {ROOT_BASE}, or choose a folder that only root can"
            " write in; or run Shelfsight as that user.",
        )


def _make(name: str, above: int, mode: int, account: Account | None) -> None:
    """Make a folder, or take the one that is there, by descriptor: a link is an error.

    Args:
        name: Its name.
        above: Descriptor of the folder above it.
        mode: Its permissions.
        account: Its owner, None for ourselves.
    """
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=above)
    with _opened(name, above) as made:
        if account is not None:
            os.fchown(made, account.uid, account.gid)
        os.fchmod(made, mode)


@contextmanager
def _opened(path: Path | str, above: int | None = None, *, follow: bool = False) -> Iterator[int]:
    flags = os.O_RDONLY | os.O_DIRECTORY | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags, dir_fd=above)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def private_folder(path: Path) -> Path:
    """Return a folder that only its owner can enter, made when it is absent.

    What is in it is not touched: nobody else can reach it, and to open and close a database that
    this process has open would end its locks (POSIX; sqlite.org/howtocorrupt, 2.2). Where the
    folder cannot be made nothing is: whoever then writes there says why.
    """
    with suppress(OSError):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)
    return path


def write_settings(
    path: Path, content: bytes, account: Account | None, *, secret: bool = False
) -> None:
    """Write a file that the servers' account can read and nobody but us can change.

    Args:
        path: The file, in a folder of ours.
        content: Its bytes.
        account: Who reads it; None means ourselves.
        secret: Whether no other user may read it.
    """
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
        if account is not None:
            os.fchown(stream.fileno(), -1, account.gid)
        os.fchmod(stream.fileno(), 0o640 if secret and account else 0o600 if secret else 0o644)
        stream.write(content)


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
