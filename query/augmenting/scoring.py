"""The formula as one script for every request: which signals it adds up is said by parameters.

One text serves all requests, so that the engine compiles it once, a cluster can store it under a
versioned name, and a shop that is not in Python can call it by that name.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from mappings.attached_columns import ATTRIBUTE, COHERENCE, IMAGE, TEXT
from mappings.calibration import Affine, Calibration, Raw, Saturation, Worded
from query.plan.scales import DEFAULT_SCALES

VERSION = 1
LEXICAL = "lexical"
# Signal, the parameter that holds its query vector, its column.
SIGNALS = (
    ("text", "q_text", TEXT),
    ("image", "q_seen", IMAGE),
    ("attribute", "q_text", ATTRIBUTE),
    ("picture_image", "q_picture", IMAGE),
    ("picture_attribute", "q_picture", ATTRIBUTE),
)
NAMES = (LEXICAL, *(name for name, _, _ in SIGNALS), "coherence")
_NO_END = 1.0e9
_SHIFT = 1.01  # raw cosines reach -1, and an engine's scores may not be negative

_SCALED = (
    "double scaled(double raw, def n) {"
    " return Math.min(Math.max((raw - n[0]) * n[1], n[2]), n[3]); }"
)


def _signal(name: str, vector: str, column: str) -> str:
    had = f"params.w.{name} > 0 && params.containsKey('{vector}')"
    cosine = f"cosineSimilarity(params.{vector}, doc['{column}'])"
    return (
        f"if ({had}) {{ all += params.w.{name}; if (doc['{column}'].size() > 0)"
        f" {{ s += params.w.{name} * scaled({cosine}, params.n.{name}); }} }}"
    )


SOURCE = " ".join(
    [
        _SCALED,
        "double s = 0.0; double all = 0.0;",
        "if (params.w.lexical > 0) { all += params.w.lexical; double r = Math.max(_score, 0.0);"
        " s += params.w.lexical * (params.c > 0 ? r / (r + params.c) : r); }",
        *(_signal(*signal) for signal in SIGNALS),
        f"if (params.w.coherence > 0) {{ all += params.w.coherence;"
        f" if (doc['{COHERENCE}'].size() > 0) {{ s += params.w.coherence"
        f" * scaled(doc['{COHERENCE}'].value[0], params.n.coherence); }} }}",
        "return all > 0 ? Math.max(s / all + params.shift, 0.0) : 0.0;",
    ]
)
SCRIPT_ID = f"shelfsight-formula-{VERSION}-{hashlib.sha256(SOURCE.encode()).hexdigest()[:8]}"
"""The stored script's name: another text has another name, so two versions never meet."""


def shift_of(calibrated: bool) -> float:
    """Return what is added to every score in the engine: nothing over calibrated scales."""
    return 0.0 if calibrated else _SHIFT


def parameters(
    weights: Mapping[str, float],
    calibration: Calibration,
    vectors: Mapping[str, list[float]],
    *,
    calibrated: bool,
    scale: float | None = None,
) -> dict[str, Any]:
    """Return the script's parameters.

    Args:
        weights: Weight by signal; the script divides by the sum of those that the request has.
        calibration: The signals' scales.
        vectors: ``q_text``, ``q_seen`` (what the words look like) and ``q_picture``, floats (d,);
            those that the request has.
        calibrated: Whether the scales apply, or raw values are weighed.
        scale: Of the shop's own scores: what counts as half of full; the calibration's if left
            out.
    """
    return {
        "w": {name: float(weights.get(name, 0.0)) for name in NAMES},
        "n": {n: scale_numbers(n, calibration, calibrated) for n in NAMES if n != LEXICAL},
        "c": lexical_scale(calibration, scale) if calibrated else 0.0,
        "shift": shift_of(calibrated),
        **vectors,
    }


def scale_numbers(name: str, calibration: Calibration, calibrated: bool) -> list[float]:
    """Return a signal's scale as the script reads it: low, slope, least and greatest value."""
    scale = calibration.scales.get(name, DEFAULT_SCALES[name]) if calibrated else Raw()
    if isinstance(scale, Affine):
        top = 1.0 if scale.clip else _NO_END
        return [scale.low, 1.0 / (scale.high - scale.low), 0.0, top]
    return [0.0, 1.0, -_NO_END, _NO_END]


def lexical_scale(calibration: Calibration, given: float | None) -> float:
    """Return the c of s / (s + c) for the shop's scores."""
    if given is not None:
        return Saturation(given).c
    found = calibration.scales.get(LEXICAL, DEFAULT_SCALES[LEXICAL])
    if isinstance(found, Worded):
        return found.high / 2.0
    return found.c if isinstance(found, Saturation) else Saturation(10.0).c


def inline(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the script with its text."""
    return {"lang": "painless", "source": SOURCE, "params": dict(params)}
