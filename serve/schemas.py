"""What goes over the wire: the request's and the answers' shapes, as OpenAPI shows them."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from query.model.input_limits import MAX_NUMBER
from query.model.understood import Understood

ProblemKind = Literal[
    "input",
    "identity_mismatch",
    "too_large",
    "too_slow",
    "too_busy",
    "unsupported_media",
    "not_found",
    "method_not_allowed",
    "node_unreachable",
    "stack",
    "not_ready",
    "not_offered",
    "internal",
]


T = TypeVar("T")
MAX_WHOLE = 2**31 - 1
MAX_ENTRIES = 256
"""Entries of any list or table: above each one's own limit, whose error says more, and so few
that a body full of faults is refused in milliseconds."""
Whole = Annotated[int, Field(ge=-MAX_WHOLE, le=MAX_WHOLE)]
Real = Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)]
BoundedList = Annotated[list[T], Field(max_length=MAX_ENTRIES)]
Table = Annotated[dict[str, T], Field(max_length=MAX_ENTRIES)]
Values = Annotated[list[str], Field(max_length=4 * MAX_ENTRIES)]


class _RequestPart(BaseModel):
    """What a client sends: strict types, no unknown names, numbers that are numbers."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class _Response(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True)


class ColumnFilter(_RequestPart):
    """The column holds at least one of the values."""

    column: str = Field(examples=["brand"])
    any_of: Values = Field(examples=[["Nike", "耐克"]])


class AttributeFilter(_RequestPart):
    """The product has the attribute with at least one of the values."""

    attribute: str = Field(examples=["颜色"])
    any_of: Values = Field(examples=[["红色"]])


class RangeFilter(_RequestPart):
    """The column's number lies in a range; give one or two ends."""

    column: str = Field(examples=["price"])
    gte: Real | None = None
    gt: Real | None = None
    lte: Real | None = None
    lt: Real | None = None


def _filter_kind(given: object) -> str:
    if isinstance(given, str):
        return "written"
    names = given if isinstance(given, dict) else getattr(type(given), "model_fields", ())
    if "attribute" in names:
        return "attribute"
    return "column" if "any_of" in names else "range"


Filter = Annotated[
    Annotated[str, Tag("written")]
    | Annotated[ColumnFilter, Tag("column")]
    | Annotated[AttributeFilter, Tag("attribute")]
    | Annotated[RangeFilter, Tag("range")],
    Discriminator(_filter_kind),
]


class UnderstandingBody(_RequestPart):
    """How the words of `text` are to be understood."""

    treat: Table[str] = Field(
        {},
        description="Kind of property (`price`, `brand`, `colour`, `size`, `material`, `gender`,"
        " `category`) to `hard` (every hit has it), `soft` (it adds points) or `off`. A price is"
        " hard, all others are soft.",
        examples=[{"colour": "hard"}],
    )
    variants: bool = Field(
        True, description="Search other wordings too: spelling, pinyin, script, synonyms."
    )
    rules: bool = Field(True, description="Apply the shop's rules.")
    rescue: bool = Field(True, description="Relax what the words ask for when nothing is found.")
    enabled: bool = Field(True, description="Understand the words at all.")


class FacetRange(_RequestPart):
    """From ``low``, itself included, to ``high``, itself excluded; leave one out for no end."""

    low: Real | None = None
    high: Real | None = None


class FacetGiven(_RequestPart):
    """What is counted: a column's or an attribute's values, or a number's ranges or steps."""

    column: str = Field("", examples=["price"])
    attribute: str = Field("", examples=["颜色"])
    size: Whole | None = Field(None, description="How many values, at most 100; 20 if left out.")
    ranges: BoundedList[FacetRange] = Field([], description="At most 50 ranges of a number.")
    interval: Real | None = Field(None, description="Width of a step; at most 200 steps from 0.")


