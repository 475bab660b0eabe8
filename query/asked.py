"""A search on its way: what is asked of whom, what was found, and what is answered."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from mappings.index import CatalogueIndex
from query.boosts import Boost
from query.counted import Counts, count_beside
from query.cursor import Position
from query.facet_lines import FacetCount
from query.intent import Intent
from query.placement import Placement
from query.plan import Plan
from query.request import SearchRequest
from query.result import Hit
from query.store import send
from query.vectors import QueryVectors
from query.window import Relation, Window


@dataclass(frozen=True, slots=True)
class Asked:
    """One search on its way: what is asked, and of whom.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        intent: The request understood.
        vectors: Its vectors, float32 (d,) or ``None``.
        plan_for: Compiles the plan that makes so many hits reachable; 0 for the usual budget.
        boosts: The request's, the profile's and the rules'.
        placements: The request's and the rules'.
        position: Where the cursor says that the last page ended; ``None`` without a cursor.
        mark: The request's fingerprint; all its pages bear the same.
        ends: When the search is given up, as ``time.monotonic`` counts.
        beside: Whose threads send what is asked at the same time.
        anew: Whether counts that the engine has kept are not to be used.
    """

    client: Any
    index: CatalogueIndex
    intent: Intent
    vectors: QueryVectors
    plan_for: Callable[[int], Plan]
    boosts: tuple[Boost, ...]
    placements: tuple[Placement, ...]
    position: Position | None
    mark: bytes
    ends: float
    beside: Executor
    anew: bool = False

    @property
    def request(self) -> SearchRequest:
        """What was asked."""
        return self.intent.request

    def send(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the engine's reply to a body, within the time that is left."""
        return send(self.client, self.index.name, body, self.left, same=self.mark.hex())

    def counts(self, plan: Plan) -> Callable[[], Counts] | None:
        """Return what waits for a plan's counts, ``None`` where the ranking request counts."""
        if plan.count is None:
            return None
        return count_beside(
            self.beside, self.client, self.index.name, plan.count, self.request, self.left,
            anew=self.anew,
        )  # fmt: skip

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return max(0.05, self.ends - time.monotonic())


@dataclass(frozen=True, slots=True)
class Answered:
    """What an execution found.

    Args:
        hits: The page.
        total: Products in the match set.
        total_relation: ``eq`` when ``total`` is exact.
        window: Candidates that a shard was asked for.
        reachable: Hits that can be paged to.
        took_ms: What the engine took, milliseconds.
        weights: The weights used, by signal name.
        degraded: ``timeout`` or ``shards`` where the engine answered in part.
        facets: What was counted.
        position: The position behind the page; ``None`` when nothing is left.
        execution: ``page`` or ``window``.
        total_of: What ``total`` counts; empty for the usual.
        reachable_of: What ``reachable`` counts; empty for the usual.
        because: Why the weights are what they are.
    """

    hits: tuple[Hit, ...]
    total: int
    total_relation: Relation
    window: int
    reachable: int
    took_ms: int
    weights: Mapping[str, float]
    degraded: frozenset[str]
    facets: tuple[FacetCount, ...] = ()
    position: Position | None = None
    execution: str = "page"
    total_of: str = ""
    reachable_of: str = ""
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A window as it was found, before it is arranged.

    Args:
        plan: What it was found by; it also reads the page.
        window: The candidates.
        facets: The match set's.
        took_ms: What the engine took, milliseconds.
        weights: The weights used.
        degraded: What was left out.
        total_of: What the total counts; empty for the usual.
        reachable_of: What the candidates are; empty for the usual.
    """

    plan: Plan
    window: Window
    facets: tuple[FacetCount, ...]
    took_ms: int
    weights: Mapping[str, float]
    degraded: frozenset[str]
    total_of: str = ""
    reachable_of: str = field(default="")
