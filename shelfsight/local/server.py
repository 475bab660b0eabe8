"""The unpacked OpenSearch with its plugins: made once from verified archives, shared, read-only."""

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shelfsight.local.account import Account
from shelfsight.local.artifacts import ICU, OPENSEARCH_VERSION, PLUGINS, SERVER, Artifact, obtain
from shelfsight.local.folder import FREE_TO_INSTALL, make_shared, require_room
from shelfsight.local.lock import Say, holding, silent

STEPS_PER_LINE = 200


@dataclass(frozen=True, slots=True)
class Server:
    """An installed OpenSearch.

    Args:
        home: Its folder: lib/, modules/, plugins/, agent/.
        icu: Jars to add to the class path on a trimmed Java.
    """

    home: Path
    icu: tuple[Path, ...]


def installed(runtime: Path) -> Server | None:
    """Return the installed server, or None when it has not been unpacked yet."""
    home = _home(runtime)
    if not home.is_dir():
        return None
    return Server(home, tuple(home / "icu" / one.filename for one in ICU))


def _home(runtime: Path) -> Path:
    # A folder name that changes with any pin, so that a new version never meets old files.
    pins = "".join(one.sha256 for one in (SERVER, *PLUGINS, *ICU))
    return (
        runtime / f"opensearch-{OPENSEARCH_VERSION}-{hashlib.sha256(pins.encode()).hexdigest()[:8]}"
    )


def install(runtime: Path, cache: Path, account: Account | None, say: Say = silent) -> Server:
    """Return the server, fetched and unpacked first when it is not there.

    Args:
        runtime: Where shared programs lie.
        cache: The download cache.
        account: Who will run it; None means ourselves.
        say: Receives lines of progress.

    Raises:
        StackError: An archive cannot be fetched.
        DiskFull: There is no room for it.
    """
    if (server := installed(runtime)) is not None:
        return server
    require_room(cache, FREE_TO_INSTALL)
    require_room(runtime, FREE_TO_INSTALL)
    archives = {one: obtain(one, cache, say) for one in (SERVER, *PLUGINS, *ICU)}
    make_shared(runtime, account)
    with holding(runtime / "install.lock", "unpacks OpenSearch", say):
        if (server := installed(runtime)) is not None:
            return server
        _unpack(archives, runtime, say)
    server = installed(runtime)
    assert server is not None
    return server


def _unpack(archives: dict[Artifact, Path], runtime: Path, say: Say) -> None:
    staging = Path(tempfile.mkdtemp(prefix=".partial-", dir=runtime))
    try:
        for line in _extract(archives[SERVER], staging):
            say(line)
        home = staging / f"opensearch-{OPENSEARCH_VERSION}"
        for plugin in PLUGINS:
            for line in _extract(archives[plugin], home / "plugins" / plugin.name):
                say(line)
        (home / "icu").mkdir()
        for jar in ICU:
            shutil.copy(archives[jar], home / "icu" / jar.filename)
        _let_all_read(home)
        os.replace(home, _home(runtime))
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _extract(archive: Path, target: Path) -> Iterator[str]:
    with zipfile.ZipFile(archive) as packed:
        members = packed.infolist()
        for number, member in enumerate(members):
            if number % STEPS_PER_LINE == 0:
                yield f"unpacking {archive.name}: {number / len(members):.0%}"
            packed.extract(member, target)


def _let_all_read(home: Path) -> None:
    home.chmod(0o755)
    for path in home.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
