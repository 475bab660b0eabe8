"""Stored vectors of a few products, read by id."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
