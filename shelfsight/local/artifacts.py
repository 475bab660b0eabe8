"""The archives that the node is made of: pinned coordinates, fetched, verified and repaired."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mappings.errors import ShelfsightError, StackError
from shelfsight.local.downloads import distrust, is_distrust, system_trust
from shelfsight.local.lock import Say, holding, silent

ATTEMPTS = 3
TIMEOUT_SECONDS = (10, 30)
"""Until the repository takes the connection, and between two pieces of its answer."""
MIB = 1 << 20
OPENSEARCH_VERSION = "3.6.0"
PLUGIN_VERSION = "3.6.0.0"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file in a Maven repository, pinned by its content.

    Args:
        group: Maven group id.
        name: Maven artifact id.
        version: Maven version.
        packaging: File kind: ``zip`` or ``jar``.
        size: Bytes.
        sha256: Checksum of the content, hexadecimal.
    """

    group: str
    name: str
    version: str
    packaging: str
    size: int
    sha256: str

    @property
    def filename(self) -> str:
        """The file's name in a repository and in our cache."""
        return f"{self.name}-{self.version}.{self.packaging}"


SERVER = Artifact(
    "org.opensearch.distribution.integ-test-zip",
    "opensearch",
    OPENSEARCH_VERSION,
    "zip",
    161609640,
    "a91faa1dc1cadc78cb278b4f63847e19e1627a4e9de698e14e7efc14ee37b286",
)
PLUGINS = (
    Artifact(
        "org.opensearch.plugin",
        "opensearch-knn",
        PLUGIN_VERSION,
        "zip",
        6015541,
        "ac392ca28a39b3bf290648a422ef30cb149dda2963a9d7feb26060e932341c9a",
    ),
    Artifact(
        "org.opensearch.plugin",
        "neural-search",
        PLUGIN_VERSION,
        "zip",
        12095213,
        "6ef1b206e79391e2e36268e32dc34d27fd8b8a59a8eb0a7393c97d53b038e433",
    ),
)
# The Thai break iterator, which trimmed JVMs lack and without which no index can be created.
ICU = (
    Artifact(
        "com.ibm.icu",
        "icu4j",
        "77.1",
        "jar",
        14663227,
        "b3640b9f416a4411fd33c59abbeea8fd57d024c23e1819bf9673220a97499fe3",
    ),
    Artifact(
        "com.ibm.icu",
        "icu4j-localespi",
        "77.1",
        "jar",
        50797,
        "77d0da4f10c6158174cc3dafbb51356031a09e0fcaaf0432330afb4fb552cac9",
    ),
)

Fetch = Callable[[Artifact, Path, Say], Path]


def is_whole(path: Path, artifact: Artifact) -> bool:
    """Say whether a file is the artifact, by size first and then by SHA-256."""
    try:
        if path.stat().st_size != artifact.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == artifact.sha256
    except OSError:
        return False


def cached(artifact: Artifact, cache: Path) -> Path:
    """Return where an artifact lies in the cache, whether it is there or not."""
    return cache / "archives" / artifact.filename


def obtain(artifact: Artifact, cache: Path, say: Say = silent, fetch: Fetch | None = None) -> Path:
    """Return a verified local copy of an artifact; a broken one is deleted and fetched again.

    Two processes never fetch at once: the second waits and then finds the file.

    Args:
        artifact: What to get.
        cache: The download cache.
        say: Receives lines of progress: what, share done, rate, time left.
        fetch: Downloads to a folder and returns the file; jgo by default.

    Raises:
        StackError: It cannot be fetched, or what comes is not what was pinned.
    """
    path = cached(artifact, cache)
    if is_whole(path, artifact):
        return path
    with holding(cache / "archives.lock", f"fetches {artifact.filename}", say):
        if is_whole(path, artifact):
            return path
        if path.exists():
            say(f"{artifact.filename} in the cache is broken: fetching it again")
            path.unlink()
        return _fetch_verified(artifact, path, say, fetch or _fetch_with_jgo)


def _fetch_verified(artifact: Artifact, path: Path, say: Say, fetch: Fetch) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    reason = ""
    by_hand = (
        f"put {artifact.group}:{artifact.name}:{artifact.version} ({artifact.packaging}) at {path}"
        " yourself"
    )
    for attempt in range(1, ATTEMPTS + 1):
        say(f"fetching {artifact.filename} ({artifact.size / MIB:.0f} MiB)")
        staging = Path(tempfile.mkdtemp(prefix=".partial-", dir=path.parent))
        try:
            got = fetch(artifact, staging, say)
            if is_whole(got, artifact):
                os.replace(got, path)
                return path
            reason = "its checksum is not the pinned one"
        except ShelfsightError:  # asked again, it would be the same
            raise
        except Exception as error:  # jgo raises RuntimeError, requests its own, the disk OSError
            if is_distrust(error):
                raise distrust(artifact.filename, error, f"Or {by_hand}.") from None
            reason = f"{type(error).__name__}: {error}"
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        say(f"{artifact.filename}: attempt {attempt} of {ATTEMPTS} failed ({reason[:80]})")
        if attempt < ATTEMPTS:
            time.sleep(0.5 * attempt)
    raise StackError(
        f"{artifact.filename} could not be fetched: {reason}",
        f"Check the network and its proxy settings (HTTPS_PROXY), or {by_hand}.",
    )


def _fetch_with_jgo(artifact: Artifact, folder: Path, say: Say) -> Path:
    try:
        from jgo.config import GlobalSettings
        from jgo.maven import MavenContext, PythonResolver
    except ImportError as error:
        raise StackError(
            "The package jgo, which fetches the server, is not installed.",
            "Install the local extra: pip install 'shelfsight[local]'",
        ) from error
    # The user's own jgo settings may name a mirror; without one jgo's default holds.
    mirrors = GlobalSettings.load().repositories or None
    context = MavenContext(
        resolver=PythonResolver(progress_callback=_rate_teller(say)),
        repo_cache=folder,
        remote_repos=mirrors,
        timeout=TIMEOUT_SECONDS,  # type: ignore[arg-type,unused-ignore] # requests takes a pair
    )
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    with system_trust():
        got = context.resolver.download(component.artifact(packaging=artifact.packaging))
    if got is None:
        raise FileNotFoundError(artifact.filename)
    return Path(got)


def _rate_teller(say: Say) -> Callable[[str, int], AbstractContextManager[Callable[[int], None]]]:
    @contextmanager
    def telling(filename: str, total: int) -> Iterator[Callable[[int], None]]:
        started = told = time.monotonic()
        done = 0

        def update(count: int) -> None:
            nonlocal done, told
            done += count
            now = time.monotonic()
            if now - told < 0.2:
                return
            told = now
            rate = done / (now - started)
            say(
                f"fetching {filename}: {done / total:.0%} of {total / MIB:.0f} MiB, "
                f"{rate / MIB:.1f} MiB/s, {(total - done) / rate:.0f} s left"
            )

        yield update

    return telling
