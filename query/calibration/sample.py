"""A sample of a live index: titles and vectors of products drawn by a seed, as they are stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mappings.connection import node_errors
from mappings.schema import COHERENCE, DELETED, TITLE, Schema
from mappings.vectors import ProductVectors

SAMPLE_SIZE = 500


@dataclass(frozen=True, slots=True)
class Sample:
    """Products drawn: ids, titles and vectors, in one order."""

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    vectors: tuple[ProductVectors, ...]


def draw_sample(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    schema: Schema,
    *,
    seed: int,
    size: int = SAMPLE_SIZE,
) -> Sample:
    """Return living products drawn by chance, the same ones for the same seed and content.

    Args:
        client: The connection to the node.
        index: The index.
        schema: Its columns.
        seed: Of the draw.
        size: How many, at most 10,000.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    columns = (schema.text_vector, schema.image_vector, schema.attribute_vector)
    names = {"text": columns[0].name, "image": columns[1].name, "attribute": columns[2].name}
    chance = {"random_score": {"seed": seed, "field": "_seq_no"}, "boost_mode": "replace"}
    living = {"bool": {"must_not": [{"term": {DELETED.name: True}}]}}
    body = {
        "size": size,
        "query": {"function_score": {"query": living, **chance}},
        "_source": [TITLE.name, COHERENCE.name, *names.values()],
    }
    with node_errors(index):
        hits = client.search(index=index, body=body)["hits"]["hits"]
    return Sample(
        tuple(hit["_id"] for hit in hits),
        tuple(str(hit["_source"].get(TITLE.name, "")) for hit in hits),
        tuple(_vectors(hit["_source"], names) for hit in hits),
    )


def _vectors(source: Mapping[str, Any], names: Mapping[str, str]) -> ProductVectors:
    by_side = {side: _vector(source.get(column)) for side, column in names.items()}
    return ProductVectors(
        by_side["text"], by_side["image"], by_side["attribute"], (), source.get(COHERENCE.name)
    )


def _vector(value: Any) -> NDArray[np.float32] | None:  # noqa: ANN401 - JSON
    return None if value is None else np.asarray(value, dtype=np.float32)
