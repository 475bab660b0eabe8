"""Guarded writes: nothing of the shop's is overwritten, and every document is accounted for."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from attach.reading import Document, Endurance
from ingest.writer.outcomes import TRANSIENT, reason_of
from mappings.attached_columns import RESERVED
from mappings.errors import DiskFull, NodeUnreachable, StackError

Fate = Literal["written", "conflict", "gone", "failed"]
CHUNK = 100
_REMOVE = {"lang": "painless", "source": f"ctx._source.remove('{RESERVED}')"}


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one document.

    Args:
        id: Its id.
        fate: ``conflict``: it was written by somebody else since it was read; it is read again.
        reason: Why it failed.
    """

    id: str
    fate: Fate
    reason: str = ""


class Change(Protocol):
    """How one document's write is said to the engine."""

    def lines(self, document: Document) -> list[Mapping[str, Any]]:
        """Return the action, and what belongs to it."""
        ...


@dataclass(frozen=True, slots=True)
class Added:
    """Our columns are added to the shop's own document, if it is still the one that was read."""

    reserved: Mapping[str, Mapping[str, Any]]

    def lines(self, document: Document) -> list[Mapping[str, Any]]:
        """Return a partial update, guarded by the document's sequence number."""
        return [{"update": _guarded(document)}, {"doc": {RESERVED: self.reserved[document.id]}}]


@dataclass(frozen=True, slots=True)
class Removed:
    """Our columns are taken out of the shop's own document."""

    def lines(self, document: Document) -> list[Mapping[str, Any]]:
        """Return an update that leaves the document as the shop wrote it."""
        return [{"update": _guarded(document)}, {"script": _REMOVE}]


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The shop's whole document and our columns, in an index of our own.

    The version is the sequence number of the shop's write: a later write always has a greater
    one, so the newest wins whatever comes in which order, and however often.
    """

    reserved: Mapping[str, Mapping[str, Any]]

    def lines(self, document: Document) -> list[Mapping[str, Any]]:
        """Return a whole-document write under the shop's sequence number."""
        place = _place(document) | {"version": document.seq_no + 1, "version_type": "external_gte"}
        own = {k: v for k, v in document.source.items() if k != RESERVED}
        if document.id in self.reserved:
            own[RESERVED] = self.reserved[document.id]
        return [{"index": place}, own]


@dataclass(frozen=True, slots=True)
class Gone:
    """A document that the shop has deleted leaves our index."""

    def lines(self, document: Document) -> list[Mapping[str, Any]]:
        """Return a deletion that a later write of the shop's overrides."""
        place = _place(document) | {"version": document.version, "version_type": "external_gte"}
        return [{"delete": place}]


def write(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    documents: Sequence[Document],
    change: Change,
    endurance: Endurance,
    on_done: Callable[[int], None] = lambda _: None,
) -> list[Written]:
    """Write documents and return what became of each, in order.

    What the node could not take now is sent again, and nothing else.

    Args:
        client: The connection.
        index: The concrete index.
        documents: As they were read.
        change: What is written.
        endurance: How long a node that is away or overloaded is waited for.
        on_done: Called with the number of documents that are settled.

    Raises:
        NodeUnreachable: The node does not answer for too long.
        DiskFull: The node takes no writes because its disk is full.
        StackError: The node refuses the request as a whole.
    """
    settled: dict[str, Written] = {}
    for start in range(0, len(documents), CHUNK):
        left = list(documents[start : start + CHUNK])

        def send(left: list[Document] = left) -> None:
            _send(client, index, left, change, settled)
            left[:] = [d for d in left if d.id not in settled]
            if left:
                raise NodeUnreachable(f"{index!r} takes no more writes now.", "Try again later.")

        endurance.through(send)
        on_done(len(settled))
    return [settled[d.id] for d in documents]


def _send(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    documents: list[Document],
    change: Change,
    settled: dict[str, Written],
) -> None:
    from opensearchpy.exceptions import RequestError, TransportError

    lines = [line for document in documents for line in change.lines(document)]
    body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    content = body.encode("utf-8", "surrogatepass")
    try:
        # No pipeline of the shop's: its documents have been through it.
        reply = client.bulk(body=content, index=index, params={"pipeline": "_none"})
    except RequestError as error:
        raise StackError(f"{index!r} refuses to be written: {error.info}.", "Correct it.") from None
    except TransportError as error:
        if error.status_code != 413:
            raise
        _send_less(client, index, documents, change, settled)
        return
    for document, item in zip(documents, reply["items"], strict=True):
        (answer,) = item.values()
        if answer["status"] in TRANSIENT:
            continue
        settled[document.id] = _fate(document, answer, index)


def _send_less(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    documents: list[Document],
    change: Change,
    settled: dict[str, Written],
) -> None:
    """Send a request that is too large for the node as two; a document that is, fails."""
    if len(documents) == 1:
        only = documents[0].id
        settled[only] = Written(only, "failed", "the document is too large for the node")
        return
    middle = len(documents) // 2
    for half in (documents[:middle], documents[middle:]):
        _send(client, index, half, change, settled)


def _fate(document: Document, answer: Mapping[str, Any], index: str) -> Written:
    status, error = answer["status"], answer.get("error")
    if status < 300:
        return Written(document.id, "written")
    if status == 409:
        return Written(document.id, "conflict")
    if status == 404 and (error is None or "document_missing" in str(error.get("type"))):
        return Written(document.id, "gone")
    reason = reason_of(error) if isinstance(error, Mapping) else str(answer)
    if status == 403:
        raise DiskFull(f"{index!r} takes no writes: {reason}", "Free room, or lift the block.")
    return Written(document.id, "failed", reason)


def _place(document: Document) -> dict[str, Any]:
    place: dict[str, Any] = {"_id": document.id}
    return place | ({"routing": document.routing} if document.routing else {})


def _guarded(document: Document) -> dict[str, Any]:
    return _place(document) | {
        "if_seq_no": document.seq_no, "if_primary_term": document.primary_term
    }  # fmt: skip
