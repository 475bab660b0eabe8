import random
import threading
import time
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from ingest.writer.bulk import BulkWriter, Write, WriteLimits, Written
from ingest.writer.outcomes import Outcome
from mappings.errors import DiskFull, StackError

pytestmark = pytest.mark.node
DIM = 8


def document(n: int, version: int = 1) -> dict[str, Any]:
    vector = np.random.default_rng(n).normal(size=DIM)
    unit = [float(x) for x in (vector / np.linalg.norm(vector)).round(7)]
    return {
        "title": f"product {n}",
        "text_vector": unit,
        "write_order": version,
        "content_hash": f"hash {n} {version}",
    }


def seven_bad() -> dict[str, tuple[Write, str, str]]:
    """Seven documents, each wrong in its own way, with the cause and words of the answer."""
    good = document(0)
    return {
        "dimension": (
            Write("bad dimension", 1, good | {"text_vector": [0.5] * (DIM + 1)}),
            "mapper_parsing_exception", "dimension",
        ),
        "zero": (
            Write("bad zero", 1, good | {"text_vector": [0.0] * DIM}),
            "mapper_parsing_exception", "zero vector",
        ),
        "nan": (
            Write("bad nan", 1, good | {"text_vector": [float("nan")] + [0.1] * (DIM - 1)}),
            "", "NaN",
        ),
        "unknown field": (
            Write("bad field", 1, good | {"no_such_column": 1}),
            "strict_dynamic_mapping_exception", "no_such_column",
        ),
        "id": (Write("商" * 171, 1, good), "", "512"),
        "huge": (
            Write("bad huge", 1, good | {"pictures": [{"role": "main"}] * 10_001}),
            "", "10000",
        ),
        "type": (
            Write("bad price", 1, good | {"price": "not a number"}),
            "mapper_parsing_exception", "price",
        ),
    }  # fmt: skip


def the_batch() -> list[Write]:
    writes = [Write(f"good {n}", 1, document(n)) for n in range(493)]
    writes += [bad for bad, _, _ in seven_bad().values()]
    random.Random(13).shuffle(writes)
    return writes


def accounted(written: list[Outcome], alias: str, client: Any) -> None:
    """What M13 demands: 493 indexed, seven dead for the right reasons."""
    client.indices.refresh(index=alias)
    assert client.count(index=alias)["count"] == 493
    kinds = [o.kind for o in written]
    assert (kinds.count("indexed"), kinds.count("dead"), len(kinds)) == (493, 7, 500)
    by_id = {o.id: o for o in written}
    for name, (write, cause, words) in seven_bad().items():
        outcome = by_id[write.id]
        assert outcome.kind == "dead", name
        assert cause in outcome.cause, (name, outcome)
        assert words.lower() in outcome.reason.lower(), (name, outcome)
        assert 0 < len(outcome.reason) <= 200


def test_seven_bad_of_500_are_told_apart_in_few_requests(client: Any, alias: str) -> None:
    written = BulkWriter(client, alias).write(the_batch())
    accounted(list(written.outcomes), alias, client)
    assert written.stopped is None
    assert written.requests <= 25


def test_the_demand_catches_a_writer_with_the_library_defaults(client: Any, alias: str) -> None:
    def library_defaults(writes: list[Write]) -> list[Outcome]:
        from opensearchpy import exceptions, helpers

        actions = [
            {"_index": alias, "_id": w.id, "version": w.order, "version_type": "external",
             "_source": w.document}
            for w in writes
        ]  # fmt: skip
        with suppress(helpers.BulkIndexError, exceptions.TransportError):
            helpers.bulk(client, actions)
        return [Outcome(w.id, w.order, "indexed") for w in writes]

    with pytest.raises(AssertionError):
        accounted(library_defaults(the_batch()), alias, client)


def test_versions_decide_whatever_the_order(client: Any, alias: str) -> None:
    writer = BulkWriter(client, alias)

    def kinds(*versions: int) -> list[str]:
        return [writer.write([Write("p", v, document(1, v))]).outcomes[0].kind for v in versions]

    assert kinds(5, 5, 3) == ["indexed", "conflict", "conflict"]
    tombstone = {"deleted": True, "write_order": 6, "content_hash": "gone"}
    assert writer.write([Write("p", 6, tombstone)]).outcomes[0].kind == "indexed"
    assert kinds(4, 5, 6) == ["conflict"] * 3
    client.indices.refresh(index=alias)
    assert client.get(index=alias, id="p")["_source"] == tombstone


def test_a_replay_is_told_from_a_write_that_was_overtaken(client: Any, alias: str) -> None:
    writer = BulkWriter(client, alias)
    writes = [Write("same", 3, document(1, 3)), Write("newer", 3, document(2, 3))]
    writer.write(writes)
    writer.write([Write("newer", 4, document(2, 4))])
    again = writer.write(writes).outcomes
    assert [o.kind for o in again] == ["conflict", "conflict"]
    stored = writer.stored([o.id for o in again])
    assert {i: (s.order, s.edited) for i, s in stored.items()} == {
        "same": (3, False), "newer": (4, False),
    }  # fmt: skip
    client.update(index=alias, id="same", body={"doc": {"title": "by another hand"}})
    assert writer.stored(["same", "none"])["same"].edited
    assert writer.stored(()) == {}


