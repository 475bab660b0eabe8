"""The demo through the command line: interrupted, run, run again, on real feeds, and ended."""

import json
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from program_run import PROGRAM, Program, Said, png, write_feed
from stopping import PROMISED_SECONDS

from shelfsight.local import orphans
from shelfsight.local.stack import down

pytestmark = [pytest.mark.node, pytest.mark.broker]

SMALL = ("demo", "--products", "30", "--pictures", "3", "--tags", "40")


@dataclass(slots=True)
class Played:
    """What every run of the demo said, and what it left in its record."""

    program: Program
    said: dict[str, Said] = field(default_factory=dict)
    record: dict[str, dict[str, object]] = field(default_factory=dict)
    left: dict[str, list[int]] = field(default_factory=dict)

    def run(self, name: str, *words: str) -> None:
        self.said[name] = self.program(*words, within=280)
        kept = self.program.home / "demo.json"
        self.record[name] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}


def interrupt(program: Program) -> Said:
    """Press Ctrl-C as soon as products are being made searchable."""
    running = subprocess.Popen(
        [*PROGRAM, *SMALL], env=program.environment(), cwd=program.home, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline, ledger = time.monotonic() + 200, program.home / "ledgers" / "demo.sqlite"
    while not ledger.exists() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    try:
        out, err = running.communicate(timeout=PROMISED_SECONDS)
    finally:
        running.kill()
    return Said(running.returncode, out, err)


def left_behind(home: Path) -> list[int]:
    """The servers' processes that are still there when their supervisor must have ended them."""
    deadline = time.monotonic() + 100
    while (left := orphans.find(home)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def foreign(folder: Path) -> Path:
    """A feed with columns of its own; one product has no picture, one of its pictures is torn."""
    folder.mkdir()
    (folder / "a.png").write_bytes(png((200, 20, 20)))
    (folder / "d.png").write_bytes(png((20, 20, 200)))
    (folder / "b.png").write_bytes(png((200, 20, 20))[:50])
    return write_feed(
        folder / "Foreign Feed.jsonl",
        {"sku": "a", "productName": "Red sneakers", "colour": "red", "image_link": "a.png"},
        {"sku": "b", "productName": "蓝色连衣裙", "colour": "blue", "image_link": "b.png"},
        {"sku": "c", "productName": "Leather handbag", "colour": "brown"},
        {"sku": "d", "productName": "Red dress", "colour": "red", "image_link": "d.png"},
    )


def explained(said: Said) -> int:
    """How many answers are taken apart: each ends in the sum of its points."""
    return len(re.findall(r"^score +\d\.\d{4}$", said.out, re.MULTILINE))


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    home = Path(tempfile.mkdtemp(prefix="shelfsight-demo-", dir="/var/tmp"))
    home.chmod(0o755)
    run = Played(Program(home))
    try:
        run.said["interrupted"] = interrupt(run.program)
        run.left["interrupted"] = left_behind(home)
        run.run("first", *SMALL)
        run.run("again", *SMALL)
        run.run("foreign", "demo", "--catalogue", str(foreign(home / "feed")))
        words = write_feed(home / "words.jsonl", {"id": "w", "title": "运动鞋 sneakers"})
        run.run("words", "demo", "--catalogue", str(words))
        run.said["other model"] = run.program(*SMALL, SHELFSIGHT_TEXT_MODEL="hash:32")
        yield run
    finally:
        down(home)
        left = orphans.find(home)
        shutil.rmtree(home)
    assert left == []


@pytest.mark.faults
def test_ctrl_c_while_it_ingests_leaves_no_process(played: Played) -> None:
    said = played.said["interrupted"]
    assert said.code == 130, said.out + said.err
    assert "shelfsight: stopped" in said.err
    assert "Traceback" not in said.err
    assert played.left["interrupted"] == []


def test_it_goes_on_after_the_interruption_to_five_explained_stops(played: Played) -> None:
    said = played.said["first"]
    assert said.code == 0, said.out + said.err
    assert re.search(r"First hits after \d+ s, \d+ products searchable: “运动鞋”", said.out)
    assert "30 of 30 products searchable" in said.out
    headings = re.findall(r"^(\d)\. (.+?) ─", said.out, re.MULTILINE)
    assert [number for number, _ in headings] == ["1", "2", "3", "4", "5"]
    assert said.out.count("Found because ") == 5
    assert explained(said) == 5, said.out
    for command in re.findall(r"^\./run --alias demo search .+", said.out, re.MULTILINE):
        assert command.endswith("--explain")
    assert "./run down" in said.out


def test_a_second_run_embeds_nothing_again(played: Played) -> None:
    said, report = played.said["again"], played.record["again"]["report"]
    assert said.code == 0, said.out + said.err
    assert isinstance(report, dict)
    assert (report["read"], report["unchanged"], report["stages"]) == (30, 30, {})
    assert "First hits after" in said.out
    assert said.out.count("Found because ") == 5


def test_a_feed_with_foreign_columns_takes_the_same_tour(played: Played) -> None:
    said, report = played.said["foreign"], played.record["foreign"]["report"]
    assert said.code == 0, said.out + said.err
    assert isinstance(report, dict)
    assert (report["indexed"], report["extras"]) == (4, {"colour": 4})
    assert re.search(r"^4\. a picture \([ad]\.png\)", said.out, re.MULTILINE)
    assert explained(said) == 5, said.out


def test_a_catalogue_without_pictures_is_not_asked_with_one(played: Played) -> None:
    said = played.said["words"]
    assert said.code == 0, said.out + said.err
    assert explained(said) == 3
    assert "warning" not in said.err, "it names no pictures, so that nothing is left out"
    assert "picture" not in " ".join(re.findall(r"^\d\. .+", said.out, re.MULTILINE))


def test_other_models_than_the_demos_index_are_refused(played: Played) -> None:
    said = played.said["other model"]
    assert said.code == 2
    assert "SHELFSIGHT_TEXT_MODEL is 'hash:32'" in said.err


@pytest.mark.data
def test_a_real_catalogue_takes_the_same_tour(played: Played, evaluation_data: Path) -> None:
    products = evaluation_data / "luma" / "products.jsonl"
    said = played.program("demo", "--catalogue", str(products), within=280)
    assert said.code == 0, said.out + said.err
    assert "of 199 products searchable" in said.out
    assert said.out.count("Found because ") == 5
    assert said.out.count("missing") < said.out.count("→")
