"""Sending several search requests in one round trip, and translating their errors."""

from collections.abc import Mapping, Sequence
from typing import Any

from mappings.errors import InputError
from query.opensearch.client import IndexGone, LegFailed, require_shards, search_errors

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
    asked = shards or [None] * len(bodies)
    heads = [{} if n is None else {"preference": f"_shards:{n}"} for n in asked]
    lines = [line for pair in zip(heads, bodies, strict=True) for line in pair]
    with search_errors(index, seconds, _refusal):  # one body that cannot be read fails them all
        answer = client.msearch(
            index=index,
            body=lines,
            params={"request_timeout": seconds},
        )
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
        require_shards(reply)
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