class DiversityGiven(_RequestPart):
    """How much relevance is given up so that neighbours on the page are less alike."""

    relevance: Real = Field(0.7, description="Lambda, 0 to 1: 1 keeps the order of relevance.")
    over: str = Field("image", description="Which vectors say how alike: text, image, attribute.")
    pool: Whole = Field(100, description="So many of the first cards are ordered anew, 2 to 200.")


class SearchBody(_RequestPart):
    """One question: words, pictures, or both."""

    text: str = Field("", description="At most 200 characters after NFKC.", examples=["红色运动鞋"])
    pictures: BoundedList[str] = Field(
        [],
        description="Small pictures as base64 or data: URLs, at most 4; larger ones go as"
        " multipart/form-data.",
    )
    filters: BoundedList[Filter] = Field(
        [],
        description="Every hit satisfies all of them. Written (`brand=Nike`, `颜色=红色`,"
        " `price=100..500`) or as objects.",
    )
    size: Whole = Field(24, description="Hits on the page, 0 to 100.")
    offset: Whole = Field(0, description="Hits before the page; offset + size is at most 1000.")
    profile: str = Field("default", description="A named set of weights.")
    weights: Table[Real] = Field(
        {}, description="Weights by signal, over the profile's.", examples=[{"image": 0.5}]
    )
    image_mode: str = Field("pooled", description="`pooled`, or `best` of the pictures.")
    similarity: Table[str] = Field(
        {}, description="Signal to `cosine` (the default), `dot` or `euclidean`."
    )
    fusion: str = Field(
        "exact",
        description="How signals become one score: `exact`, `rrf`, `min-max`,"
        " `hybrid-min-max`; with parameters as in `rrf:rank_constant=20,depth=100`.",
    )
    like: BoundedList[str] = Field(
        [], description="Ids of products that more are wanted of, at most 8; they are left out."
    )
    also: BoundedList[str] = Field([], description="Further texts beside `text`, at most 3.")
    but: str = Field(
        "", description="Words that the pictures or products are moved to.", examples=["in red"]
    )
    without: str = Field("", description="Words that the question is moved away from.")
    strength: Real = Field(1.0, description="How far `but` and `without` move, 0 to 4.")
    picture_weights: BoundedList[Real] = Field(
        [], description="A weight for each picture, then for each product of `like`."
    )
    boxes: BoundedList[BoundedList[Real] | None] = Field(
        [],
        description="For each picture the part that counts, as left, top, right and bottom in"
        " shares of its width and height; null for all of it.",
    )
    subject: bool = Field(
        False, description="Cut pictures that have no box to what they are of, found here."
    )
    understanding: UnderstandingBody = Field(
        UnderstandingBody(), description="How the words are to be understood."
    )
    facets: BoundedList[str | FacetGiven] = Field(
        [],
        description="At most 16. Written (`brand`, `brand:50`, an attribute's name,"
        " `price=0..50,50..`, `price/25`) or as objects.",
    )
    facets_of: str = Field(
        "match_set", description="What facets count: `match_set` or `window`, as the answer says."
    )
    sort: BoundedList[str] = Field(
        [],
        description="At most 4 of `relevance`, `price`, `added`, `stock`, `brand`; `-price` begins"
        " with the highest. The window's hits are sorted; what lacks the column comes last.",
    )
    collapse: str = Field("", description="One card for each value of `group` or `brand`.")
    min_score: Real | None = Field(None, description="Hits that score less are not shown.")
    cursor: str = Field("", description="`next` of the last answer; the rest of the request stays.")
    reach: Whole = Field(
        0, description="How many hits shall be there to be paged to, at most 1000; costs time."
    )
    diversity: DiversityGiven | None = None
    boosts: BoundedList[str] = Field(
        [],
        description="At most 8, 0.5 points each, 1 together: `0.05 stock`, `0.1 margin 0..0.5`,"
        " `0.1 new 30` (days to half), `-0.2 where brand=X`.",
    )
    pins: BoundedList[str] = Field([], description="Ids of products that stand first, at most 20.")
    buries: BoundedList[str] = Field(
        [], description="Ids of products that stand last, at most 100."
    )
    explain: bool = Field(False, description="Say of each hit which words matched, and why.")


