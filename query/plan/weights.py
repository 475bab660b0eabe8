"""The weights of one query: the profile's, changed by its rules and by the request."""

from collections.abc import Mapping
from dataclasses import dataclass

from query.model.input_limits import MAX_WEIGHT
from query.model.intent import Intent
from query.model.profiles import Profile, weigh
from query.model.understood import Understood

SIDES = {"text": ("text", "image", "attribute"), "picture": ("picture_image", "picture_attribute")}
"""The vector signals of a request's words, and of its pictures."""


@dataclass(frozen=True, slots=True)
class QueryWeights:
    """The weights of one query.

    Args:
        weights: Signal name to weight, adding up to 1; those of 0 are left out.
        reasons: What determined them, one sentence each.
    """

    weights: Mapping[str, float]
    reasons: tuple[str, ...]


def choose_weights(
    profile: Profile,
    override: Mapping[str, float],
    present: tuple[str, ...],
    understood: Understood,
) -> QueryWeights:
    """Return the weights over the signals that a request has, and why.

    The profile's weights are multiplied by the factors of those of its rules that the query
    meets; the request's own weights stand as they are.

    Args:
        profile: Where weights and rules come from.
        override: The request's own weights by signal name.
        present: Names of the signals that the request has.
        understood: What was read in the query.

    Raises:
        InputError: Nothing that the request has is weighted.
    """
    reasons = [f"The profile {profile.name!r} gives the weights."]
    merged = dict(profile.weights)
    for rule in profile.rules:
        if not (reason := rule.when.met(understood)):
            continue
        factors = {n: f for n, f in rule.factors.items() if n in present and merged.get(n, 0.0) > 0}
        applied = {n: f for n, f in factors.items() if n not in override}
        for name, factor in applied.items():
            merged[name] = min(merged[name] * factor, MAX_WEIGHT)
        if applied:
            changed = ", ".join(f"{n} x {f:g}" for n, f in applied.items())
            reasons.append(f"The query changes {changed}: {reason}.")
    if own := [n for n in override if n in present]:
        reasons.append(f"The request sets {', '.join(own)}.")
    if left := [n for n in profile.weights if profile.weights[n] > 0 and n not in present]:
        reasons.append(f"The request has no {', '.join(left)}: the others share their weight.")
    if merged != profile.weights:
        profile = Profile(profile.name, merged, profile.calibrated)
    return QueryWeights(weigh(profile, override, present), tuple(reasons))


def requested_signals(intent: Intent, profile: Profile) -> frozenset[str]:
    """Return the signals that the request has if nothing fails."""
    weights = {**profile.weights, **(intent.request.weights or {})}
    mixture = intent.request.mixture
    text = intent.text or mixture.like or mixture.but or mixture.without
    picture = intent.request.pictures or mixture.like
    sides = (SIDES["text"] if text else ()) + (SIDES["picture"] if picture else ())
    return frozenset(name for name in (*sides, "agreement") if weights.get(name, 0.0) > 0)
