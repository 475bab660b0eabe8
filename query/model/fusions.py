"""The fusions there are: each a frozen type with its own parameters, checked when it is made."""

from dataclasses import dataclass, fields
from typing import ClassVar

from mappings.errors import InputError
from query.model.input_limits import expression

DEPTH = 200
MAX_DEPTH = 1_000
RANK_CONSTANT = 60
MAX_RANK_CONSTANT = 10_000


@dataclass(frozen=True, slots=True)
class Exact:
    """sum_k w_k n_k(S_k) for every candidate, on the index's fixed scales: the default."""

    name: ClassVar[str] = "exact"


@dataclass(frozen=True, slots=True)
class _OverLegs:
    """A fusion of separate legs.

    Args:
        depth: Hits of each leg that take part, 1 to 1,000; never dependent on the page, as the
            statistics of a leg, and with them the order, would change with it.

    Raises:
        InputError: The depth is out of range.
    """

    depth: int = DEPTH

    def __post_init__(self) -> None:
        _require("depth", self.depth, MAX_DEPTH)


@dataclass(frozen=True, slots=True)
class ReciprocalRank(_OverLegs):
    """sum_k w_k / (rank_constant + rank_k), rank from 1 in each leg.

    Source: Cormack, Clarke and Buettcher, SIGIR 2009, with weights.
    """

    name: ClassVar[str] = "rrf"
    rank_constant: int = RANK_CONSTANT

    def __post_init__(self) -> None:
        _require("depth", self.depth, MAX_DEPTH)
        _require("rank_constant", self.rank_constant, MAX_RANK_CONSTANT)


@dataclass(frozen=True, slots=True)
class MinMaxConvex(_OverLegs):
    """sum_k w_k (s - min_k) / (max_k - min_k), the ends taken from this query's hits of the leg."""

    name: ClassVar[str] = "min-max"


@dataclass(frozen=True, slots=True)
class TheoreticalConvex(_OverLegs):
    """sum_k w_k (s - inf_k) / (max_k - inf_k): inf_k is 0 for BM25 and -1 for a cosine.

    Source: Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023.
    """

    name: ClassVar[str] = "theoretical"


@dataclass(frozen=True, slots=True)
class HybridMinMax(_OverLegs):
    """The engine's ``hybrid`` query with its ``min_max`` normalisation and arithmetic mean."""

    name: ClassVar[str] = "hybrid-min-max"
    technique: ClassVar[str] = "min_max"


@dataclass(frozen=True, slots=True)
class HybridL2(_OverLegs):
    """The engine's ``hybrid`` query with its ``l2`` normalisation and arithmetic mean."""

    name: ClassVar[str] = "hybrid-l2"
    technique: ClassVar[str] = "l2"


@dataclass(frozen=True, slots=True)
class HybridZScore(_OverLegs):
    """The engine's ``hybrid`` query with its ``z_score`` normalisation and arithmetic mean.

    The engine's sum S has no upper end; the score is S / (1 + S), which keeps its order.
    """

    name: ClassVar[str] = "hybrid-z-score"
    technique: ClassVar[str] = "z_score"


Hybrid = HybridMinMax | HybridL2 | HybridZScore
OverLegs = ReciprocalRank | MinMaxConvex | TheoreticalConvex | Hybrid
Fusion = Exact | OverLegs
EXACT = Exact()

KINDS: dict[str, type[Fusion]] = {
    kind.name: kind
    for kind in (
        Exact, ReciprocalRank, MinMaxConvex, TheoreticalConvex, HybridMinMax, HybridL2, HybridZScore
    )
}  # fmt: skip


def parse_fusion(text: str) -> Fusion:
    """Return the fusion that a person wrote: ``rrf``, ``rrf:rank_constant=20,depth=100``.

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
