"""Sending a search request to OpenSearch, and translating its errors."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mappings.connection import node_errors
from mappings.errors import ShelfsightError, StackError


class LegFailed(StackError):
    """The engine refused the request or did not finish it; a simpler one may succeed."""


class IndexGone(ShelfsightError):
    """The concrete index was swapped away and deleted since the alias was asked."""


def send(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    body: dict[str, Any],
    seconds: float,
    *,
    preference: str = "",
    bypass_cache: bool = False,
) -> dict[str, Any]:
    """Return the engine's reply to a search body.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index, so that an alias swap cannot mix models.
        body: The whole request.
        seconds: Until the answer is given up.
        preference: Requests of the same preference are answered by the same copies of the shards,
            as copies differ in their statistics and so in scores; empty for any copy.
        bypass_cache: Whether the engine's request cache is bypassed.

    Raises:
        LegFailed: The engine answered with an error, or not in time.
        IndexGone: There is no such index any more.
        NodeUnreachable: The node does not answer at all.
        StackError: The node refuses this user.
    """
    with search_errors(index, seconds, _refused):
        reply: dict[str, Any] = client.search(
            index=index,
            body=body,
            params={"include_named_queries_score": "true", "request_timeout": seconds}
            | ({"preference": preference} if preference else {})
            | ({"request_cache": "false"} if bypass_cache else {}),
        )
    require_shards(reply)
    return reply


@contextmanager
def search_errors(
    index: str, seconds: float, refused: Callable[[str, object], ShelfsightError]
) -> Iterator[None]:
    """Turn the client's errors of a search into what they mean for it.

    Args:
        index: The concrete index.
        seconds: Until the answer was to be given up.
        refused: Makes an error of the engine's reason and HTTP status, where it refuses.

    Raises:
        LegFailed: The engine did not answer in time.
        IndexGone: There is no such index any more.
        NodeUnreachable: The node does not answer at all.
        StackError: The node refuses this user.
    """
    from opensearchpy import exceptions

    try:
        yield
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
        raise refused(reason(error), error.status_code) from None


def require_shards(reply: Mapping[str, Any]) -> None:
    """Refuse a reply that no shard gave.

    Raises:
        LegFailed: Every shard failed.
    """
    if reply["_shards"]["failed"] == reply["_shards"]["total"] > 0:
        raise LegFailed("Every shard failed.", "Check the index with `shelfsight doctor`.")


def _refused(why: str, status: object) -> LegFailed:
    return LegFailed(
        f"The engine refused the search (HTTP {status}): {why}",
        "Check the index with `shelfsight doctor`.",
    )


def reason(error: Any) -> str:  # noqa: ANN401 - opensearchpy.TransportError
    """Return the innermost reason that the engine gives."""
    info = error.info if isinstance(error.info, dict) else {}
    found = info.get("error", {})
    causes = found.get("root_cause") or [found] if isinstance(found, dict) else [{}]
    return str(causes[0].get("reason", error.error))[:300]
