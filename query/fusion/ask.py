"""Several requests sent at once: how they are sent, and what a failure of one means."""

from collections.abc import Mapping, Sequence
from typing import Any

from mappings.connection import node_errors
from mappings.errors import InputError
from query.store import IndexGone, LegFailed, reason

Reply = Mapping[str, Any]


def send_many(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    bodies: Sequence[dict[str, Any]],
    seconds: float,
    shards: Sequence[int | None] = (),
) -> tuple[Reply, ...]:
    """Return the engine's replies to search bodies, in order, from one round trip.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        bodies: The requests.
        seconds: Until the answer is given up.
        shards: For each body the one shard that is asked, ``None`` for all; all where left out.

    Raises:
        InputError: The engine has no hybrid query.
        LegFailed: The engine answered one of them with an error, or not in time.
        IndexGone: There is no such index any more.
        NodeUnreachable: The node does not answer at all.
        StackError: The node refuses this user.
    """
    from opensearchpy import exceptions

    asked = shards or [None] * len(bodies)
    heads = [{} if n is None else {"preference": f"_shards:{n}"} for n in asked]
    lines = [line for pair in zip(heads, bodies, strict=True) for line in pair]
    try:
        answer = client.msearch(
            index=index,
            body=lines,
            params={"request_timeout": seconds},
        )
    except exceptions.NotFoundError:
        raise IndexGone(f"Index {index!r} is gone.", "Ask again.") from None
    except exceptions.ConnectionTimeout as error:
        raise LegFailed(
            f"The engine did not answer in {seconds:.2g} s ({type(error).__name__}).",
            "Ask again; when it stays slow, look at its load.",
        ) from None
    except exceptions.TransportError as error:
        if isinstance(error, exceptions.ConnectionError) or error.status_code in (401, 403):
            with node_errors("the node"):
                raise
        # A body that cannot be read fails the whole trip.
        raise _refusal(reason(error), error.status_code) from None
    replies = tuple(answer["responses"])
    for reply in replies:
        _require(index, reply)
    return replies


def _require(index: str, reply: Reply) -> None:
    """Refuse a reply that is an error, or of which nothing is left.

    Raises:
        IndexGone: There is no such index any more.
        InputError: The engine has no hybrid query.
        LegFailed: Any other error.
    """
    error = reply.get("error")
    if error is None:
        shards = reply["_shards"]
        if shards["failed"] == shards["total"] > 0:
            raise LegFailed("Every shard failed.", "Check the index with `shelfsight doctor`.")
        return
    if error.get("type") == "index_not_found_exception":
        raise IndexGone(f"Index {index!r} is gone.", "Ask again.")
    causes = error.get("root_cause") or [error]
    why = causes[0].get("reason") or error.get("caused_by", {}).get("reason", error)
    raise _refusal(str(why), reply.get("status"))


def _refusal(why: str, status: object) -> InputError | LegFailed:
    """Return what a refusal of the engine's means."""
    if "unknown query [hybrid" in why:
        return InputError(
            "This engine has no hybrid query: its plugin neural-search is not installed.",
            "Choose another fusion, such as 'exact' or 'min-max'.",
        )
    return LegFailed(
        f"The engine refused a leg (HTTP {status}): {why[:300]}",
        "Check the index with `shelfsight doctor`.",
    )
