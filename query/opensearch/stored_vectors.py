"""Stored vectors of example products and of the cards of a page, read by id."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mappings.connection import node_errors
from mappings.errors import InputError
from mappings.schema import DELETED, Schema
from query.model.filters import NotThese
from query.model.intent import Intent
from query.opensearch.client import IndexGone

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """A stored product's vectors, float32 (d,), ``None`` for what it lacks."""

    id: str
    text: Vector | None
    image: Vector | None
    attribute: Vector | None


def with_examples(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    schema: Schema,
    intent: Intent,
    seconds: float,
) -> tuple[Intent, tuple[Example, ...]]:
    """Return the intent without the products that it asks for more of, and those products.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        schema: Its columns.
        intent: The request understood.
        seconds: Until the answer is given up.

    Raises:
        InputError: A product is not there, was deleted, or has no vector; it is named.
        IndexGone: There is no such index any more.
        NodeUnreachable: The node does not answer.
    """
    request = intent.request
    ids = request.mixture.like
    if not ids:
        return intent, ()
    examples = read_examples(client, index, schema, ids, seconds)
    without = replace(request, filters=(*request.filters, NotThese(ids)))
    return replace(intent, request=without), examples


def read_examples(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    schema: Schema,
    ids: Sequence[str],
    seconds: float,
) -> tuple[Example, ...]:
    """Return the products of these ids, in order.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        schema: Its columns.
        ids: Product ids.
        seconds: Until the answer is given up.

    Raises:
        InputError: A product is not there, was deleted, or has no vector; it is named.
        IndexGone: There is no such index any more.
        NodeUnreachable: The node does not answer.
    """
    columns = [f.name for f in (schema.text_vector, schema.image_vector, schema.attribute_vector)]
    with node_errors("the node"):
        found = client.mget(
            index=index,
            body={"ids": list(ids)},
            params={
                "_source_includes": ",".join([*columns, DELETED.name]),
                "request_timeout": seconds,
            },
        )["docs"]
    examples = []
    for key, document in zip(ids, found, strict=True):
        if "index_not_found" in document.get("error", {}).get("type", ""):
            raise IndexGone(f"Index {index!r} is gone.", "Ask again.")
        source = document.get("_source", {})
        if not document.get("found") or source.get(DELETED.name):
            raise InputError(
                f"There is no product {key[:80]!r} in the catalogue.", "Give ids of its products."
            )
        vectors = [_vector(source.get(column)) for column in columns]
        if all(vector is None for vector in vectors):
            raise InputError(
                f"Product {key[:80]!r} has no vector yet to find others by.",
                "Ask again when it is ingested.",
            )
        examples.append(Example(key, *vectors))
    return tuple(examples)


def read_vectors(
    send: Callable[[dict[str, Any]], dict[str, Any]], ids: Sequence[str], column: str
) -> tuple[dict[str, NDArray[np.float32]], int]:
    """Return the products' vectors, float32 (d,), by id, and what it took, milliseconds.

    Products without the vector are left out.

    Args:
        send: Sends a search body.
        ids: The products.
        column: The vector's column.
    """
    if not ids:
        return {}, 0
    body = {
        "size": len(ids),
        "_source": [column],
        "track_total_hits": False,
        "query": {"ids": {"values": list(ids)}},
    }
    reply = send(body)
    rows = ((row["_id"], row.get("_source", {}).get(column)) for row in reply["hits"]["hits"])
    return {key: np.array(v, np.float32) for key, v in rows if v}, reply["took"]


def _vector(value: object) -> Vector | None:
    return None if value is None else np.asarray(value, dtype=np.float32)
