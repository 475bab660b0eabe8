"""A shop that goes on writing loses nothing, and its products get their vectors all the same."""

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from attach_workshop import (
    DIM,
    backfill,
    begin,
    expected_content,
    open_shop,
    shop_writes,
    sources,
    without_ours,
)
from augment_shop import document

from attach.backfill import Backfilled
from attach.reconcile import forget, reconcile, take_out
from ingest.ledger.changes import Entry
from mappings.attach import Attachment
from mappings.attach_parallel import show_parallel
from mappings.errors import InputError, NodeUnreachable

pytestmark = pytest.mark.node
COUNT = 450


@pytest.fixture
def shop(client: Any) -> Iterator[str]:
    name = f"augment-attach-{uuid.uuid4().hex[:8]}"
    open_shop(client, name, COUNT)
    yield name
    client.indices.delete(index=f"{name}*")


def accounted(found: Backfilled) -> None:
    parts = found.written + found.unchanged + found.unfit + found.conflicts
    assert found.read == parts + found.gone + found.failed


def is_whole(client: Any, attached: Attachment, folder: Path, shops: dict[str, Any]) -> None:
    """Every product has vectors of what the shop says of it now, and the shop's own fields."""
    held = sources(client, attached.index)
    assert {i: without_ours(s) for i, s in held.items()} == shops
    wanted = expected_content(attached, folder, shops)
    assert {i: s["shelfsight"]["content"] for i, s in held.items()} == wanted
    assert all(len(s["shelfsight"]["text_vector"]) == DIM for s in held.values())


def changed(n: int) -> dict[str, Any]:
    return document(n) | {"title": f"purple velvet sofa model {n}", "stock": 77, "newcomer": "x"}


@pytest.mark.parametrize("mode", ["in_place", "parallel"])
def test_a_shop_that_overwrites_100_products_meanwhile_keeps_its_words(
    client: Any, shop: str, tmp_path: Path, mode: Any
) -> None:
    """Between the reading and the writing of each page: every guarded write would be stale."""
    attached = begin(client, shop, mode)
    written: set[int] = set()

    def meddle(entries: Sequence[Entry]) -> None:
        own = [int(e.id[1:]) for e in entries if int(e.id[1:]) not in written]
        now = own[: 100 - len(written)]
        if now:
            shop_writes(client, shop, {n: changed(n) for n in now})
            written.update(now)

    found = backfill(client, attached, tmp_path, meddle=meddle).run()
    assert len(written) == 100
    accounted(found)
    assert found.failed == 0
    assert found.conflicts == (100 if mode == "in_place" else 0)
    assert found.written == COUNT + (0 if mode == "in_place" else 100)
    shops = {f"p{n:04d}": changed(n) if n in written else document(n) for n in range(COUNT)}
    is_whole(client, attached, tmp_path, shops)


def test_what_the_shops_whole_writes_erase_is_put_back(
    client: Any, shop: str, tmp_path: Path
) -> None:
    attached = begin(client, shop, "in_place")
    backfill(client, attached, tmp_path).run()
    shop_writes(client, shop, {n: changed(n) for n in range(100)})
    lost = [i for i, s in sources(client, shop).items() if "shelfsight" not in s]
    assert len(lost) == 100, "a whole-document write takes the vectors with it"
    found = backfill(client, attached, tmp_path).run()
    assert found.written == 100
    assert found.read < COUNT, "only what was written since is read"
    shops = {f"p{n:04d}": changed(n) if n < 100 else document(n) for n in range(COUNT)}
    is_whole(client, attached, tmp_path, shops)


def test_reconcile_needs_no_marks_and_finds_what_was_erased(
    client: Any, shop: str, tmp_path: Path
) -> None:
    attached = begin(client, shop, "in_place")
    backfill(client, attached, tmp_path).run()
    remove = {"script": "ctx._source.shelfsight.text_vector = null; "
                        "ctx._source.shelfsight.content = 'of another model'"}  # fmt: skip
    for n in range(0, 60, 2):
        client.update(index=shop, id=f"p{n:04d}", body=remove)
    shop_writes(client, shop, {n: document(n) for n in range(1, 60, 2)})
    fresh = backfill(client, attached, tmp_path / "elsewhere")
    found = reconcile(fresh)
    assert (found.written, found.failed) == (60, 0)
    assert found.unchanged >= COUNT - 60
    is_whole(client, attached, tmp_path, {f"p{n:04d}": document(n) for n in range(COUNT)})
    again = reconcile(backfill(client, attached, tmp_path))
    assert (again.written, again.unchanged) == (0, COUNT)


