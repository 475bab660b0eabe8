"""Reconcile: everything is compared anew; what the shop's own writes erased is put back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from attach.backfill import Backfill, Backfilled
from attach.reading import Document, Endurance, ShopReader
from attach.writing import Gone, Removed, write
from mappings.attach import Attachment
from mappings.attached_columns import RESERVED
from mappings.connection import address_of, node_errors


def reconcile(backfill: Backfill) -> Backfilled:
    """Compare every document of the shop's with its vectors, and put back what is missing.

    Args:
        backfill: What would fill it from the start.

    Raises:
        NodeUnreachable: The node does not answer for too long.
        DiskFull: The node takes no writes.
    """
    found = backfill.run(anew=True)
    if backfill.attachment.mode == "in_place":
        return found
    return replace(found, removed=remove_gone(backfill))


def remove_gone(backfill: Backfill) -> int:
    """Delete from the parallel index what the shop's has no more, and return how many.

    Raises:
        NodeUnreachable: The node does not answer for too long.
    """
    attachment, endurance = backfill.attachment, backfill.endurance
    ours, theirs = (
        ShopReader(backfill.client, index, backfill.shards, False, endurance)
        for index in (attachment.index, attachment.source)
    )
    removed = 0
    for page in _every(ours):
        held = theirs.again([d.id for d in page], [d.routing for d in page])
        gone = [d for d in page if d.id not in held]
        if gone:
            fates = write(backfill.client, attachment.index, gone, Gone(), endurance)
            removed += sum(f.fate == "written" for f in fates)
    return removed


def take_out(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    attachment: Attachment,
    shards: int,
    endurance: Endurance,
) -> int:
    """Take our columns out of every document of the shop's, and return how many had them.

    The documents are then as the shop wrote them. The mapping keeps the empty columns: the
    engine cannot take a field out of one.

    Raises:
        NodeUnreachable: The node does not answer for too long; start again to go on.
    """
    reader = ShopReader(client, attachment.index, shards, [f"{RESERVED}.content"], endurance)
    taken = 0
    while True:
        left = 0
        for page in _every(reader):
            ours = [d for d in page if RESERVED in d.source]
            fates = write(client, attachment.index, ours, Removed(), endurance)
            taken += sum(f.fate == "written" for f in fates)
            left += sum(f.fate == "conflict" for f in fates)
        if not left:
            return taken


def forget(client: Any, attachment: Attachment) -> None:  # noqa: ANN401
    """Take our ``_meta`` out of the shop's mapping; the shop's own stays.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    with node_errors(address_of(client)):
        live = client.indices.get_mapping(index=attachment.index)[attachment.index]["mappings"]
        own = {k: v for k, v in live.get("_meta", {}).items() if k != RESERVED}
        client.indices.put_mapping(index=attachment.index, body={"_meta": own})


def _every(reader: ShopReader) -> Iterator[Sequence[Document]]:
    for shard, mark in reader.marks().items():
        yield from reader.pages(shard, -1, mark)
