"""The shop's node is killed while its products get their vectors; the same run goes on."""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from attach_workshop import (
    DIM,
    backfill,
    begin,
    expected_content,
    open_shop,
    sources,
    without_ours,
)
from augment_shop import document

from attach.reading import Endurance
from ingest.ledger.changes import Entry
from mappings.connection import Connection
from shelfsight.local.plan import StackPlan
from shelfsight.local.ports import choose
from shelfsight.local.stack import down, status, up

pytestmark = [pytest.mark.node, pytest.mark.faults]
COUNT = 450


@pytest.fixture
def plan() -> Iterator[StackPlan]:
    """A node of its own, whose port stays the same when it is started again."""
    folder = Path(tempfile.mkdtemp(prefix="shelfsight-augment-"))
    folder.chmod(0o755)  # as root, the node runs as a user who must get in
    port = choose("the shop's node", None, None, ())
    yield StackPlan(folder, parts=("node",), heap="512m", node_port=port)
    down(folder)
    shutil.rmtree(folder)


@pytest.mark.timeout(600)
def test_a_node_that_is_killed_costs_time_and_no_product(plan: StackPlan, tmp_path: Path) -> None:
    started = up(plan).state
    client = Connection(started.node_url, timeout=10.0).open()
    open_shop(client, "shop", COUNT)
    attached = begin(client, "shop", "in_place")
    again: list[threading.Thread] = []

    def kill(entries: Sequence[Entry]) -> None:
        """Between the reading of the first page and its writing."""
        if not again:
            os.kill(started.processes[0].pid, signal.SIGKILL)
            again.append(threading.Thread(target=_start_again, args=(plan,)))
            again[0].start()

    patient = Endurance(seconds=400.0)
    found = backfill(client, attached, tmp_path, meddle=kill, endurance=patient).run()
    again[0].join()
    assert found.failed == 0
    shops = {f"p{n:04d}": document(n) for n in range(COUNT)}
    held = sources(client, attached.index)
    assert {i: without_ours(s) for i, s in held.items()} == shops
    wanted = expected_content(attached, tmp_path, shops)
    assert {i: s["shelfsight"]["content"] for i, s in held.items()} == wanted
    assert all(len(s["shelfsight"]["text_vector"]) == DIM for s in held.values())
    client.close()


def _start_again(plan: StackPlan) -> None:
    """Start the node once it is seen to be gone; a bounded wait."""
    for _ in range(600):
        if status(plan.folder).processes[0].stage == "ended":
            break
        time.sleep(0.05)
    up(plan)