def test_a_partial_write_of_the_shops_keeps_the_vectors_until_they_are_made_anew(
    client: Any, shop: str, tmp_path: Path
) -> None:
    attached = begin(client, shop, "in_place")
    backfill(client, attached, tmp_path).run()
    before = sources(client, shop)["p0007"]["shelfsight"]
    client.update(index=shop, id="p0007", body={"doc": {"stock": 3}})
    assert sources(client, shop)["p0007"]["shelfsight"] == before
    assert backfill(client, attached, tmp_path).run().written == 0, "stock is not embedded"
    client.update(index=shop, id="p0007", body={"doc": {"title": "yellow raincoat"}})
    assert backfill(client, attached, tmp_path).run().written == 1
    assert sources(client, shop)["p0007"]["shelfsight"]["content"] != before["content"]


def test_deleted_products_leave_the_parallel_index_and_late_writes_win(
    client: Any, shop: str, tmp_path: Path
) -> None:
    attached = begin(client, shop, "parallel")
    backfill(client, attached, tmp_path).run()
    for n in range(5):
        client.delete(index=shop, id=f"p{n:04d}")
    shop_writes(client, shop, {5: changed(5), COUNT: document(COUNT)})
    found = reconcile(backfill(client, attached, tmp_path))
    assert found.removed == 5
    shop_writes(client, shop, {0: changed(0)})
    assert reconcile(backfill(client, attached, tmp_path)).removed == 0
    shops = {f"p{n:04d}": document(n) for n in range(6, COUNT + 1)}
    is_whole(client, attached, tmp_path, shops | {"p0005": changed(5), "p0000": changed(0)})


def test_a_run_that_broke_off_is_gone_on_with_and_embeds_nothing_twice(
    client: Any, shop: str, tmp_path: Path
) -> None:
    class Enough(Exception):
        pass

    attached = begin(client, shop, "in_place")
    pages = 0

    def stop(entries: Sequence[Entry]) -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise Enough

    with pytest.raises(Enough):
        backfill(client, attached, tmp_path, meddle=stop).run()
    half = sum("shelfsight" in s for s in sources(client, shop).values())
    assert 0 < half < COUNT
    found = backfill(client, attached, tmp_path).run()
    accounted(found)
    assert found.written == COUNT - half
    is_whole(client, attached, tmp_path, {f"p{n:04d}": document(n) for n in range(COUNT)})


def test_a_node_that_goes_away_ends_the_run_and_the_next_one_goes_on(
    client: Any, node_url: str, shop: str, tmp_path: Path
) -> None:
    from urllib.parse import urlsplit

    from node_relay import Relay

    from mappings.connection import Connection

    attached = begin(client, shop, "in_place")
    address = urlsplit(node_url)
    relay = Relay(address.hostname or "", address.port or 0)
    through = Connection(relay.url).open()
    with pytest.raises(NodeUnreachable):
        backfill(through, attached, tmp_path, meddle=lambda _: relay.cut()).run()
    through.close()
    assert all("shelfsight" not in s for s in sources(client, shop).values())
    found = backfill(client, attached, tmp_path).run()
    assert found.written == COUNT
    is_whole(client, attached, tmp_path, {f"p{n:04d}": document(n) for n in range(COUNT)})


def test_detaching_leaves_the_documents_as_the_shop_wrote_them(
    client: Any, shop: str, tmp_path: Path
) -> None:
    attached = begin(client, shop, "in_place")
    backfill(client, attached, tmp_path).run()
    from attach_workshop import AT_ONCE

    assert take_out(client, attached, 2, AT_ONCE) == COUNT
    forget(client, attached)
    assert sources(client, shop) == {f"p{n:04d}": document(n) for n in range(COUNT)}
    mapping = client.indices.get_mapping(index=shop)[shop]["mappings"]
    assert mapping["_meta"] == {"owner": "the shop"}
    exists = {"query": {"exists": {"field": "shelfsight.text_vector"}}}
    assert client.count(index=shop, body=exists)["count"] == 0


