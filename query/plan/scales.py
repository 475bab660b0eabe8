"""The scale of each signal for one query: the measured one, or a default."""

import math
import re

import numpy as np
from numpy.typing import NDArray

from mappings.calibration import Affine, Calibration, Centred, Raw, Saturation, Worded
from query.encode.query_vectors import QueryVectors
from query.model.profiles import Profile
from query.model.signals import BestPicture, Signal, VectorSignal
from query.plan.script import Scale

NARROWEST = 1e-3

# Until scales are measured: cosines between 0 and 1, BM25 of a good hit about 10.
DEFAULT_SCALES: dict[str, Affine | Saturation | Raw] = {
    "lexical": Worded(0.0, 20.0, True, 4.0, 3.0, 0.75),
    **{
        name: Affine(0.0, 1.0, clip=True)
        for name in (
            "text", "image", "attribute", "picture_image", "picture_attribute", "coherence",
            "agreement",
        )
    },
}  # fmt: skip

# Ranges of Japanese, Chinese and Korean characters, as parts of a character class.
CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
WORD = re.compile(rf"[^\W{CJK}]+(?:'[^\W\d_]+)?")
_CHARACTER = re.compile(f"[{CJK}]")


def count_words(text: str) -> tuple[int, int]:
    """Return how many words in letters or digits a text has, and how many CJK characters."""
    return len(WORD.findall(text)), len(_CHARACTER.findall(text))


def for_query(
    scale: Affine | Saturation | Raw, query: NDArray[np.float32] | None, text: str
) -> Affine | Saturation | Raw:
    """Return the scale as it is for one query.

    Args:
        scale: The index's.
        query: The vector that the signal compares, float32 (d,).
        text: The query's words.

    Raises:
        InputError: The vector has another length than the scale's centre.
    """
    if isinstance(scale, Worded):
        return scale.at(*count_words(text))
    if isinstance(scale, Centred) and query is not None:
        return scale.at(query)
    return scale


def for_euclidean(scale: Affine | Saturation | Raw) -> Affine | Saturation | Raw:
    """Return a cosine's scale carried over to the negative distance of unit vectors.

    ||q - v||^2 = 2 - 2 q.v for unit vectors, so quantiles carry over exactly.
    """
    if not isinstance(scale, Affine):
        return scale
    low, high = (-math.sqrt(max(0.0, 2.0 - 2.0 * end)) for end in (scale.low, scale.high))
    return Affine(low, max(high, low + NARROWEST), scale.clip)


def scale_of(
    signal: Signal,
    calibration: Calibration,
    profile: Profile,
    vectors: QueryVectors = QueryVectors(),  # noqa: B008 - frozen
    text: str = "",
) -> Scale:
    """Return the signal's scale for one query: the index's, a default if none is measured, or none.

    Args:
        signal: Whose scale.
        calibration: The index's.
        profile: Whether it counts calibrated values.
        vectors: The query's, float32 (d,) or ``None``.
        text: Its words.
    """
    if not profile.calibrated:
        return Raw()
    known = calibration.scales.get(signal.name, DEFAULT_SCALES[signal.name])
    vector = vectors.of(signal.side) if isinstance(signal, VectorSignal | BestPicture) else None
    if vector is None:
        scale = for_query(known, None, text)
    else:
        asked = (getattr(signal, "side", ""), known, text)
        scale = vectors.get_or_compute(asked, lambda: for_query(known, vector, text))
    if isinstance(signal, VectorSignal | BestPicture) and signal.similarity == "euclidean":
        return for_euclidean(scale)
    return scale