def test_a_stale_write_long_after_a_delete_stays_deleted(client: Any, alias: str) -> None:
    client.indices.put_settings(index=alias, body={"index.gc_deletes": "1s"})
    writer = BulkWriter(client, alias)
    writer.write([Write("p", 2, document(1, 2))])
    writer.write([Write("p", 3, {"deleted": True, "write_order": 3, "content_hash": "gone"})])
    time.sleep(1.5)
    client.indices.refresh(index=alias)
    client.indices.forcemerge(index=alias, max_num_segments=1)
    assert writer.write([Write("p", 2, document(1, 2))]).outcomes[0].kind == "conflict"
    assert client.get(index=alias, id="p")["_source"]["deleted"] is True


def test_of_two_writes_with_one_id_the_newer_is_sent(client: Any, alias: str) -> None:
    writes = [Write("p", 2, document(2, 2)), Write("p", 1, document(1, 1))]
    written = BulkWriter(client, alias).write(writes)
    assert [o.kind for o in written.outcomes] == ["indexed", "superseded"]
    assert written.sent == 1


def test_a_missing_alias_stops_the_writer_and_makes_no_index(client: Any) -> None:
    written = BulkWriter(client, "ingest-no-such-alias").write([Write("p", 1, document(1))])
    assert isinstance(written.stopped, StackError)
    assert "ingest-no-such-alias" in str(written.stopped)
    assert [o.kind for o in written.outcomes] == ["pending"]
    assert not client.indices.exists(index="ingest-no-such-alias")


def test_a_read_only_index_stops_the_writer_and_nothing_is_dead(client: Any, alias: str) -> None:
    block = "index.blocks.read_only_allow_delete"
    client.indices.put_settings(index=alias, body={block: True})
    writer = BulkWriter(client, alias)
    written = writer.write([Write("p", 1, document(1)), Write("q", 1, document(2))])
    assert isinstance(written.stopped, DiskFull)
    assert [o.kind for o in written.outcomes] == ["pending", "pending"]
    assert written.requests == 1
    client.indices.put_settings(index=alias, body={block: None})
    again = writer.write([Write("p", 1, document(1)), Write("q", 1, document(2))])
    assert [o.kind for o in again.outcomes] == ["indexed", "indexed"]


def test_requests_are_bounded_by_items_and_bytes(client: Any, alias: str) -> None:
    writes = [Write(str(n), 1, document(n)) for n in range(50)]
    by_items = BulkWriter(client, alias, WriteLimits(items=20)).write(writes)
    assert (by_items.requests, by_items.sent) == (3, 50)
    by_bytes = BulkWriter(client, alias, WriteLimits(content_bytes=1)).write(writes[:7])
    assert by_bytes.requests == 7


def test_an_unreachable_node_leaves_everything_pending_within_patience() -> None:
    from mappings.connection import Connection

    pauses: list[float] = []
    client = Connection("http://127.0.0.1:9").open()
    limits = WriteLimits(patience=2.0, first_wait=0.2, longest_wait=0.4)

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        time.sleep(seconds)

    written = BulkWriter(client, "products", limits, pause).write([Write("p", 1, document(1))])
    assert sum(pauses) <= 2.0
    assert [(o.kind, o.cause) for o in written.outcomes] == [("pending", "unreachable")]
    assert written.stopped is None
    assert written.requests > 2
    assert max(pauses) <= 0.4
    client.close()


class Stormy:
    """The real client behind a storm: requests are refused, items are, answers are lost."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._random = random.Random(14)
        self.requests = 0

    def bulk(self, **request: Any) -> Any:
        from opensearchpy.exceptions import ConnectionTimeout, TransportError

        self.requests += 1
        if self.requests <= 3:
            raise TransportError(429, "rejected_execution_exception", {"error": {"reason": "busy"}})
        reply = self._client.bulk(**request)
        if self.requests == 4:  # it was done, but nobody heard
            raise ConnectionTimeout("TIMEOUT", "read timed out", None)
        if self.requests < 12:
            for item in reply["items"]:
                if self._random.random() < 0.4:
                    item["index"] |= {"status": 429, "error": {"type": "rejected_execution"}}
        return reply


def test_a_storm_of_refusals_loses_nothing_and_repeats_only_what_failed(
    client: Any, alias: str
) -> None:
    stormy = Stormy(client)
    writer = BulkWriter(stormy, alias, WriteLimits(items=100), sleep=lambda _: None)
    written: Written = writer.write([Write(str(n), 1, document(n)) for n in range(300)])
    client.indices.refresh(index=alias)
    assert client.count(index=alias)["count"] == 300
    assert {o.kind for o in written.outcomes} == {"indexed", "conflict"}
    assert written.sent < 300 * 2.5


def test_writes_of_one_product_from_many_threads_end_with_the_newest(
    client: Any, alias: str
) -> None:
    versions = list(range(1, 41))
    random.Random(3).shuffle(versions)

    def write(mine: list[int]) -> None:
        for version in mine:
            BulkWriter(client, alias).write([Write("p", version, document(1, version))])

    threads = [threading.Thread(target=write, args=(versions[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.get(index=alias, id="p")["_source"]["write_order"] == 40
