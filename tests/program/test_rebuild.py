"""The index behind the alias: made anew without a gap, lost, pointed elsewhere; as an operator."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from program_run import COLOURS, PROGRAM, RECORDS, Program, png, write_feed, write_shop

from mappings.connection import Connection
from shelfsight.local.stack import status

pytestmark = [pytest.mark.node, pytest.mark.broker]


@pytest.fixture
def node(shop: Program) -> Iterator[Any]:
    with closing(Connection(status(shop.home).node_url).open()) as client:
        yield client


def indices(program: Program) -> dict[str, dict[str, Any]]:
    listed = program("index", "list", "--json")
    assert listed.code == 0, listed.err
    return {row["name"]: row for row in listed.json()}


def titles(node: Any, alias: str = "products") -> set[str]:
    node.indices.refresh(index=alias)
    hits = node.search(index=alias, body={"size": 100})["hits"]["hits"]
    return {h["_source"]["title"] for h in hits if not h["_source"].get("deleted")}


@pytest.fixture(autouse=True)
def left_as_it_was(shop: Program, node: Any) -> Iterator[None]:
    """Whatever a test leaves behind on a failure, the next one finds one index."""
    yield
    for name, row in indices(shop).items():
        if not row["live"]:
            node.indices.delete(index=name)


def first_time(shop: Program, alias: str) -> Program:
    """The program with an alias that its home knows nothing of; tests share one pool of workers."""
    (shop.home / "spaces" / alias).unlink(missing_ok=True)
    for left in (shop.home / "ledgers").glob(f"{alias}.sqlite*"):
        left.unlink()
    return Program(shop.home, {"SHELFSIGHT_ALIAS": alias})


def test_the_documented_rebuild_fills_the_new_index_before_the_swap(
    shop: Program, node: Any
) -> None:
    feed = str(shop.home / "shop")
    gone = write_shop(shop.home / "gone", {"id": "gone", "title": "黑色帽子 black hat"})
    for path, *options in ((str(gone),), (feed, "--full", "--yes")):  # one that was deleted
        assert shop("ingest", path, *options).code == 0
    (before,) = (name for name, row in indices(shop).items() if row["live"])
    made = shop("index", "create", feed)
    assert made.code == 0, made.err
    new = made.out.strip()
    assert "fill the new index" in made.err
    assert indices(shop)[new] == {"name": new, "live": False, "next": True, "documents": 0}

    refused = shop("index", "swap", "--to", new)
    assert refused.code == 2
    assert "lacks 3 of 3 products" in refused.err
    assert "--yes" in refused.err

    other = shop("ingest", feed, SHELFSIGHT_TEXT_MODEL="hash:32")  # neither's model
    assert other.code == 2, other.out
    assert "'hash:64'" in other.err

    filled = shop("ingest", feed)
    assert filled.code == 0, filled.out + filled.err
    assert "3 of them unchanged" in filled.out
    assert f"{new}, the next index, holds 3 products" in filled.out
    assert indices(shop)[new]["documents"] == 3

    swapped = shop("index", "swap")
    assert swapped.code == 0, swapped.err
    assert indices(shop)[new]["live"]
    assert titles(node) == {r["title"] for r in RECORDS}
    again = shop("ingest", feed)
    assert again.code == 0, again.out + again.err
    assert "3 of them unchanged" in again.out
    found = shop("search", "red dress", "--json")
    assert found.json()["hits"][0]["id"] == "red"
    pictured = shop("search", "--picture", str(shop.home / "shop" / "blue.png"), "--json")
    assert pictured.json()["hits"][0]["id"] == "blue"

    back = shop("index", "swap", "--to", before)
    assert back.code == 0, back.err
    assert shop("ingest", feed).code == 0
    node.indices.delete(index=before)  # the live one, by a colleague; the other is left
    restored = shop("ingest", feed)
    assert restored.code == 0, restored.err
    assert "is gone; it is made again" in restored.err
    assert titles(node) == {r["title"] for r in RECORDS}


def test_an_index_that_was_lost_is_made_again_from_the_ledger(shop: Program, node: Any) -> None:
    (live,) = (name for name, row in indices(shop).items() if row["live"])
    node.indices.delete(index=live)
    changed = {**RECORDS[0], "title": "红色连衣裙 red gown"}
    delta = write_feed(shop.home / "shop" / "delta.jsonl", changed)
    try:
        said = shop("ingest", str(delta))
        assert said.code == 0, said.out + said.err
        assert "is gone; it is made again" in said.err
        counted = re.search(r"(\d+) products were compared, (\d+) sent again", said.out)
        assert counted, said.out
        compared, sent = map(int, counted.groups())  # with those that other tests deleted
        assert compared == sent >= 3
        expected = {changed["title"], *(r["title"] for r in RECORDS[1:])}
        assert titles(node) == expected
        assert shop("search", "--like", "blue", "--json").code == 0
    finally:
        delta.unlink()
        assert shop("ingest", str(shop.home / "shop")).code == 0
    shop.wait_for_api()


def test_an_alias_that_is_gone_is_named_with_its_index(shop: Program, node: Any) -> None:
    (live,) = (name for name, row in indices(shop).items() if row["live"])
    node.indices.delete_alias(index=live, name="products")
    for words in (("ingest", str(shop.home / "shop")), ("reconcile",)):
        refused = shop(*words)
        assert refused.code == 3, refused.out
        assert f"index swap --to {live}" in refused.err
    assert shop("index", "swap", "--to", live, "--yes").code == 0
    assert shop("reconcile").code == 0


@pytest.mark.parametrize("schema_version", [1, 99, None])
def test_an_index_of_another_schema_is_refused_with_the_cure(
    shop: Program, node: Any, schema_version: int | None
) -> None:
    (live,) = (name for name, row in indices(shop).items() if row["live"])
    meta = node.indices.get_mapping(index=live)[live]["mappings"]["_meta"]
    ours = {k: v for k, v in meta["shelfsight"].items() if k != "schema_version"}
    other = ours if schema_version is None else ours | {"schema_version": schema_version}
    node.indices.put_mapping(index=live, body={"_meta": {"shelfsight": other}})
    try:
        for words in (("ingest", str(shop.home / "shop")), ("reconcile",), ("search", "red")):
            refused = shop(*words)
            assert refused.code == 2, (words, refused.out, refused.err)
            assert "another version of Shelfsight" in refused.err
            assert "index create" in refused.err
    finally:
        node.indices.put_mapping(index=live, body={"_meta": meta})
    assert shop("reconcile").code == 0


def test_pictures_that_come_later_are_named_and_searched_after_a_rebuild(
    shop: Program, node: Any, tmp_path: Path
) -> None:
    later = first_time(shop, "later")
    folder = tmp_path / "shop"
    plain = [{k: v for k, v in r.items() if k != "pictures"} for r in RECORDS]
    write_feed(folder / "products.jsonl", *plain)
    try:
        first = later("ingest", str(folder))
        assert first.code == 0, first.out + first.err
        for name, colour in COLOURS.items():
            (folder / name).write_bytes(png(colour))
        write_feed(folder / "products.jsonl", *RECORDS)
        second = later("ingest", str(folder))
        assert second.code == 1, second.out + second.err
        assert "3 pictures were not embedded" in second.out
        for words in (("index", "create"), ("ingest",)):
            done = later(*words, str(folder))
            assert done.code in (0, 1), done.out + done.err
        assert later("index", "swap").code == 0
        assert later("ingest", str(folder)).code == 0
        found = later("search", "--picture", str(folder / "green.png"), "--json")
        assert found.json()["hits"][0]["id"] == "green"
    finally:
        node.indices.delete(index="later-*")


def test_of_two_first_ingests_at_once_one_is_told_that_the_other_is_under_way(
    shop: Program, node: Any, tmp_path: Path
) -> None:
    twins = first_time(shop, "later")
    feed = str(write_shop(tmp_path / "shop").parent)
    try:
        started = [
            subprocess.Popen(
                [*PROGRAM, "ingest", feed, "--json"], env=twins.environment(), cwd=shop.home,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            for _ in range(2)
        ]  # fmt: skip
        ended = [(one, *one.communicate(timeout=240)) for one in started]
        assert sorted(one.returncode for one, _, _ in ended) == [0, 3], ended
        for one, out, err in ended:
            if one.returncode == 0:
                assert json.loads(out)["indexed"] == 3
            else:
                assert "Another feed is being ingested" in err
        assert titles(node, "later") == {r["title"] for r in RECORDS}
    finally:
        node.indices.delete(index="later-*")