def test_odd_documents_are_carried_over_whole(client: Any, tmp_path: Path) -> None:
    """Names with dots, empty lists, nulls, routing, and products without a name."""
    name = f"augment-odd-{uuid.uuid4().hex[:8]}"
    client.indices.create(index=name, body={
        "settings": {"index": {"number_of_shards": 3, "knn": True}},
        "mappings": {"_routing": {"required": True}, "properties": {
            "name": {"properties": {"en": {"type": "text"}, "zh": {"type": "text"}}},
            "misc": {"type": "object", "enabled": False}}}})  # fmt: skip
    odd: dict[str, dict[str, Any]] = {
        "a": {"name.en": "red dress", "misc": {"x": [1, None, {"y": []}]}, "tags": []},
        "b/ü ": {"name": {"en": "blue shirt", "zh": "蓝色衬衫"}, "nothing": None},
        "c": {"misc": "no name at all"},
        "d": {"name": {"en": ["two", "names"]}, "deep": {"er": {"and": {"deeper": 1.50}}}},
    }
    for key, source in odd.items():
        client.index(index=name, id=key, body=source, params={"routing": f"r{key}"}, refresh=True)
    try:
        for mode in ("parallel", "in_place"):
            attached = begin(client, name, mode)  # type: ignore[arg-type] # one of the two
            found = backfill(client, attached, tmp_path / mode).run()
            assert (found.written, found.unfit, found.failed) == (3, 1, 0)
            assert next(iter(found.reasons.values())) == "c"
            held = sources(client, attached.index)
            assert {i: without_ours(s) for i, s in held.items()} == odd
            with_vectors = {i for i, s in held.items() if (s.get("shelfsight") or {}).get(
                "text_vector")}  # fmt: skip
            assert with_vectors == odd.keys() - {"c"}
            assert client.get(index=attached.index, id="a", params={"routing": "ra"})["found"]
    finally:
        client.indices.delete(index=f"{name}*")


def test_pictures_below_a_folder_are_seen_and_others_are_counted(
    client: Any, tmp_path: Path
) -> None:
    from PIL import Image

    name = f"augment-pictures-{uuid.uuid4().hex[:8]}"
    Image.new("RGB", (32, 32), "red").save(tmp_path / "red.png")
    client.indices.create(index=name, body={"settings": {"index": {"knn": True}}, "mappings": {
        "properties": {"title": {"type": "text"}, "image": {"type": "keyword"}}}})  # fmt: skip
    paths = {"a": "red.png", "b": "gone.png", "c": "https://shop.example/c.jpg", "d": "../e.png"}
    for key, path in paths.items():
        body = {"title": f"thing {key}", "image": path}
        client.index(index=name, id=key, body=body, refresh=True)
    try:
        attached = begin(client, name, "parallel")
        filling = backfill(client, attached, tmp_path / "work", root=tmp_path)
        found = filling.run()
        filling.embedder.close()
        assert found.unread == {"missing": 1, "remote": 1, "outside": 1}
        held = sources(client, attached.index)
        assert len(held["a"]["shelfsight"]["image_vector"]) == DIM
        assert all(held[k]["shelfsight"].get("image_vector") is None for k in "bcd")
    finally:
        client.indices.delete(index=f"{name}*")


def test_versions_of_the_shops_own_are_left_alone(client: Any, shop: str, tmp_path: Path) -> None:
    client.index(index=shop, id="own", body=document(1), refresh=True,
                 params={"version": 1_700_000_000, "version_type": "external"})  # fmt: skip
    attached = begin(client, shop, "in_place")
    with pytest.raises(InputError, match="version 1700000000, which the shop gave it"):
        backfill(client, attached, tmp_path).run()
    assert "shelfsight" not in client.get(index=shop, id="own")["_source"]
    parallel = begin(client, shop, "parallel")
    assert backfill(client, parallel, tmp_path).run().written == COUNT + 1


def test_a_shop_that_grows_a_field_is_followed(client: Any, shop: str, tmp_path: Path) -> None:
    from mappings.attach_parallel import follow_mapping
    from mappings.attach_shop import read_shop

    attached = begin(client, shop, "parallel")
    backfill(client, attached, tmp_path).run()
    field = {"properties": {"colour_code": {"type": "keyword"}}}
    client.indices.put_mapping(index=shop, body=field)
    shop_writes(client, shop, {1: document(1) | {"colour_code": "007"}})
    follow_mapping(client, read_shop(client, shop), attached.index)
    backfill(client, attached, tmp_path).run()
    term = {"query": {"term": {"colour_code": "007"}}}
    client.indices.refresh(index=attached.index)
    assert client.count(index=attached.index, body=term)["count"] == 1


def test_the_alias_moves_to_the_filled_index_and_the_old_one_goes(
    client: Any, shop: str, tmp_path: Path
) -> None:
    from dataclasses import replace

    from mappings.attach import read_attachment
    from mappings.attach_parallel import create_parallel, find_parallel
    from mappings.attach_shop import read_shop

    first = begin(client, shop, "parallel")
    show_parallel(client, first, find_parallel(client, shop))
    assert read_attachment(client, shop).index == first.index
    second = replace(first, index=first.index[:-4] + "0002")
    create_parallel(client, read_shop(client, shop), second)
    assert read_attachment(client, shop).index == first.index, "it is not filled yet"
    backfill(client, second, tmp_path).run()
    show_parallel(client, second, find_parallel(client, shop))
    assert read_attachment(client, shop).index == second.index
    assert not client.indices.exists(index=first.index)
