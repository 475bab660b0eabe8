"""An order by itself: it is read as it was written, and readiness is judged as it says."""

import os
import sys
from pathlib import Path

import pytest

from shelfsight.local import child as processes
from shelfsight.local.child import Child
from shelfsight.local.folder import prepare
from shelfsight.local.launch import await_birth, await_ready, spawn
from shelfsight.local.lock import silent
from shelfsight.local.ports import choose
from shelfsight.local.state import StackState, status
from shelfsight.local.supervisor import ORDER_FILE, Order, read_order, write_order

# Slower to come up than its patience lasts, so that patience must begin with the first answer.
SLOW = """
import http.server, sys, time
time.sleep(2)
serve = http.server.SimpleHTTPRequestHandler
http.server.test(serve, port=int(sys.argv[1]), bind="127.0.0.1")
"""


def test_an_order_is_read_as_it_was_written_and_is_for_our_eyes_only(tmp_path: Path) -> None:
    folder = prepare(tmp_path, None)
    one = Child("one", ("/bin/true",), {"SECRET": "x"}, "/", "/log", after=("two",), probe="p")
    order = Order(StackState("starting", 0, 0.0, "http://x"), (one,), 7)
    write_order(folder, order)
    assert read_order(folder) == order
    assert (folder.run / ORDER_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.broker
def test_a_part_that_answers_but_is_not_in_best_health_is_ready_after_a_while(place: Path) -> None:
    folder = prepare(place, None)
    port = choose("it", None, None, ())
    url = f"http://127.0.0.1:{port}"
    ill = Child(
        "ill",
        (sys.executable, "-c", SLOW, str(port)),
        dict(os.environ),
        str(place),
        str(folder.logs / "ill.log"),
        probe=f"{url}/healthy",
        second_probe=f"{url}/",
        patience=1.0,
    )
    write_order(folder, Order(StackState("starting", 0, 0.0), (ill,), os.getpid()))
    supervisor = spawn(folder)
    await_birth(folder, supervisor, silent)
    state = await_ready(folder, (), silent)
    assert (state.processes[0].stage, state.processes[0].url) == ("ready", url)
    log = (folder.logs / "ill.log").read_text()
    assert log.index('"GET /healthy HTTP/1.1" 404') < log.index('"GET / HTTP/1.1" 200')
    assert log.count('"GET / HTTP/1.1" 200') > 1
    supervisor.terminate()
    assert supervisor.wait(120) == 0
    assert status(place).stage == "stopped"


def test_a_log_is_quoted_without_stack_frames(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("cause\n\tat org.example.Deep(Deep.java:1)\n\t... 3 more\nend\n")
    assert processes.tail(log) == "cause\nend"
    assert processes.tail(log, lines=1) == "end"
    assert processes.tail(tmp_path / "absent") == ""
