"""TCP ports on the loopback address: a free one, or the one that the user fixed, or who has it."""

import socket
from collections.abc import Iterable

from mappings.errors import InputError, PortTaken

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Say whether a port of the loopback address can be bound now."""
    with socket.socket() as probe:
        # Servers set this too: a port in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """Return who listens on a port: process id and command, as far as we may see it."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        connections = []
    for one in connections:
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
            try:
                words = psutil.Process(one.pid).cmdline()
            except psutil.Error:
                words = []
            return f"process {one.pid} ({' '.join(words)[:120] or 'unknown command'})"
    return "a process of another user"


def choose(name: str, fixed: int | None, remembered: int | None, taken: Iterable[int]) -> int:
    """Return a port to listen on.

    Args:
        name: What will listen there, for the message.
        fixed: The port that the user asked for; nothing else will do.
        remembered: The port of the last run, taken again when it is still free.
        taken: Ports already promised in this start.

    Raises:
        PortTaken: The fixed port is held; names the holder.
        InputError: The fixed port is no port number.
    """
    reserved = set(taken)
    if fixed is not None:
        if not 1 <= fixed <= 65535:
            raise InputError(f"{fixed} is not a port number.", "Give one from 1 to 65535.")
        if fixed in reserved or not is_free(fixed):
            raise PortTaken(
                f"Port {fixed}, asked for {name}, is held by {holder(fixed)}.",
                "End that process, give another port, or give none to have a free one chosen.",
            )
        return fixed
    if remembered and remembered not in reserved and is_free(remembered):
        return remembered
    return _any_free(reserved)


def _any_free(reserved: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if port not in reserved:
            return port
