"""Many languages by a Whisper model: faster-whisper."""

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from encoders.extras import require
from encoders.speech.transcript import Alternative, Samples, primary_language
from mappings.errors import InputError, UnknownModel

NAME = "faster-whisper"


def load(argument: str) -> "Whisper":
    """Return the transcriber over a model's size (which is downloaded) or its folder.

    Raises:
        UnknownModel: The package is not installed, or the model cannot be loaded.
    """
    package = require("faster_whisper", extra="whisper", model=NAME)
    try:
        model = package.WhisperModel(argument or "small", device="cpu", compute_type="int8")
    except (ValueError, OSError, RuntimeError) as error:
        raise UnknownModel(
            f"The speech model {argument or 'small'!r} cannot be loaded: {error}.",
            "Give a folder that holds one, as in faster-whisper:FOLDER.",
        ) from None
    return Whisper(model)


class Whisper:
    """A Whisper model; it gives one reading.

    Args:
        model: A ``faster_whisper.WhisperModel``.
    """

    name = NAME

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - the package has no types
        self._model, self._lock = model, threading.Lock()

    def transcribe(self, speech: Samples, language: str) -> Sequence[Alternative]:
        """Return the one reading; its confidence is the geometric mean of its tokens'.

        Raises:
            InputError: The model does not know the language.
        """
        known: Sequence[str] = self._model.supported_languages
        code = primary_language(language)
        if code not in known:
            raise InputError(
                f"{NAME} does not know the language {language[:20]!r}.",
                f"This model knows {', '.join(sorted(known))}.",
            )
        with self._lock:
            sound = speech.astype(np.float32) / 32_768.0
            segments, _ = self._model.transcribe(sound, language=code, beam_size=5)
            heard = list(segments)
        text = " ".join(str(part.text).strip() for part in heard).strip()
        if not text:
            return []
        mean = sum(float(part.avg_logprob) for part in heard) / len(heard)
        return [Alternative(text, min(1.0, math.exp(mean)))]
