"""The fusions: each a frozen type that owns its parameters and its arithmetic."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar, Protocol

from mappings.errors import InputError
from query.model.input_limits import expression
from query.model.normalise import Floats, engine_min_max, min_max, reciprocal_rank

DEPTH = 200
MAX_DEPTH = 1_000
RANK_CONSTANT = 60
MAX_RANK_CONSTANT = 10_000


@dataclass(frozen=True, slots=True)
class Exact:
    """sum_k w_k n_k(S_k) for every candidate, on the index's fixed scales: the default."""

    name: ClassVar[str] = "exact"


class LegScores(Protocol):
    """The scores of one leg's hits, best first, equal scores by id."""

    @property
    def scores(self) -> Floats:
        """As the leg measures them, float64 (n,): BM25, a cosine."""

    @property
    def engine_scores(self) -> Floats:
        """As the engine returned them, float64 (n,): BM25, (1 + cosine) / 2."""

    @property
    def floor(self) -> float:
        """The least that ``scores`` can be: 0 for BM25, -1 for a cosine."""


@dataclass(frozen=True, slots=True)
class OverLegs(ABC):
    """A fusion of separate legs: sum_k w_k n_k, n_k being the leg's normalised scores.

    Args:
        depth: Hits of each leg that take part, 1 to 1,000; never dependent on the page, as the
            statistics of a leg, and with them the order, would change with it.

    Raises:
        InputError: The depth is out of range.
    """

    name: ClassVar[str]
    depth: int = DEPTH

    def __post_init__(self) -> None:
        _require("depth", self.depth, MAX_DEPTH)

    @abstractmethod
    def normalise(self, leg: LegScores) -> Floats:
        """Return the values of a leg's hits, float64 (n,), in their order."""


@dataclass(frozen=True, slots=True)
class ReciprocalRank(OverLegs):
    """sum_k w_k / (rank_constant + rank_k), rank from 1 in each leg.

    Source: Cormack, Clarke and Buettcher, SIGIR 2009, with weights.
    """

    name: ClassVar[str] = "rrf"
    rank_constant: int = RANK_CONSTANT

    def __post_init__(self) -> None:
        _require("depth", self.depth, MAX_DEPTH)
        _require("rank_constant", self.rank_constant, MAX_RANK_CONSTANT)

    def normalise(self, leg: LegScores) -> Floats:
        """Return 1 / (rank_constant + rank)."""
        return reciprocal_rank(leg.scores, self.rank_constant)


@dataclass(frozen=True, slots=True)
class MinMaxConvex(OverLegs):
    """sum_k w_k (s - min_k) / (max_k - min_k), the ends taken from this query's hits of the leg."""

    name: ClassVar[str] = "min-max"

    def normalise(self, leg: LegScores) -> Floats:
        """Return (s - min) / (max - min)."""
        return min_max(leg.scores)


@dataclass(frozen=True, slots=True)
class Hybrid(OverLegs):
    """The engine's ``hybrid`` query with one of its normalisations and the arithmetic mean."""

    technique: ClassVar[str]


@dataclass(frozen=True, slots=True)
class HybridMinMax(Hybrid):
    """The engine's ``hybrid`` query with its ``min_max`` normalisation and arithmetic mean."""

    name: ClassVar[str] = "hybrid-min-max"
    technique: ClassVar[str] = "min_max"

    def normalise(self, leg: LegScores) -> Floats:
        """Return (s - min) / (max - min), 0.001 in place of 0."""
        return engine_min_max(leg.engine_scores)


Fusion = Exact | OverLegs
EXACT = Exact()

KINDS: dict[str, type[Fusion]] = {
    kind.name: kind for kind in (Exact, ReciprocalRank, MinMaxConvex, HybridMinMax)
}


def parse_fusion(text: str) -> Fusion:
    """Parse a fusion: ``rrf``, ``rrf:rank_constant=20,depth=100``.

    Raises:
        InputError: No such fusion, no such parameter, or a value out of range; names what is
            allowed.
    """
    name, _, rest = expression(text, "Fusion").partition(":")
    kind = KINDS.get(name)
    if kind is None:
        raise InputError(f"There is no fusion {name[:40]!r}.", f"Fusions are {', '.join(KINDS)}.")
    allowed = parameters_of(kind)
    given: dict[str, int] = {}
    for entry in filter(None, rest.split(",")):
        key, _, value = (part.strip() for part in entry.partition("="))
        if key not in allowed or not value.lstrip("-").isdecimal() or key in given:
            raise InputError(
                f"Fusion {name!r} cannot be read from {text[:80]!r}.",
                f"Its parameters are whole numbers: {', '.join(allowed) or 'none'}.",
            )
        given[key] = int(value)
    return kind(**given)


def find_fusion(wanted: str | Fusion) -> Fusion:
    """Return the fusion itself, or the one that a name with parameters asks for.

    Raises:
        InputError: No such fusion, no such parameter, or a value out of range.
    """
    return parse_fusion(wanted) if isinstance(wanted, str) else wanted


def parameters_of(kind: type[Fusion] | Fusion) -> tuple[str, ...]:
    """Return the names of a fusion's parameters."""
    return tuple(f.name for f in fields(kind))


def written(fusion: Fusion) -> str:
    """Return the fusion as ``parse_fusion`` reads it, with every parameter."""
    values = ",".join(f"{name}={getattr(fusion, name)}" for name in parameters_of(fusion))
    return f"{fusion.name}:{values}" if values else fusion.name


def _require(what: str, given: object, limit: int) -> None:
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= limit:
        raise InputError(f"A fusion's {what} is {given!r}.", f"Give 1 to {limit}.")
