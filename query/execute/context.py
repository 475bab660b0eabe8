"""The search context: what one search asks, of which index, and until when."""

import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from mappings.index import CatalogueIndex
from query.encode.query_vectors import QueryVectors
from query.execute.match_counts import MatchCounts, count_concurrently
from query.model.boosts import Boost
from query.model.cursor import Position
from query.model.intent import Intent
from query.model.placement import Placement
from query.model.request import SearchRequest
from query.opensearch.client import send
from query.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class SearchContext:
    """Everything that the execution of one search needs.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        intent: The request understood.
        vectors: Its vectors, float32 (d,) or ``None``.
        plan_for: Compiles a plan that makes the given number of hits reachable; 0 for the default.
        boosts: Those of the request, the profile and the rules.
        placements: Those of the request and the rules.
        position: Where the previous page ended, from the cursor; ``None`` without a cursor.
        request_mark: The request's fingerprint; equal on all of its pages.
        deadline: When the search is given up, on the ``time.monotonic`` clock.
        executor: Runs the requests that are sent concurrently.
        bypass_cache: Whether the engine's request cache is bypassed for counts.
    """

    client: Any
    index: CatalogueIndex
    intent: Intent
    vectors: QueryVectors
    plan_for: Callable[[int], Plan]
    boosts: tuple[Boost, ...]
    placements: tuple[Placement, ...]
    position: Position | None
    request_mark: bytes
    deadline: float
    executor: Executor
    bypass_cache: bool = False

    @property
    def request(self) -> SearchRequest:
        """The search request."""
        return self.intent.request

    def send(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the engine's reply to a body, within the time that is left."""
        return send(
            self.client,
            self.index.name,
            body,
            self.seconds_left,
            preference=self.request_mark.hex(),
        )

    def start_counting(self, plan: Plan) -> Callable[[], MatchCounts] | None:
        """Start counting a plan's match set; the returned call waits for the counts.

        ``None`` where the ranking request counts by itself.
        """
        if plan.count is None:
            return None
        return count_concurrently(
            self.executor, self.client, self.index.name, plan.count, self.request,
            self.seconds_left, bypass_cache=self.bypass_cache,
        )  # fmt: skip

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline, at least 0.05."""
        return max(0.05, self.deadline - time.monotonic())
