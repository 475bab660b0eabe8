"""What a search answers: hits, each with the contributions that add up to its score."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

from query.model.facet_results import FacetCount
from query.model.understood import NOTHING, Understood

TOTAL_OF = "products that match a word or are near a query vector"
REACHABLE_OF = "best candidates, for which the formula is computed"


class Contribution(NamedTuple):
    """One signal's share of a hit's score; a named tuple, as a page has a hundred of them.

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
class MatchedWord:
    """A word of the product that the query's words matched, and the column it stands in."""

    word: str
    column: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a hit has its rank.

    Args:
        rank: Its place, from 1.
        score: The sum of the parts' points.
        parts: The contributions of signals and boosts.
        picture: The picture that matched, where pictures were compared one by one.
        words: Which words matched in which columns.
        placed: Who pinned or buried it; empty otherwise.
        zh: All of it in plain Chinese.
        en: All of it in plain English.
    """

    rank: int
    score: float
    parts: tuple[Contribution, ...]
    picture: MatchedPicture | None
    words: tuple[MatchedWord, ...]
    placed: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One product found; ``score`` is the sum of the contributions' points.

    Args:
        id: The product's id.
        score: What it is ordered by, boosts included.
        contributions: The signals' shares, then the boosts', each named ``boost: …``.
        source: What the answer shows of the product: title, brand, categories, price …
        matched_picture: The picture nearest to the query, where each was compared.
        variants: Ids of the products behind this card, where hits were collapsed.
        placed: Whether it was pinned or buried, and by whom.
        explanation: Why it has its rank, if requested.
    """

    id: str
    score: float
    contributions: tuple[Contribution, ...]
    source: Mapping[str, Any]
    matched_picture: MatchedPicture | None = None
    variants: tuple[str, ...] = ()
    placed: str = ""
    explanation: Explanation | None = None

    @property
    def title(self) -> str:
        """The product's title, empty when it has none."""
        return str(self.source.get("title", ""))


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of hits, and how it was computed.

    Args:
        hits: The page, best first, equal scores by id.
        total: Products in the match set, which is every product that matches a word of the query
            or is among the nearest of a vector leg, and satisfies the filters.
        total_relation: ``eq`` when ``total`` is exact, ``gte`` when there are more.
        window: Candidates that the formula is computed for, on each shard.
        reachable: Hits that can be paged to, at most 1,000: of the window's candidates those that
            are left after the cut, one for each card; on several shards one shard's window at most.
        took_ms: What the engine took, milliseconds.
        encode_ms: What encoding took, milliseconds; a repeated query's is 0.
        degraded: What was left out because it failed: signal names, ``timeout``.
        profile: The profile's name.
        weights: The weights used; they add up to 1.
        weights_because: What determined the weights, one sentence each.
        index: The concrete index that answered.
        identity: Digest of the models' identity.
        understood: What was understood of the words.
        facets: What was counted, in the order asked; each names the set that it counts.
        next: The cursor behind this page; empty when nothing is left to be paged to.
        execution: ``page`` where the engine ordered and paged, ``window`` where the layer did.
        fusion: How the signals became one score, with its parameters.
        total_of: What ``total`` counts.
        reachable_of: What ``reachable`` counts.
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
    weights_because: tuple[str, ...] = ()
    index: str = ""
    identity: str = ""
    understood: Understood = NOTHING
    facets: tuple[FacetCount, ...] = ()
    next: str = ""
    execution: str = "page"
    fusion: str = "exact"
    total_of: str = TOTAL_OF
    reachable_of: str = REACHABLE_OF

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON values."""
        plain = asdict(replace(self, hits=()))
        plain["weights"] = dict(self.weights)
        plain["degraded"] = list(self.degraded)
        plain["weights_because"] = list(self.weights_because)
        plain["facets"] = [
            asdict(f) | {"buckets": list(map(asdict, f.buckets))} for f in self.facets
        ]
        plain["hits"] = [_hit_json(hit) for hit in self.hits]
        return plain


def _hit_json(hit: Hit) -> dict[str, Any]:
    why = hit.explanation
    return {
        "id": hit.id,
        "score": hit.score,
        "contributions": [c._asdict() for c in hit.contributions],
        "matched_picture": asdict(hit.matched_picture) if hit.matched_picture else None,
        "source": dict(hit.source),
        "variants": list(hit.variants),
        "placed": hit.placed,
        "explanation": asdict(why) | {"parts": [c._asdict() for c in why.parts]} if why else None,
    }
