"""Weight rules: conditions on a query, and the signals that count more or less if they hold."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from mappings.errors import InputError
from query.model.signals import NAMES
from query.model.understood import Understood

LANGUAGES = ("zh", "en", "mixed")


@dataclass(frozen=True, slots=True)
class When:
    """What must be read in a query; everything that is named must hold.

    Args:
        visual_words: It has words for what can be seen: colours, patterns, shapes.
        model_number: It has a word that looks like a model number.
        brand: It names a brand of the catalogue.
        category: The thing it asks for, or a category that it names, in any case of letters.
        language: ``zh``, ``en`` or ``mixed``.
        words_at_most: It has at most so many words.
    """

    visual_words: bool = False
    model_number: bool = False
    brand: bool = False
    category: str = ""
    language: str = ""
    words_at_most: int = 0

    def __post_init__(self) -> None:
        if self.language and self.language not in LANGUAGES:
            raise InputError(
                f"Language {self.language!r} is not known.", f"Choose {', '.join(LANGUAGES)}."
            )

    def met(self, understood: Understood) -> str:
        """Return what in the query meets it, in words; empty where something does not."""
        reasons: list[str] = []
        if self.visual_words:
            visual = ", ".join(understood.visual_words)
            reasons.append(f"it says what can be seen ({visual})" if visual else "")
        if self.model_number:
            number = understood.model_number
            reasons.append(f"it names a model ({number})" if number else "")
        if self.brand:
            brands = ", ".join(c.text for c in understood.constraints if c.kind == "brand")
            reasons.append(f"it names a brand ({brands})" if brands else "")
        if self.category:
            reasons.append(_category(self.category, understood))
        if self.language:
            is_written = understood.language == self.language
            reasons.append(f"it is written in {self.language}" if is_written else "")
        if self.words_at_most:
            count = sum(t.role != "function" for t in understood.tokens)
            few = 0 < count <= self.words_at_most
            reasons.append(f"it has {count} words" if few else "")
        return " and ".join(reasons) if reasons and all(reasons) else ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Signals that count more or less for some queries.

    Args:
        when: For which.
        factors: Signal name to what its weight is multiplied with.

    Raises:
        InputError: An unknown signal, or a factor below 0 or not finite.
    """

    when: When
    factors: Mapping[str, float]

    def __post_init__(self) -> None:
        for name, factor in self.factors.items():
            if name not in NAMES:
                raise InputError(
                    f"A rule: there is no signal {name!r}.", f"Signals are {', '.join(NAMES)}."
                )
            number = isinstance(factor, int | float) and not isinstance(factor, bool)
            if not number or not math.isfinite(factor) or factor < 0:
                raise InputError(
                    f"A rule: the factor of {name!r} is {factor!r}.",
                    "Factors are numbers of at least 0; 2.0 doubles a weight.",
                )


def read_rule(table: Any, where: str) -> Rule:  # noqa: ANN401 - whatever the file holds
    """Return the rule that a table of a profile's file holds.

    Args:
        table: ``when`` and, beside it, signal = factor.
        where: What the file and the profile are called.

    Raises:
        InputError: It is no table, or holds what is not allowed; named with ``where``.
    """
    known = {f.name: f.type for f in fields(When)}
    cure = f"Write when = {{ NAME = … }} with {', '.join(known)}, and signal = factor."
    if not isinstance(table, dict) or not isinstance(table.get("when"), dict) or not table["when"]:
        raise InputError(f"{where}: a rule does not say when it applies.", cure)
    for name, value in table["when"].items():
        if name not in known:
            raise InputError(f"{where}: a rule asks for {name!r}.", cure)
        if type(value) is not known[name]:
            raise InputError(f"{where}: {name!r} is {value!r}.", cure)
    try:
        return Rule(When(**table["when"]), {k: v for k, v in table.items() if k != "when"})
    except InputError as error:
        raise InputError(f"{where}: {error.problem}", error.cure) from None


def _category(wanted: str, understood: Understood) -> str:
    named = [understood.thing, understood.head]
    for constraint in understood.constraints:
        if constraint.kind == "category":
            named += [constraint.text, constraint.value, *constraint.values]
    return f"it asks for {wanted}" if wanted.casefold() in map(str.casefold, named) else ""
