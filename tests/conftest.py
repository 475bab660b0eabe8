"""The real servers that tests run against, and the rule that CI skips nothing."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


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


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Remember what was skipped, and why."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail"):
        _SKIPPED.append(f"{item.nodeid}: {report.longrepr}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: everything it needs can be installed."""
    if IN_CI and _SKIPPED and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name the skips that failed the run."""
    if IN_CI and _SKIPPED:
        terminalreporter.section("skipped in CI, which is a failure")
        for line in _SKIPPED:
            terminalreporter.line(line)
