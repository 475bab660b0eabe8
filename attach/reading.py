"""A shop's index as a feed: every change has a sequence number, and none below a mark is missed."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from mappings.connection import address_of, node_errors
from mappings.errors import NodeUnreachable

PAGE = 200
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the shop's as it was read.

    Args:
        id: Its id.
        routing: The routing that it was written with, empty for none.
        seq_no: Number of its last write on its shard.
        primary_term: With the number, what a guarded write must name.
        version: Its version.
        source: What was asked of its ``_source``.
    """

    id: str
    routing: str
    seq_no: int
    primary_term: int
    version: int
    source: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Endurance:
    """How long a node that is away is waited for.

    Args:
        seconds: In all, then it is given up; what was done is kept.
        pause: Between two tries, seconds; doubles up to 15.
        sleep: Waits for seconds.
    """

    seconds: float = 300.0
    pause: float = 0.5
    sleep: Callable[[float], None] = time.sleep

    def through(self, call: Callable[[], T]) -> T:
        """Return what a call returns, once the node answers.

        Raises:
            NodeUnreachable: It does not answer for too long.
        """
        ends, pause = time.monotonic() + self.seconds, self.pause
        while True:
            try:
                with node_errors("the node"):
                    return call()
            except NodeUnreachable:
                if time.monotonic() + pause > ends:
                    raise
            self.sleep(pause)
            pause = min(15.0, pause * 2)


@dataclass(frozen=True, slots=True)
class ShopReader:
    """Reads one concrete index by sequence number, shard by shard.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        shards: Its primary shards.
        source: What is asked of ``_source``: fields, or ``True`` for all.
        endurance: How long a node that is away is waited for.
    """

    client: Any
    index: str
    shards: int
    source: Sequence[str] | bool
    endurance: Endurance

    def marks(self) -> dict[int, int]:
        """Return, for each shard, the number up to which every write can be read now.

        The shard's local checkpoint is asked first and the refresh comes after, so that all
        writes up to it are visible; a write that was still under way has a higher number.

        Raises:
            NodeUnreachable: The node does not answer.
        """

        def ask() -> dict[int, int]:
            stats = self.client.indices.stats(index=self.index, metric="indexing", level="shards")
            found = {
                int(shard): copy["seq_no"]["local_checkpoint"]
                for shard, copies in stats["indices"][self.index]["shards"].items()
                for copy in copies
                if copy["routing"]["primary"]
            }
            if len(found) < self.shards:
                raise NodeUnreachable(f"A shard of {self.index!r} is away.", "Wait for it.")
            self.client.indices.refresh(index=self.index)
            return found

        return self.endurance.through(ask)

    def pages(self, shard: int, after: int, upto: int) -> Iterator[list[Document]]:
        """Yield the documents whose last write is after one mark and not after another.

        Raises:
            NodeUnreachable: The node does not answer.
        """
        seen: list[str] = []
        while after < upto:
            page = self._page(shard, after, upto, seen)
            if page:
                yield page
                # In an index that was shrunk from several shards a number may occur more than
                # once: the last one of a page is asked for again, without what was seen of it.
                last = page[-1].seq_no
                seen = [d.id for d in page if d.seq_no == last] + (
                    seen if last == after + 1 else []
                )
                after = last - 1
            if len(page) < PAGE:
                return

    def again(self, ids: Sequence[str], routings: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return those of the documents that the index holds, by id, without their source."""
        docs = [
            {"_id": i, "_source": False} | ({"routing": r} if r else {})
            for i, r in zip(ids, routings, strict=True)
        ]
        reply = self.endurance.through(
            lambda: self.client.mget(index=self.index, body={"docs": docs})
        )
        return {d["_id"]: d for d in reply["docs"] if d.get("found")}

    def _page(self, shard: int, after: int, upto: int, seen: list[str]) -> list[Document]:
        between = {"range": {"_seq_no": {"gt": after, "lte": upto}}}
        body = {
            "size": PAGE,
            "query": {"bool": {"filter": [between], "must_not": [{"ids": {"values": seen}}]}},
            "sort": [{"_seq_no": "asc"}],
            "_source": list(self.source) if not isinstance(self.source, bool) else self.source,
            "seq_no_primary_term": True,
            "version": True,
            "track_total_hits": False,
        }
        preference = f"_shards:{shard}|_primary"

        def ask() -> Any:  # noqa: ANN401 - JSON
            reply = self.client.search(index=self.index, body=body, preference=preference)
            if reply["_shards"]["failed"] or reply["timed_out"]:
                raise NodeUnreachable(f"Shard {shard} of {self.index!r} failed.", "Try again.")
            return reply

        hits = self.endurance.through(ask)["hits"]["hits"]
        return [
            Document(
                h["_id"], str(h.get("_routing", "")), h["_seq_no"], h["_primary_term"],
                h["_version"], h.get("_source") or {},
            )
            for h in hits
        ]  # fmt: skip


def living(client: Any, index: str, ids: Sequence[str]) -> set[str]:  # noqa: ANN401
    """Return those of some documents that an index holds, wherever they were routed.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    body = {"query": {"ids": {"values": list(ids)}}, "size": len(ids), "_source": False}
    with node_errors(address_of(client)):
        return {h["_id"] for h in client.search(index=index, body=body)["hits"]["hits"]}


def count_vectors(client: Any, index: str, column: str) -> int:  # noqa: ANN401
    """Return how many documents of an index have a vector in a column, the newest write included.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    with node_errors(address_of(client)):
        client.indices.refresh(index=index)
        body = {"query": {"exists": {"field": column}}}
        return int(client.count(index=index, body=body)["count"])
