"""Every command of README once, through the command line, on a real stack."""

import json
import os
import pty
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from program_run import PROGRAM, Program, write_shop

from shelfsight.local.stack import status

pytestmark = [pytest.mark.node, pytest.mark.broker]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def other(shop: Program) -> Iterator[Program]:
    """An alias of its own, which a test may bend; its indices are deleted afterwards."""
    from mappings.connection import Connection

    yield Program(shop.home, {"SHELFSIGHT_ALIAS": "bent"})
    client = Connection(status(shop.home).node_url).open()
    client.indices.delete(index="bent-*", ignore_unavailable=True)
    client.close()


def test_up_again_finds_the_running_stack(shop: Program) -> None:
    before = status(shop.home)
    said = shop("up", within=120)
    assert said.code == 0, said.err
    assert said.out.startswith("was running already\nstack ready\n")
    assert status(shop.home).supervisor == before.supervisor


def test_status_says_where_each_part_answers(shop: Program) -> None:
    plain, found = shop("status"), shop("status", "--json").json()
    assert plain.code == 0
    for part in found["processes"]:
        line = next(x for x in plain.out.splitlines() if x.startswith(f"{part['name']} "))
        assert str(part["pid"]) in line
        assert part["url"] in line
    names = {part["name"] for part in found["processes"]}
    assert {"node", "broker", "api"} < names
    starts = {x.index("ready") for x in plain.out.splitlines() if " ready " in x}
    assert len(starts) == 1, "the columns do not line up"


def test_doctor_finds_nothing_missing(shop: Program) -> None:
    said = shop("doctor", "--json")
    checks = {one["name"]: one for one in said.json()}
    assert checks["stack"]["ok"]
    assert said.code == (0 if all(c["ok"] or not c["needed"] for c in checks.values()) else 3)


def test_ingest_of_what_is_known_embeds_nothing(shop: Program) -> None:
    said = shop("ingest", str(shop.home / "shop"), "--json")
    assert said.code == 0, said.err
    report = said.json()
    assert (report["read"], report["accepted"], report["unchanged"]) == (3, 3, 3)
    assert report["stages"] == {}


def test_search_prints_a_table_and_json(shop: Program) -> None:
    words = ("search", "红色连衣裙", "--filter", "brand=Acme", "--filter", "price<200")
    table = shop(*words, "--explain")
    assert table.code == 0, table.err
    for part in ("红色连衣裙 red dress", "100.00 CNY", "Number 1 with", "calibrated", "2 found"):
        assert part in table.out, table.out
    answer = shop(*words, "--json").json()
    assert answer["hits"][0]["id"] == "red"
    assert {hit["id"] for hit in answer["hits"]} == {"red", "green"}
    for hit in answer["hits"]:
        points = sum(c["points"] for c in hit["contributions"])
        assert points == pytest.approx(hit["score"], abs=1e-5)
    none = shop("search", "red", "--filter", "brand=Nobody")
    assert none.code == 0
    assert none.out.startswith("No product was found.")


@pytest.mark.parametrize("columns", ["80", "120"])
def test_tables_fit_the_terminal(columns: str, shop: Program) -> None:
    said = shop("search", "blue sneakers", "--explain", COLUMNS=columns)
    assert max(map(len, said.out.splitlines())) <= int(columns)
    assert "…" not in said.out
    assert "\x1b" not in said.out


def looks(answer: dict[str, Any], product: str) -> float:
    """The cosine of the asked picture and a product's, raw."""
    hit = next(hit for hit in answer["hits"] if hit["id"] == product)
    raw: float = next(c["raw"] for c in hit["contributions"] if c["signal"] == "picture_image")
    return raw


def test_a_picture_finds_its_product(shop: Program) -> None:
    picture = str(shop.home / "shop" / "blue.png")
    answer = shop("search", "--image", picture, "--json").json()
    assert looks(answer, "blue") == pytest.approx(1.0, abs=1e-4)  # its very picture
    both = shop("search", "sneakers", "--image", picture, "--best-picture", "--json").json()
    assert looks(both, "blue") == pytest.approx(1.0, abs=1e-4)
    blue = next(hit for hit in both["hits"] if hit["id"] == "blue")
    assert blue["matched_picture"]["path"] == "blue.png"


