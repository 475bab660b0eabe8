"""English without a download: pocketsphinx, whose model is in its wheel."""

import threading
from collections.abc import Sequence
from typing import Any

from encoders.extras import refuse_argument, require
from encoders.speech.transcript import RATE, Alternative, Samples, primary_language
from mappings.errors import InputError

READINGS = 300
"""Paths through the lattice that are looked at; many say the same."""
KEPT = 20
NAME = "pocketsphinx"


def load(argument: str) -> "Sphinx":
    """Return the transcriber.

    Raises:
        UnknownModel: The package is not installed, or an argument was given.
    """
    refuse_argument(NAME, argument)
    module = require("pocketsphinx", extra="voice", model=NAME)
    return Sphinx(module.Decoder(samprate=RATE, loglevel="FATAL"))


class Sphinx:
    """CMU's decoder with its model of US English.

    Args:
        decoder: A ``pocketsphinx.Decoder``.
    """

    name = NAME

    def __init__(self, decoder: Any) -> None:  # noqa: ANN401 - the package has no types
        self._decoder, self._lock = decoder, threading.Lock()

    def transcribe(self, speech: Samples, language: str) -> Sequence[Alternative]:
        """Return the readings of the lattice, best first.

        A confidence is the reading's share of what the decoder gives to all that are returned.

        Raises:
            InputError: The language is not English.
        """
        if primary_language(language) != "en":
            raise InputError(
                f"{NAME} understands English, not {language[:20]!r}.",
                "Choose language 'en', or a transcriber such as sherpa-onnx:FOLDER.",
            )
        with self._lock:
            found = self._decode(speech)
        total = sum(found.values()) or 1.0
        return [Alternative(text, score / total) for text, score in found.items()]

    def _decode(self, speech: Samples) -> dict[str, float]:
        decoder = self._decoder
        decoder.start_utt()
        decoder.process_raw(speech.tobytes(), full_utt=True)
        decoder.end_utt()
        best = decoder.hyp()
        if best is None or not best.hypstr:
            return {}
        found: dict[str, float] = {best.hypstr: 0.0}
        for _, reading in zip(range(READINGS), decoder.nbest(), strict=False):
            if reading is None or not reading.hypstr:
                break
            if reading.hypstr not in found and len(found) == KEPT:
                break
            found[reading.hypstr] = max(found.get(reading.hypstr, 0.0), float(reading.score))
        found[best.hypstr] = max(found.values()) or 1.0
        return found
