"""Long commands beside the ingest, stopped at any instant: they end in time and leave nothing."""

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from program_run import PROGRAM, Program, write_feed
from stopping import stopped

pytestmark = [pytest.mark.node, pytest.mark.broker, pytest.mark.faults]

COMMANDS = {
    "reconcile": ("reconcile",),
    "evaluate": ("evaluate", "--queries", "queries.jsonl", "--qrels", "qrels.txt"),
    "index create": ("index", "create", "shop"),
    "align fit": ("align", "fit", "--catalogue", "shop"),
}


@pytest.fixture(scope="module")
def other(shop: Program) -> Iterator[Program]:
    """An alias of its own, so that what is made in it touches no other test."""
    write_feed(shop.home / "queries.jsonl", *({"qid": f"{n}", "text": "red"} for n in range(200)))
    (shop.home / "qrels.txt").write_text("".join(f"{n} 0 red 1\n" for n in range(200)))
    yield replace(shop, extra={"SHELFSIGHT_ALIAS": "stopped"})
    for name in ("queries.jsonl", "qrels.txt"):
        (shop.home / name).unlink()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_command_ends_when_it_is_stopped(shop: Program, other: Program, name: str) -> None:
    program = other if name in ("index create", "align fit") else shop
    for part in range(4):
        number = (signal.SIGINT, signal.SIGTERM)[part % 2]
        running = subprocess.Popen(
            [*PROGRAM, *COMMANDS[name]], env=program.environment(), cwd=program.home, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        time.sleep(0.2 + (part + random.Random(name + str(part)).random()) * 0.4)
        words = stopped(running, number)
        done = running.returncode in (0, 1, 2)  # before the signal came
        assert done or running.returncode in (128 + number, -number), words