class ContributionAnswer(_Response):
    """One signal's share of a score: points = weight x calibrated."""

    signal: str
    raw: float
    calibrated: float
    weight: float
    points: float
    missing: bool = Field(description="The product lacks what the signal compares.")


class PictureAnswer(_Response):
    """The product's picture that was nearest to the query."""

    path: str
    role: str


class WordAnswer(_Response):
    """A word of the product that matched, and where it stands."""

    word: str
    column: str


class ExplanationAnswer(_Response):
    """Why a hit is where it is, in numbers and in plain Chinese and English."""

    rank: int
    score: float
    parts: list[ContributionAnswer]
    picture: PictureAnswer | None
    words: list[WordAnswer]
    placed: str
    zh: str
    en: str


class HitAnswer(_Response):
    """One product; its score is the sum of the contributions' points, boosts included."""

    id: str
    score: float
    contributions: list[ContributionAnswer]
    matched_picture: PictureAnswer | None
    source: dict[str, Any] = Field(description="What is shown: title, brand, price …")
    variants: list[str] = Field(description="Ids of the products behind this card.")
    placed: str = Field(description="Who pinned or buried it; empty otherwise.")
    explanation: ExplanationAnswer | None


class BucketAnswer(_Response):
    """One line of a facet: a value, or a range from `low` to below `high`."""

    value: str | None
    count: int
    low: float | str | None
    high: float | str | None
    chosen: bool = Field(description="A filter of the request asks for it.")


class FacetAnswer(_Response):
    """A facet counted."""

    name: str
    kind: str = Field(description="`terms`, `ranges` or `histogram`.")
    counted: str = Field(description="Over which set: `match_set` or `window`.")
    buckets: list[BucketAnswer]
    other: int = Field(description="Products under values that are not listed.")


class SearchAnswer(_Response):
    """One page of hits and how it came about."""

    hits: list[HitAnswer]
    total: int
    total_relation: str = Field(
        description="`eq` when `total` is exact, `gte` when there are more."
    )
    total_of: str = Field(description="What `total` counts.")
    window: int = Field(description="Candidates the formula is computed for, on each shard.")
    reachable: int = Field(description="Hits that can be paged to.")
    reachable_of: str = Field(description="What `reachable` counts.")
    fusion: str = Field(description="How the signals became one score, with its parameters.")
    took_ms: int = Field(description="The engine's time, milliseconds.")
    encode_ms: float = Field(description="Encoding time, milliseconds; 0 for a repeated query.")
    degraded: list[str] = Field(description="What was left out because it failed.")
    profile: str
    weights: dict[str, float] = Field(description="The weights used; they add up to 1.")
    weights_because: list[str] = Field(description="Why they are what they are, in sentences.")
    index: str
    identity: str
    understood: Understood = Field(
        description="What was read in the words, which rules applied, and what was relaxed."
    )
    facets: list[FacetAnswer] = Field(description="In the order in which they were asked for.")
    next: str = Field(description="The cursor behind this page; empty when nothing is left.")
    execution: str = Field(description="`page` or `window`: who ordered the hits.")


class Problem(_Response):
    """What went wrong, the cure, and the HTTP status."""

    type: ProblemKind
    status: int
    problem: str
    cure: str


class Health(_Response):
    """Whether a search can be answered now, and by what."""

    status: Literal["ok", "starting", "unavailable"]
    node: bool = Field(description="The node answers.")
    alias: str
    index: str = Field(description="The concrete index behind the alias.")
    identity: str = Field(description="Digest of the models' identity.")
    models_loaded: bool
    problem: str = ""
    cure: str = ""


class Live(_Response):
    """The process serves requests."""

    status: Literal["ok"] = "ok"
