import os
import threading
from pathlib import Path

import pytest

from mappings.errors import StackError
from shelfsight.local.lock import holding, is_held


def test_the_second_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "deep" / "lock"
    with (
        holding(lock, "starts the stack"),
        pytest.raises(StackError, match=f"held by pid {os.getpid()}, which starts the stack"),
        holding(lock, "waits", patience=0),
    ):
        pass


def test_the_second_waits_until_the_first_is_done(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    order: list[str] = []
    waiting = threading.Event()

    def say(line: str) -> None:
        order.append(line)
        waiting.set()

    def second() -> None:
        with holding(lock, "comes second", say):
            order.append("second")

    thread = threading.Thread(target=second)
    with holding(lock, "comes first"):
        assert is_held(lock)
        thread.start()
        assert waiting.wait(60)
        order.append("first done")
    thread.join(60)
    assert order[-1] == "second"
    assert "comes first" in order[0]
    assert not is_held(lock)


def test_a_dead_holder_leaves_no_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    child = os.fork()
    if child == 0:
        try:
            with holding(lock, "dies"):
                os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    with holding(lock, "goes on", patience=0):
        assert is_held(lock)
