"""Results on the way: a window as it was retrieved, and the page that is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from query.model.cursor import Position
from query.model.facet_results import FacetCount
from query.model.result import Hit
from query.model.window import Relation, Window
from query.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class PageResult:
    """One page of hits, and how it was computed.

    Args:
        hits: The page.
        total: Products in the match set.
        total_relation: ``eq`` when ``total`` is exact.
        window: Candidates that a shard was asked for.
        reachable: Hits that can be paged to.
        took_ms: What the engine took, milliseconds.
        weights: The weights used, by signal name.
        degraded: ``timeout`` or ``shards`` where the engine answered in part.
        facets: Facet counts.
        position: The position behind the page; ``None`` when nothing is left.
        execution: ``page`` or ``window``.
        total_of: What ``total`` counts; empty for the default.
        reachable_of: What ``reachable`` counts; empty for the default.
        weight_reasons: Why the weights are what they are.
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
    weight_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetrievedWindow:
    """A window as retrieved, before post-processing.

    Args:
        plan: The plan that retrieved it; it also reads the page.
        window: The candidates.
        facets: Facet counts over the match set.
        took_ms: What the engine took, milliseconds.
        weights: The weights used.
        degraded: ``timeout`` or ``shards`` where the engine answered in part.
        total_of: What the total counts; empty for the default.
        reachable_of: What the candidates are; empty for the default.
    """

    plan: Plan
    window: Window
    facets: tuple[FacetCount, ...]
    took_ms: int
    weights: Mapping[str, float]
    degraded: frozenset[str]
    total_of: str = ""
    reachable_of: str = field(default="")
