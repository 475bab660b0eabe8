"""What a caller may choose about the understanding of a query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from mappings.errors import InputError
from query.model.understood import KINDS

Treatment = Literal["hard", "soft", "off"]
TREATMENTS: tuple[Treatment, ...] = get_args(Treatment)


@dataclass(frozen=True, slots=True)
class Understanding:
    """How the words of a request are to be understood.

    Args:
        treat: Kind of property to ``hard`` (every hit has it), ``soft`` (it adds points) or
            ``off`` (it is a word like any other). A price is hard, all others are soft.
        variants: Whether other wordings (spelling, pinyin, script, synonyms) are searched too.
        rules: Whether the shop's rules apply.
        relax: Whether constraints are relaxed when nothing is found.
        enabled: Whether the words are understood at all.

    Raises:
        InputError: An unknown kind or treatment; the allowed ones are named.
    """

    treat: Mapping[str, Treatment] = field(default_factory=dict)
    variants: bool = True
    rules: bool = True
    relax: bool = True
    enabled: bool = True

    def __post_init__(self) -> None:
        for kind, treatment in self.treat.items():
            if kind not in KINDS:
                raise InputError(
                    f"There is no kind of property {kind[:40]!r}.", f"There are {', '.join(KINDS)}."
                )
            if treatment not in TREATMENTS:
                raise InputError(
                    f"{kind} cannot be treated as {str(treatment)[:40]!r}.",
                    f"Choose one of {', '.join(TREATMENTS)}.",
                )

    def of(self, kind: str) -> Treatment:
        """Return how a kind of property is treated."""
        return self.treat.get(kind, "hard" if kind == "price" else "soft")


USUAL = Understanding()


def read_treatments(written: Iterable[str]) -> dict[str, Treatment]:
    """Return the treatments that a person wrote as ``colour=hard``.

    Raises:
        InputError: One cannot be read, or names what does not exist.
    """
    found: dict[str, Treatment] = {}
    for text in written:
        kind, _, treatment = (part.strip() for part in text.partition("="))
        if kind not in KINDS or treatment not in TREATMENTS:
            raise InputError(
                f"Treatment {text[:40]!r} cannot be read.",
                f"Write KIND=TREATMENT; kinds are {', '.join(KINDS)}, treatments"
                f" {', '.join(TREATMENTS)}.",
            )
        found[kind] = treatment
    return found
