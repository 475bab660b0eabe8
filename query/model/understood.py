"""Understood: what was read in a query, shown with every answer and used by the plan."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from encoders.concepts.concept_space import LikelyConcept

Language = Literal["zh", "en", "mixed", "none"]
Kind = Literal["price", "brand", "colour", "size", "material", "gender", "category"]
KINDS: tuple[Kind, ...] = ("price", "brand", "colour", "size", "material", "gender", "category")
Role = Literal["head", "property", "price", "plain", "function"]


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the query.

    Args:
        text: As it was written.
        start: Where it begins in the plain text, characters.
        tag: Part of speech: ``noun``, ``adjective``, ``number``, ``function``, ``other``.
        role: What it does in the query; ``head`` is the thing that is asked for.
    """

    text: str
    start: int
    tag: str
    role: Role


@dataclass(frozen=True, slots=True)
class Constraint:
    """A property that the query asks for.

    Args:
        kind: Which property.
        text: How the query says it.
        value: Its name in the lexicon, or the catalogue's, such as ``red``; empty for a price.
        column: Column of the index that holds it; empty where the catalogue does not know it.
        values: The catalogue's own values that mean it, such as ``颜色=红色``.
        hard: Whether every hit must have it; else products that have it gain points.
        low: Lowest price, in the catalogue's currency; ``None`` for no end.
        high: Highest price; ``None`` for no end.
        currency: As the query names it (``CNY``, ``USD``), empty where it names none.
    """

    kind: Kind
    text: str
    value: str = ""
    column: str = ""
    values: tuple[str, ...] = ()
    hard: bool = False
    low: float | None = None
    high: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """Another wording that is searched beside the original.

    Args:
        text: The whole query in that wording.
        weight: What a match counts, in (0, 1]; the original's counts 1.
        why: ``spelling``, ``pinyin``, ``script`` (simplified or traditional) or ``synonym``.
        given: The words that were replaced.
        used: What stands in their place.
    """

    text: str
    weight: float
    why: Literal["spelling", "pinyin", "script", "synonym"]
    given: str = ""
    used: str = ""


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """A rule of the shop's that this query set off.

    Args:
        id: The rule's name.
        why: What in the query matched.
        pins: Ids of products that stand first, in this order.
        buries: Ids of products that stand last.
        boosts: Filters as people write them (``brand=Nike``), each with its factor.
        filters: Filters that every hit satisfies, as people write them.
        rewrite: What the query was replaced with; empty when it was not.
    """

    id: str
    why: str
    pins: tuple[str, ...] = ()
    buries: tuple[str, ...] = ()
    boosts: tuple[tuple[str, float], ...] = ()
    filters: tuple[str, ...] = ()
    rewrite: str = ""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """What was given up because nothing satisfied it.

    Args:
        step: ``spelling``, ``size``, ``gender``, ``material``, ``colour``, ``category``,
            ``brand`` or ``price``.
        given: What the query asked for.
        used: What was asked instead; empty when it was dropped.
    """

    step: str
    given: str
    used: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """What was read in a query.

    Args:
        text: The query in NFKC, as it was written.
        searched: What is matched: the text without its price phrase, rewritten where a rule
            says so.
        encoded: What is encoded: the corrected wording where there is one, else ``searched``.
        language: Script first: ``zh``, ``en`` (any but Chinese, Japanese, Korean), ``mixed``.
        traditional: Whether it is written in traditional characters.
        tokens: Its words, each with its part.
        head: The word that names the thing, such as 手提包; empty where there is none. Where the
            query is corrected, this and the properties are read in ``encoded``.
        thing: What kind of thing that is, by the lexicon or the catalogue's categories; empty
            where the head was only found by its place.
        looks_like: The kinds of things whose pictures the words ask for, the likeliest first, as
            dictionaries know them; none where they name no kind, or more than a kind.
        constraints: What it asks of the thing.
        variants: Wordings that are searched beside it.
        visual_words: Words for what can be seen: colours, patterns, shapes, looks.
        model_number: A word that looks like one, such as ``WH-1000XM5``; else empty.
        rules: The shop's rules that apply.
        relaxed: What was given up so that something is found, in order.
    """

    text: str
    searched: str
    language: Language
    traditional: bool = False
    tokens: tuple[Token, ...] = ()
    head: str = ""
    constraints: tuple[Constraint, ...] = ()
    variants: tuple[Variant, ...] = ()
    visual_words: tuple[str, ...] = ()
    model_number: str = ""
    rules: tuple[AppliedRule, ...] = ()
    relaxed: tuple[Relaxed, ...] = ()
    encoded: str = ""
    thing: str = ""
    looks_like: tuple[LikelyConcept, ...] = ()

    @property
    def hard(self) -> tuple[Constraint, ...]:
        """The constraints that every hit satisfies."""
        return tuple(c for c in self.constraints if c.hard)

    @property
    def soft(self) -> tuple[Constraint, ...]:
        """The constraints that only add points."""
        return tuple(c for c in self.constraints if not c.hard)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


NOTHING = Understood("", "", "none")
