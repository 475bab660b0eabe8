"""What a search answers: hits, each with the contributions that add up to its score."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from query.understand.understood import NOTHING, Understood


@dataclass(frozen=True, slots=True)
class Contribution:
    """One signal's share of a hit's score.

    Args:
        signal: The signal's name.
        raw: Its value as measured: BM25, a cosine, a distance below 0.
        calibrated: The value on the common scale; 0 where the product lacks the signal.
        weight: Its weight; a request's weights add up to 1.
        points: weight x calibrated.
        missing: Whether the product lacks what the signal compares.
    """

    signal: str
    raw: float
    calibrated: float
    weight: float
    points: float
    missing: bool = False


@dataclass(frozen=True, slots=True)
class MatchedPicture:
    """The picture of a product that was nearest to the query."""

    path: str
    role: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One product found; ``score`` is the sum of the contributions' points.

    ``source`` holds what the answer shows of the product: title, brand, categories, price …
    """

    id: str
    score: float
    contributions: tuple[Contribution, ...]
    source: Mapping[str, Any]
    matched_picture: MatchedPicture | None = None

    @property
    def title(self) -> str:
        """The product's title, empty when it has none."""
        return str(self.source.get("title", ""))


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of hits and how it came about.

    Args:
        hits: The page, best first, equal scores by id.
        total: Products in the match set, which is every product that matches a word of the query
            or is among the nearest of a vector leg, and satisfies the filters.
        total_relation: ``eq`` when ``total`` is exact, ``gte`` when there are more.
        window: Candidates that the formula is computed for, on each shard.
        reachable: Hits that can be paged to: never more than one shard's window.
        took_ms: What the engine took, milliseconds.
        encode_ms: What encoding took, milliseconds; a repeated query's is 0.
        degraded: What was left out because it failed: signal names, ``timeout``.
        profile: The profile's name.
        weights: The weights used; they add up to 1.
        index: The concrete index that answered.
        identity: Digest of the models' identity.
        understood: What was read in the words.
    """

    hits: tuple[Hit, ...]
    total: int
    total_relation: str
    window: int
    reachable: int
    took_ms: int
    encode_ms: float
    degraded: tuple[str, ...]
    profile: str
    weights: Mapping[str, float] = field(default_factory=dict)
    index: str = ""
    identity: str = ""
    understood: Understood = NOTHING

    total_of = "products that match a word or are near a query vector"
    reachable_of = "best candidates, for which the formula is computed"

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON values."""
        plain = asdict(self)
        plain["weights"] = dict(self.weights)
        plain["degraded"] = list(self.degraded)
        plain["hits"] = [_hit_json(hit) for hit in self.hits]
        return plain | {"total_of": self.total_of, "reachable_of": self.reachable_of}


def _hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "id": hit.id,
        "score": hit.score,
        "contributions": [asdict(c) for c in hit.contributions],
        "matched_picture": asdict(hit.matched_picture) if hit.matched_picture else None,
        **{"source": dict(hit.source)},
    }