def test_dead_letters_and_reconcile_agree_that_all_is_well(shop: Program) -> None:
    assert shop("dead-letters", "list").out == "no dead letters\n"
    assert shop("dead-letters", "list", "--json").json() == []
    assert shop("dead-letters", "retry").out.startswith("sent 0 again")
    assert shop("dead-letters", "drop").out == "dropped 0\n"
    compared = shop("reconcile", "--json")
    assert compared.code == 0, compared.err
    found = compared.json()
    assert (found["missing"], found["resent"]) == (0, 0)
    assert found["checked"] == found["equal"]


def test_index_show_list_diff_swap_and_render(shop: Program, other: Program) -> None:
    assert "no index of the alias 'bent'" in other("index", "list").out
    feed = str(write_shop(shop.home / "bent"))
    first, second = (other("index", "create", feed).out.strip() for _ in range(2))
    assert first != second
    assert other("index", "show", "--json").json()["index"] == first
    assert other("index", "diff").out == "The live index is what the code would create.\n"
    assert other("index", "diff", "--json").json() == []
    listed = other("index", "list", "--json").json()
    assert [(x["name"], x["live"]) for x in listed] == [(first, True), (second, False)]
    swapped = other("index", "swap", "--to", second)
    assert swapped.out == f"bent: {first} -> {second}\n"
    assert other("index", "list").out.splitlines()[1] == f"* {second}  0 documents"
    assert other("index", "swap", "--to", first).code == 0
    body = other("index", "render").json()
    assert body["mappings"]["_meta"]["shelfsight"]["identity"]["dim"] == 64
    elastic = other("index", "render", "--engine", "elasticsearch").out
    assert "dense_vector" in elastic
    assert "knn_vector" not in elastic


def test_serve_answers_until_it_is_interrupted(shop: Program) -> None:
    served = subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0"], env=shop.environment(), cwd=shop.home, text=True,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert served.stderr is not None
        address = served.stderr.readline().split()[-1]
        with urllib.request.urlopen(f"{address}/openapi.json", timeout=30) as answer:
            assert "/search" in json.load(answer)["paths"]
    finally:
        served.send_signal(signal.SIGINT)
        _, rest = served.communicate(timeout=120)
    assert "Traceback" not in rest
    assert served.returncode in (0, 130)


def on_a_terminal(program: Program, *words: str) -> tuple[int, str]:
    """Run the program with its errors on a terminal of 80 columns; return what was drawn."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [*PROGRAM, *words], env=program.environment(COLUMNS="80", TERM="xterm"), cwd=program.home,
        stdout=subprocess.DEVNULL, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    drawn = b""
    with os.fdopen(ours, "rb", buffering=0) as screen, suppress(OSError):  # EIO: the end
        while part := screen.read(4096):
            drawn += part
    return running.wait(60), drawn.decode()


def test_progress_on_a_terminal_fits_and_leaves_nothing_spinning(
    shop: Program, tmp_path: Path
) -> None:
    feed = write_shop(tmp_path, {"id": "more", "title": "黄色帽子", "pictures": ["red.png"]})
    try:
        code, drawn = on_a_terminal(shop, "ingest", str(feed))
        again, nothing = on_a_terminal(shop, "ingest", str(feed))
    finally:
        assert shop("ingest", str(shop.home / "shop"), "--full", "--yes").code == 0
    assert (code, again) == (0, 0), drawn
    lines = [ESCAPES.sub("", line) for line in re.split(r"[\r\n]+", drawn)]
    assert any("indexing" in line and "1/1 products" in line for line in lines)
    assert max(map(len, lines)) <= 80
    assert "…" not in drawn
    assert nothing.rstrip().split("\x1b[2K")[-1].count("━") == 0
