"""Chinese and English from a local folder: sherpa-onnx."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from encoders.extras import require
from encoders.speech.transcript import RATE, Alternative, Samples
from mappings.errors import UnknownModel

NAME = "sherpa-onnx"
_CURE = (
    "Write sherpa-onnx:FOLDER, where FOLDER holds tokens.txt and model.onnx (SenseVoice),"
    " paraformer.onnx, or encoder.onnx, decoder.onnx and joiner.onnx (transducer)."
)


def load(argument: str) -> "Sherpa":
    """Return the transcriber over the model in a folder.

    Raises:
        UnknownModel: The package is not installed, or the folder holds no model that is known.
    """
    package = require("sherpa_onnx", extra="sherpa", model=NAME)
    folder = Path(argument)
    if not argument or not (folder / "tokens.txt").is_file():
        raise UnknownModel(f"There is no speech model in {argument[:200]!r}.", _CURE)
    return Sherpa(_recogniser(package.OfflineRecognizer, folder))


def _recogniser(kind: Any, folder: Path) -> Any:  # noqa: ANN401 - the package has no types
    tokens = str(folder / "tokens.txt")
    if (model := folder / "model.onnx").is_file():
        return kind.from_sense_voice(model=str(model), tokens=tokens, use_itn=True)
    if (model := folder / "paraformer.onnx").is_file():
        return kind.from_paraformer(paraformer=str(model), tokens=tokens)
    parts = {name: str(folder / f"{name}.onnx") for name in ("encoder", "decoder", "joiner")}
    if all(Path(part).is_file() for part in parts.values()):
        return kind.from_transducer(tokens=tokens, **parts)
    raise UnknownModel(f"There is no speech model in {str(folder)[:200]!r}.", _CURE)


class Sherpa:
    """An offline recogniser; it gives one reading, and hears by itself which language it is.

    Args:
        recogniser: A ``sherpa_onnx.OfflineRecognizer``.
    """

    name = NAME

    def __init__(self, recogniser: Any) -> None:  # noqa: ANN401 - the package has no types
        self._recogniser, self._lock = recogniser, threading.Lock()

    def transcribe(self, speech: Samples, language: str) -> Sequence[Alternative]:
        """Return the one reading, none where nothing was understood; the language is not needed."""
        with self._lock:
            stream = self._recogniser.create_stream()
            stream.accept_waveform(RATE, speech.astype(np.float32) / 32_768.0)
            self._recogniser.decode_stream(stream)
        text = str(stream.result.text).strip()
        return [Alternative(text, 1.0)] if text else []
