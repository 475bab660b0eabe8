"""Profiles: named sets of weights, built in or read from a small file."""

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mappings.errors import InputError
from query.model.boosts import parse_boost, require_boosts
from query.model.input_limits import MAX_WEIGHT
from query.model.signals import NAMES
from query.model.weight_rules import Rule, When, read_rule


@dataclass(frozen=True, slots=True)
class Profile:
    """Weights by signal name, at least 0; normalised to sum 1 over a request's signals.

    Args:
        name: Its name in requests and answers.
        weights: Signal name to weight; a signal that is not named has none.
        calibrated: Whether the index's scales apply; without them raw values are weighted, as in
            the two-term and three-term formulas (docs/formula.md).
        rules: Change the weights for some queries.
        boosts: Points added after fusion, as people write them: ``0.05 stock``.

    Raises:
        InputError: An unknown signal, a weight below 0 or above 1e6, or no weight at all; a boost
            that cannot be read.
    """

    name: str
    weights: Mapping[str, float]
    calibrated: bool = True
    rules: tuple[Rule, ...] = ()
    boosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_weights(self.weights, f"Profile {self.name!r}")
        require_boosts([parse_boost(written) for written in self.boosts])
        if not any(w > 0 for w in self.weights.values()):
            raise InputError(
                f"Profile {self.name!r} weighs nothing.", "Give at least one signal a weight."
            )


def require_weights(weights: Mapping[str, float], where: str) -> None:
    """Refuse weights of unknown signals, below 0, or above a million.

    Raises:
        InputError: Naming the weight and what is allowed.
    """
    for name, weight in weights.items():
        if name not in NAMES:
            raise InputError(
                f"{where}: there is no signal {name!r}.", f"Signals are {', '.join(NAMES)}."
            )
        if not isinstance(weight, int | float) or not 0 <= weight <= MAX_WEIGHT:  # no NaN either
            raise InputError(
                f"{where}: the weight of {name!r} is {weight!r}.",
                f"Weights are numbers from 0 to {MAX_WEIGHT:,.0f}.",
            )


# Visual words weigh pictures more; a model number weighs lexical matches more.
RULES = (
    Rule(When(visual_words=True), {"image": 1.5}),
    Rule(When(model_number=True), {"lexical": 2.0}),
)
DEFAULT = Profile(
    "default",
    {
        "lexical": 0.33,
        "text": 0.27,
        "image": 0.20,
        "attribute": 0.15,
        "coherence": 0.05,
        "picture_image": 0.60,
        "picture_attribute": 0.15,
    },
    rules=RULES,
)
# The default and pseudo-relevance feedback, which has 2 of 7 parts of the weight.
ADAPTIVE = Profile("adaptive", {**DEFAULT.weights, "agreement": 0.40}, rules=RULES)
# r = alpha * S_qi + beta * S_ia, and the weighted sum of all three similarities, over raw values.
TWO_TERM = Profile(
    "two-term", {"image": 0.5, "picture_image": 0.5, "coherence": 0.5}, calibrated=False
)
THREE_TERM = Profile(
    "three-term",
    {
        "image": 1.0,
        "attribute": 1.0,
        "picture_image": 1.0,
        "picture_attribute": 1.0,
        "coherence": 1.0,
    },
    calibrated=False,
)
BUILT_IN: dict[str, Profile] = {p.name: p for p in (DEFAULT, ADAPTIVE, TWO_TERM, THREE_TERM)}
RENAMED = {"source": TWO_TERM.name, "source-full": THREE_TERM.name}
"""Former names of built-in profiles."""


def load_profiles(path: Path | None) -> dict[str, Profile]:
    """Return the built-in profiles, and over them those of a file or folder where one is given.

    A TOML or JSON file holds ``[profiles.NAME]`` tables of signal = weight, with ``calibrated =
    false`` where raw values are wanted, ``boosts = ["0.05 stock"]``, and
    ``[[profiles.NAME.rules]]`` with ``when`` and signal = factor. A folder holds a file for each
    profile, which is called like it; there the table's own lines stand alone.

    Raises:
        InputError: The file is missing, cannot be read, or holds what is not allowed.
    """
    if path is None:
        return dict(BUILT_IN)
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix in (".toml", ".json"))
        return BUILT_IN | {p.stem: _profile(p.stem, _content(p)) for p in files}
    tables = _content(path).get("profiles", {})
    if not isinstance(tables, dict):
        raise InputError(f"{str(path)!r}: 'profiles' is no table.", "Write [profiles.NAME].")
    return BUILT_IN | {name: _profile(name, table) for name, table in tables.items()}


def _content(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise InputError(
            f"The profiles in {str(path)!r} cannot be read: {error}.",
            "Give a TOML or JSON file with [profiles.NAME] tables, or a folder of profiles.",
        ) from None
    return content if isinstance(content, dict) else {}


def _profile(name: str, table: Any) -> Profile:  # noqa: ANN401 - whatever the file holds
    if not isinstance(table, dict):
        raise InputError(f"Profile {name!r} is no table.", "Write signal = weight in it.")
    written = table.get("rules", [])
    if not isinstance(written, list):
        raise InputError(
            f"Profile {name!r}: 'rules' is no list.", f"Write [[profiles.{name}.rules]]."
        )
    rules = tuple(read_rule(rule, f"Profile {name!r}") for rule in written)
    boosts = table.get("boosts", [])
    if not isinstance(boosts, list) or not all(isinstance(b, str) for b in boosts):
        raise InputError(
            f"Profile {name!r}: 'boosts' is no list of texts.", 'Write boosts = ["0.05 stock"].'
        )
    weights = {k: v for k, v in table.items() if k not in ("calibrated", "rules", "boosts")}
    return Profile(name, weights, bool(table.get("calibrated", True)), rules, tuple(boosts))


def find_profile(wanted: str | Profile, known: Mapping[str, Profile]) -> Profile:
    """Return the profile of that name.

    Raises:
        InputError: There is none; the known ones are named.
    """
    if isinstance(wanted, Profile):
        return wanted
    if wanted not in known and wanted in RENAMED:
        raise InputError(
            f"Profile {wanted!r} is now called {RENAMED[wanted]!r}.",
            f"Ask for {RENAMED[wanted]!r}.",
        )
    if wanted not in known:
        raise InputError(f"There is no profile {wanted!r}.", f"There are {', '.join(known)}.")
    return known[wanted]


def weigh(
    profile: Profile, override: Mapping[str, float], present: tuple[str, ...]
) -> dict[str, float]:
    """Return the weights over the signals that a request has, summing to 1; those of 0 left out.

    Args:
        profile: Where weights come from that are not overridden.
        override: The request's own weights by signal name.
        present: Names of the signals that the request has.

    Raises:
        InputError: Nothing that the request has is weighted.
    """
    merged = {**profile.weights, **override}
    kept = {name: float(merged[name]) for name in present if merged.get(name, 0.0) > 0}
    total = math.fsum(kept.values())
    if not kept:
        raise InputError(
            f"Profile {profile.name!r} weighs none of this request's signals"
            f" ({', '.join(present)}).",
            "Choose another profile or give weights.",
        )
    return {name: weight / total for name, weight in kept.items()}
