"""What the index holds of a product, as far as writes are compared: its order, version, content."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest.ledger.changes import AcceptedPicture
from mappings.connection import node_errors

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

BATCH = 500
COLUMNS = "write_order,source_version,content_hash,deleted"
PICTURES = "pictures.path,pictures.role,pictures.sha"


@dataclass(frozen=True, slots=True)
class Stored:
    """A document's stamps.

    Args:
        engine_version: The engine's ``_version``: the order it was written under, raised by one
            with every later edit by another hand.
        order: The order that Shelfsight wrote it under; 0: it did not write it.
        version: The feed's version, if the feed gave one.
        content: Hash of everything it was made from.
        deleted: It is a tombstone.
        pictures: Its pictures, where they were asked for.
    """

    engine_version: int
    order: int
    version: int | None
    content: str
    deleted: bool
    pictures: tuple[AcceptedPicture, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Stored":
        """Return the stamps of a document of ``_mget`` or of a search with ``version``."""
        source = document.get("_source") or {}
        version = source.get("source_version")
        return cls(
            int(document["_version"]),
            int(source.get("write_order") or 0),
            None if version is None else int(version),
            str(source.get("content_hash") or ""),
            bool(source.get("deleted")),
            tuple(
                AcceptedPicture(p["path"], p["role"], p.get("sha", ""))
                for p in source.get("pictures", ())
            ),
        )

    @property
    def edited(self) -> bool:
        """Whether another hand has changed the document since Shelfsight wrote it."""
        return self.engine_version != self.order


def stored_documents(client: "OpenSearch", index: str, ids: Sequence[str]) -> dict[str, Stored]:
    """Return what an index holds under these ids, refreshed or not; what it lacks is left out.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    if not ids:
        return {}
    with node_errors(index):
        reply = client.mget(
            index=index, body={"ids": list(ids)}, _source_includes=f"{COLUMNS},{PICTURES}",
            realtime="true",
        )  # fmt: skip
    return {doc["_id"]: Stored.of(doc) for doc in reply["docs"] if doc.get("found")}


def refresh(client: "OpenSearch", index: str) -> None:
    """Let the searches below see everything that was written.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    with node_errors(index):
        client.indices.refresh(index=index)


def newest_order(client: "OpenSearch", index: str) -> int:
    """Return the latest order of a refreshed index's documents, 0 where there is none.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    body = {"size": 0, "aggs": {"newest": {"max": {"field": "write_order"}}}}
    with node_errors(index):
        found = client.search(index=index, body=body)["aggregations"]["newest"]["value"]
    # An order has fewer bits than a double holds exactly: microseconds reach 2^53 in 2255.
    return int(found or 0)


def scan_stored(client: "OpenSearch", index: str) -> Iterator[tuple[str, Stored]]:
    """Yield id, stamps and pictures of every document of a refreshed index.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    from opensearchpy.helpers import scan

    body = {"_source": f"{COLUMNS},{PICTURES}".split(","), "version": True}
    with node_errors(index):
        for hit in scan(client, index=index, query=body, size=BATCH):
            yield hit["_id"], Stored.of(hit)


def count_strangers(client: "OpenSearch", index: str) -> int:
    """Return how many documents of a refreshed index Shelfsight did not write.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    body = {"query": {"bool": {"must_not": {"exists": {"field": "write_order"}}}}}
    with node_errors(index):
        return int(client.count(index=index, body=body)["count"])
