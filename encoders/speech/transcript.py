"""What a transcriber hears: words, other readings of them, and the seam of this package."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Samples a second of all speech that transcribers are given."""

Samples = NDArray[np.int16]
"""Mono speech, int16 (n,), 16,000 samples a second."""


def primary_language(language: str) -> str:
    """Return the language without its region: ``en`` of ``en-US``."""
    return language.partition("-")[0].lower()


@dataclass(frozen=True, slots=True)
class Alternative:
    """One reading; ``confidence`` in [0, 1] compares the readings of one transcript."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said, as text that a person may edit before it is searched with.

    Args:
        text: The reading that counts; empty where nothing was understood.
        alternatives: The readings, best first, each text once; the first is ``text``.
        language: What was listened for: ``en``, ``zh`` …
        seconds: How long the recording is.
        transcriber: The name of what listened.
        rescored: Whether the catalogue's own terms chose among the readings.
    """

    text: str
    alternatives: tuple[Alternative, ...] = ()
    language: str = ""
    seconds: float = 0.0
    transcriber: str = ""
    rescored: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the transcript as JSON values."""
        return {
            "text": self.text,
            "alternatives": [
                {"text": a.text, "confidence": a.confidence} for a in self.alternatives
            ],
            "language": self.language,
            "seconds": self.seconds,
            "transcriber": self.transcriber,
            "rescored": self.rescored,
        }


@runtime_checkable
class Transcriber(Protocol):
    """Turns speech into words; one call at a time, from any thread."""

    @property
    def name(self) -> str:
        """How it is asked for."""
        ...

    def transcribe(self, speech: Samples, language: str) -> Sequence[Alternative]:
        """Return the readings, best first, none where nothing was understood.

        Args:
            speech: Int16 (n,), mono, 16,000 samples a second.
            language: ``en``, ``zh`` …

        Raises:
            InputError: It does not know the language.
        """
        ...
