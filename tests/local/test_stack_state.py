import os
import subprocess
import sys
from pathlib import Path

import pytest

from shelfsight.local.stack import down
from shelfsight.local.state import (
    STATE_FILE,
    ProcessState,
    StackState,
    created,
    lives,
    read_state,
    status,
    write_state,
)


def here() -> tuple[int, float]:
    since = created(os.getpid())
    assert since is not None
    return os.getpid(), since


def test_what_is_written_is_read(tmp_path: Path) -> None:
    process = ProcessState("node", 1, 2.5, "ready", "/log")
    state = StackState("ready", 7, 1.5, "http://x", processes=(process,), failure=("A", "b", "c"))
    write_state(tmp_path / "state", state)
    assert read_state(tmp_path / "state") == state
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["state"]


def test_a_broken_or_foreign_state_file_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "state"
    assert read_state(path) is None
    path.write_text('{"format": 1, "sta')
    assert read_state(path) is None
    path.write_text('{"format": 999}')
    assert read_state(path) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to another user")
def test_a_state_file_of_another_user_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / STATE_FILE
    pid, since = here()
    write_state(path, StackState("ready", pid, since, node_url="http://127.0.0.1:9"))
    assert status(tmp_path).stage == "ready"
    os.chown(path, 65_534, 65_534)
    assert status(tmp_path) == StackState("stopped", 0, 0.0)
    assert not down(tmp_path)


def test_a_pid_that_was_given_to_another_process_is_not_ours() -> None:
    pid, since = here()
    assert lives(pid, since)
    assert not lives(pid, since - 100)


def test_an_ended_process_does_not_live() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as child:
        since = created(child.pid) or 0.0
        child.wait()
    assert not lives(child.pid, since)


def test_the_state_of_a_dead_supervisor_is_stale(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    pid, since = here()
    path = tmp_path / "run" / STATE_FILE
    node = ProcessState("node", pid, since - 100, "ready", "/log")
    write_state(path, StackState("ready", pid, since - 100, processes=(node,)))
    seen = status(tmp_path)
    assert seen.stage == "stopped"
    assert seen.processes[0].stage == "ended"
    write_state(path, StackState("ready", pid, since, processes=(node,)))
    assert status(tmp_path).stage == "ready"


def test_a_folder_without_a_stack_is_stopped(tmp_path: Path) -> None:
    assert status(tmp_path / "absent") == StackState("stopped", 0, 0.0)
