"""The search request, checked against the limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mappings.errors import InputError
from query.model.boosts import Boost, require_boosts
from query.model.cursor import MAX_CURSOR, MAX_REACH
from query.model.diversity import Diversity
from query.model.facet_results import CountedSet
from query.model.facets import Facet, require_facets
from query.model.filters import MAX_FILTERS, Filter, NotThese
from query.model.fusions import EXACT, Fusion, find_fusion
from query.model.input_limits import MAX_NUMBER, MAX_TEXT, plain_text
from query.model.mixture import PLAIN, Mixture
from query.model.placement import require_placement
from query.model.profiles import Profile, require_weights
from query.model.signals import IMAGE_MODES, ImageMode, Similarity, require_similarities
from query.model.sorting import by_relevance, require_order
from query.model.understanding import USUAL, Understanding
from query.model.window import SortKey

MAX_SIZE = 100
MAX_DEPTH = 1_000
MAX_UPLOADS = 4


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One question: words, pictures, or both.

    Args:
        text: At most 200 characters after NFKC; longer ones are refused, never truncated.
        pictures: At most 4 picture files, as bytes; several count as their mean.
        filters: At most 32; every hit satisfies all of them.
        size: Hits on the page, 0 to 100.
        offset: Hits before the page; offset + size is at most 1,000.
        profile: A profile's name, or a profile.
        weights: Weights by signal name that override the profile's.
        image_mode: ``pooled`` or ``best`` picture.
        similarity: Signal name to ``cosine`` (the default), ``dot`` or ``euclidean``.
        understanding: How the words are to be understood.
        mixture: Examples by id, further texts, directions, and how pictures are weighed and cut.
        fusion: How the signals become one score: a fusion, or as written, ``rrf:depth=100``.
        facets: At most 16; what is counted.
        facets_of: Whether facets count the match set or the window.
        sort: At most 4 keys; none sorts by relevance.
        collapse: Column of which each value is one card, such as ``group``; empty for none.
        min_score: Hits below it are not shown, pinned ones excepted; ``None`` for no cut.
        cursor: ``next`` of the previous page's answer; empty for the first page.
        reach: How many hits are reachable by paging, at most 1,000; 0 for the default budget.
            More of them cost more: every candidate is scored.
        diversity: How the first cards are diversified, if at all.
        boosts: At most 8; points added after fusion.
        pins: Ids of at most 20 products that stand first.
        buries: Ids of at most 100 products that stand last.
        explain: Whether each hit has its matched words and an explanation in sentences.

    Raises:
        InputError: A limit is passed; the message names it.
    """

    text: str = ""
    pictures: tuple[bytes, ...] = field(default=(), repr=False)
    filters: tuple[Filter, ...] = ()
    size: int = 24
    offset: int = 0
    profile: str | Profile = "default"
    weights: Mapping[str, float] | None = None
    image_mode: ImageMode = "pooled"
    similarity: Mapping[str, Similarity] = field(default_factory=dict)
    understanding: Understanding = USUAL
    fusion: str | Fusion = EXACT
    mixture: Mixture = PLAIN
    facets: tuple[Facet, ...] = ()
    facets_of: CountedSet = "match_set"
    sort: tuple[SortKey, ...] = ()
    collapse: str = ""
    min_score: float | None = None
    cursor: str = field(default="", repr=False)
    reach: int = 0
    diversity: Diversity | None = None
    boosts: tuple[Boost, ...] = ()
    pins: tuple[str, ...] = ()
    buries: tuple[str, ...] = ()
    explain: bool = False

    def __post_init__(self) -> None:
        plain = plain_text(self.text)
        if len(plain) > MAX_TEXT:
            raise InputError(
                f"The query has {len(plain)} characters; {MAX_TEXT} are allowed.", "Shorten it."
            )
        if not plain and not self.pictures and not self.mixture.like:
            raise InputError(
                "The query is empty.", "Give words, a picture, a product's id, or several of them."
            )
        self.mixture.require(plain, len(self.pictures))
        _require(len(self.pictures) <= MAX_UPLOADS, "pictures", len(self.pictures), MAX_UPLOADS)
        given = sum(not isinstance(kept, NotThese) for kept in self.filters)
        _require(given <= MAX_FILTERS, "filters", given, MAX_FILTERS)
        _require(0 <= self.size <= MAX_SIZE, "size", self.size, MAX_SIZE)
        depth = self.offset + self.size
        _require(self.offset >= 0 and depth <= MAX_DEPTH, "offset + size", depth, MAX_DEPTH)
        if self.image_mode not in IMAGE_MODES:
            raise InputError(
                f"Image mode {self.image_mode!r} is not known.",
                f"Choose one of {', '.join(IMAGE_MODES)}.",
            )
        find_fusion(self.fusion)
        _require_arrangement(self)
        require_similarities(self.similarity)
        require_weights(self.weights or {}, "The request")


def _require_arrangement(request: SearchRequest) -> None:
    """Refuse facets, orders, boosts, placements and pages beyond the limits.

    Raises:
        InputError: Naming what was given and what is allowed.
    """
    require_facets(request.facets, request.filters, request.facets_of)
    require_order(request.sort, request.collapse)
    require_boosts(request.boosts)
    require_placement(request.pins, request.buries)
    _require(0 <= request.reach <= MAX_REACH, "reach", request.reach, MAX_REACH)
    _require(len(request.cursor) <= MAX_CURSOR, "cursor", len(request.cursor), MAX_CURSOR)
    if request.cursor and request.offset:
        raise InputError(
            f"A cursor and offset {request.offset} are given.", "A cursor needs no offset."
        )
    if request.min_score is not None and not abs(request.min_score) <= MAX_NUMBER:
        raise InputError(f"min_score is {request.min_score}.", "Give a number, such as 0.2.")
    if request.diversity and not by_relevance(request.sort):
        raise InputError(
            f"Diversity is asked for hits sorted by {request.sort[0].column!r}.",
            "It orders by relevance: leave one of the two out.",
        )


def _require(met: bool, what: str, given: int, limit: int) -> None:
    if not met:
        raise InputError(f"{what} is {given}; 0 to {limit} are allowed.", "Ask for less.")
