"""The sealed process that reads audio from outside: ``python -m encoders.speech.audio_child``.

The first frame is the limits as JSON; its answer names the locks that the kernel lacks. The second
is the file, answered by ``P`` and the samples (int16, mono, 16 kHz), or ``R`` and a JSON object of
problem and cure.
"""

import io
import json
import resource
import wave
from typing import Any

import numpy as np
import numpy.fft as fft
from numpy.typing import NDArray

from encoders.sandbox.frames import Frames
from encoders.sandbox.locks import seal
from encoders.speech.audio import AudioLimits, AudioRefused
from encoders.speech.transcript import RATE, Samples

SLOWEST = 8_000
_SHORTEST = 0.1


def main() -> None:
    """Answer the one recording on standard input."""
    frames = Frames()
    limits = AudioLimits(**json.loads(frames.read() or b"{}"))
    frames.answer(b"P", json.dumps(seal(limits.memory)).encode())
    used = resource.getrusage(resource.RUSAGE_SELF)
    end = int(used.ru_utime + used.ru_stime + limits.decode_seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (end, end))
    try:
        frames.answer(b"P", read_wav(frames.read() or b"", limits).astype("<i2").tobytes())
    except AudioRefused as refused:
        words = {"problem": refused.problem, "cure": refused.cure}
        frames.answer(b"R", json.dumps(words).encode())


def read_wav(content: bytes, limits: AudioLimits) -> Samples:
    """Return a WAV file's samples, int16 (n,), mono, 16,000 a second.

    Raises:
        AudioRefused: It is none, or beyond a limit.
    """
    try:
        with wave.open(io.BytesIO(content)) as opened:
            _require(opened, limits, len(content))
            frames = opened.readframes(opened.getnframes())
            channels, width, rate = (
                opened.getnchannels(), opened.getsampwidth(), opened.getframerate(),
            )  # fmt: skip
    # The module raises these on files that lie about themselves.
    except (wave.Error, EOFError, ValueError, OverflowError, MemoryError, RuntimeError) as error:
        why = str(error) or type(error).__name__
        raise AudioRefused(f"The recording cannot be read as WAV: {why[:100]}.") from None
    whole = len(frames) - len(frames) % (channels * width)
    mono = _floats(frames[:whole], width).reshape(-1, channels).mean(axis=1)
    if len(mono) < _SHORTEST * rate:
        raise AudioRefused(
            f"The recording holds {len(mono) / rate:.2f} s of sound.", "Speak longer."
        )
    return _resampled(mono, rate)


def _require(opened: wave.Wave_read, limits: AudioLimits, size: int) -> None:
    """Check what the header says, before any sample is read; its length counts as far as it goes.

    Recorders that write as they listen say the most that there can be.

    Raises:
        AudioRefused: Something is beyond a limit.
    """
    rate, channels = opened.getframerate(), opened.getnchannels()
    if not SLOWEST <= rate <= limits.rate:
        raise AudioRefused(
            f"The recording has {rate:,} samples a second; {SLOWEST:,} to {limits.rate:,} are"
            " allowed.",
        )
    if not 1 <= channels <= limits.channels:
        raise AudioRefused(
            f"The recording has {channels} channels; 1 to {limits.channels} are allowed."
        )
    if opened.getsampwidth() not in (1, 2, 3, 4):
        raise AudioRefused(f"Its samples have {8 * opened.getsampwidth()} bits.")
    frame = channels * opened.getsampwidth()
    seconds = min(opened.getnframes(), size // frame) / rate
    if seconds > limits.seconds:
        raise AudioRefused(
            f"The recording is {seconds:.1f} s long; {limits.seconds:g} s are allowed.",
            "Say it shorter.",
        )


def _floats(frames: bytes, width: int) -> NDArray[np.float64]:
    """Return PCM samples as float64 in [-1, 1)."""
    if width == 1:  # the only unsigned one
        return (np.frombuffer(frames, np.uint8).astype(np.float64) - 128.0) / 128.0
    if width == 3:
        parts = np.frombuffer(frames, np.uint8).reshape(-1, 3).astype(np.int32)
        joined = parts[:, 0] | parts[:, 1] << 8 | parts[:, 2] << 16
        return np.asarray((joined - ((joined & 0x800000) << 1)) / float(1 << 23))
    kind: Any = {2: "<i2", 4: "<i4"}[width]
    return np.frombuffer(frames, kind).astype(np.float64) / float(1 << (8 * width - 1))


def _resampled(mono: NDArray[np.float64], rate: int) -> Samples:
    """Return the sound at 16,000 samples a second; frequencies above 8,000 Hz are taken out."""
    if rate != RATE:
        spectrum = fft.rfft(mono)
        count = max(1, round(len(mono) * RATE / rate))
        # Cut or padded in the frequency domain: no aliases, and no filter to design.
        mono = fft.irfft(spectrum[: count // 2 + 1], count) * (count / len(mono))
    return np.clip(np.round(mono * 32_767.0), -32_768, 32_767).astype(np.int16)


if __name__ == "__main__":
    main()
