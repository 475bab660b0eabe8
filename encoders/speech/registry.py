"""Loads transcribers by name: ours, and those that other packages register."""

import importlib
from collections.abc import Callable
from importlib.metadata import entry_points

from encoders.registry import GROUP
from encoders.registry_names import split_name
from encoders.speech.audio import LIMITS, AudioLimits, decode_audio, seconds_of
from encoders.speech.transcript import Transcriber, Transcript
from mappings.errors import UnknownModel

SPEECH = {
    "pocketsphinx": "encoders.speech.sphinx:load",
    "sherpa-onnx": "encoders.speech.sherpa:load",
    "faster-whisper": "encoders.speech.whisper:load",
}
MOST = 20
"""Alternative transcriptions that are kept."""


def load_transcriber(name: str) -> Transcriber:
    """Return the transcriber of that name, its model loaded.

    Args:
        name: ``pocketsphinx`` (English), ``sherpa-onnx:FOLDER``, ``faster-whisper:SIZE_OR_FOLDER``,
            or a plug-in's: the entry point ``speech.NAME`` = ``module:load`` of the encoders'
            group, called with what follows the colon.

    Raises:
        UnknownModel: No such name, or it cannot be loaded here; says why and what to do.
    """
    family, argument = split_name(name)
    known = dict(SPEECH)
    for point in entry_points(group=GROUP):
        if point.name.startswith("speech."):
            known.setdefault(point.name.removeprefix("speech."), point.value)
    if family not in known:
        raise UnknownModel(
            f"There is no transcriber {name[:80]!r}.", f"There are {', '.join(known)}."
        )
    module, _, attribute = known[family].partition(":")
    loader: Callable[[str], Transcriber] = getattr(importlib.import_module(module), attribute)
    return loader(argument)


def listen(
    transcriber: Transcriber, content: bytes, language: str, limits: AudioLimits = LIMITS
) -> Transcript:
    """Return the transcript of an untrusted WAV file.

    Args:
        transcriber: Transcribes.
        content: The file's bytes.
        language: ``en``, ``zh`` …
        limits: Of the recording.

    Raises:
        AudioRefused: The recording is too large, too long or cannot be read.
        InputError: The transcriber does not know the language.
        StackError: The decoding process cannot be started.
    """
    speech = decode_audio(content, limits)
    heard = tuple(transcriber.transcribe(speech, language))[:MOST]
    text = heard[0].text if heard else ""
    return Transcript(text, heard, language, round(seconds_of(speech), 3), transcriber.name)
