"""The real servers that tests run against, and the rule that CI skips nothing."""

import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
MARK = "TESTED_BY"
"""A variable that every process inherits from this session, also when its parent has died."""

ENDING_SECONDS = 20.0
"""What a process has to end that was told to."""


def pytest_configure() -> None:
    """Mark the session's processes; a script that runs the tests with ``&`` ignores Ctrl-C."""
    os.environ[MARK] = str(os.getpid())
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # which processes inherit
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """Fail a test that leaves a child process; those of wider fixtures are older than this one."""
    before = set(psutil.Process().children())
    yield
    left = still_running([p for p in psutil.Process().children() if p not in before])
    assert not left, f"left behind, and ended now: {left}"


def still_running(processes: list[psutil.Process]) -> list[str]:
    """Return the command lines of processes that do not end by themselves, and kill those."""
    found = []
    for process in psutil.wait_procs(processes, timeout=ENDING_SECONDS)[1]:
        try:
            words = process.cmdline()
            if any("multiprocessing.resource_tracker" in word for word in words):
                continue  # one for the life of the interpreter, which it does not outlive
            process.kill()
            found.append(" ".join(words))
        except psutil.NoSuchProcess:
            continue
    return found


def orphans_of_session() -> list[psutil.Process]:
    """Return the living processes that carry the session's mark."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get(MARK) == str(os.getpid()) != str(process.pid)
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def place() -> Iterator[Path]:
    """A stack's folder, which the servers' account can enter; what a test leaves there is ended."""
    from shelfsight.local import orphans
    from shelfsight.local.stack import down

    folder = Path(tempfile.mkdtemp(prefix="shelfsight-test-"))
    folder.chmod(0o755)
    yield folder
    down(folder)
    assert orphans.find(folder) == []
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real OpenSearch and a real broker for the whole session, on free loopback ports."""
    from shelfsight.local.stack import running_stack

    with running_stack(None, services=("node", "broker"), heap="1g") as running:
        yield running


@pytest.fixture(scope="session")
def node_url(request: pytest.FixtureRequest) -> str:
    """The address of a real node; a developer's own when SHELFSIGHT_TEST_NODE is set."""
    own = os.environ.get("SHELFSIGHT_TEST_NODE", "")
    return own if own and not IN_CI else str(request.getfixturevalue("stack").node_url)


@pytest.fixture(scope="session")
def broker_url(request: pytest.FixtureRequest) -> str:
    """The address of a real broker; a developer's own when SHELFSIGHT_TEST_BROKER is set."""
    own = os.environ.get("SHELFSIGHT_TEST_BROKER", "")
    return own if own and not IN_CI else str(request.getfixturevalue("stack").broker_url)


@pytest.fixture(scope="session")
def client(node_url: str) -> "Iterator[OpenSearch]":
    """A client of the node."""
    from mappings.connection import Connection

    opened = Connection(node_url).open()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def evaluation_data() -> Path:
    """The folder of evaluation catalogues beside the checkout."""
    if not DATA.is_dir():
        pytest.skip("no evaluation data beside the checkout (shared/data)")
    return DATA


_SKIPPED: list[str] = []
_LEFT: list[str] = []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Remember what was skipped, and why."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail"):
        _SKIPPED.append(f"{item.nodeid}: {report.longrepr}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Processes that outlive the session are a failure, and in CI so is a skipped test."""
    _LEFT.extend(still_running(orphans_of_session()))
    if _LEFT and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if IN_CI and _SKIPPED and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name the skips and the processes that failed the run."""
    if _LEFT:
        terminalreporter.section("processes that outlived the session, and were ended")
        for line in _LEFT:
            terminalreporter.line(line)
    if IN_CI and _SKIPPED:
        terminalreporter.section("skipped in CI, which is a failure")
        for line in _SKIPPED:
            terminalreporter.line(line)
