"""Decodes untrusted audio in a sandboxed child process, within limits."""

import json
import math
import time
from dataclasses import asdict, dataclass

import numpy as np

from encoders.sandbox import ProtocolError, SealedProcess
from encoders.speech.transcript import RATE, Samples
from mappings.errors import InputError, StackError

FORMATS = "WAV with PCM samples of 8, 16, 24 or 32 bits"
CHILD = ("-m", "encoders.speech.audio_child")
START_SECONDS = 30.0
WORDS_BYTES = 4096
"""What a child may say beside samples."""


@dataclass(frozen=True, slots=True)
class AudioLimits:
    """Limits of a recording.

    Args:
        content_bytes: Size of the file.
        seconds: Length of the recording.
        channels: Channels, which are mixed into one.
        rate: Samples a second at most; 8,000 at least.
        memory: Address space of the process that decodes it, bytes.
        decode_seconds: Time that it may take, wall clock and processor.
    """

    content_bytes: int = 2 << 20
    seconds: float = 30.0
    channels: int = 8
    rate: int = 96_000
    memory: int = 1 << 30
    decode_seconds: float = 10.0


LIMITS = AudioLimits()


class AudioRefused(InputError):
    """A recording that is refused, with the reason."""

    def __init__(self, problem: str, cure: str = "") -> None:
        super().__init__(problem, cure or f"Send {FORMATS}.")


def decode_audio(content: bytes, limits: AudioLimits = LIMITS) -> Samples:
    """Return the speech of a WAV file, int16 (n,), mono, 16,000 samples a second.

    The file is read by a sealed process of its own (``encoders.sandbox``): it has a memory cap,
    little time, none of this process's environment, and no way to files and sockets.

    Args:
        content: The file's bytes.
        limits: Of the recording.

    Raises:
        AudioRefused: Too large, too long, or not what can be read; says what was given and what is
            allowed.
        StackError: The decoding process cannot be started.
    """
    if not content:
        raise AudioRefused("The recording is empty.")
    if len(content) > limits.content_bytes:
        raise AudioRefused(
            f"The recording has {len(content):,} bytes; {limits.content_bytes:,} are allowed.",
            f"Send at most {limits.seconds:g} seconds, mono, 16,000 samples of 16 bits a second.",
        )
    child = _start(limits)
    try:
        return _samples(child, content, limits)
    except TimeoutError:
        raise AudioRefused(f"It took more than {limits.decode_seconds:g} s to read.") from None
    except (ProtocolError, ValueError):
        raise AudioRefused("The decoder's answer is not what was asked for.") from None
    except (EOFError, OSError):
        code = child.end(1.0)
        raise AudioRefused(f"The decoder died on this recording (exit {code}).") from None
    finally:
        child.end()


def _start(limits: AudioLimits) -> SealedProcess:
    """Return a child that waits for a recording."""
    deadline = time.monotonic() + START_SECONDS
    try:
        child = SealedProcess(CHILD, {})
    except OSError as error:
        raise StackError(f"The audio decoder did not start ({error.strerror}).") from None
    try:
        child.send((json.dumps(asdict(limits)).encode(),), deadline)
        child.receive({b"P": WORDS_BYTES}, deadline)
    except (TimeoutError, EOFError, OSError, ProtocolError) as error:
        child.end()
        raise StackError(f"The audio decoder did not start ({type(error).__name__}).") from None
    return child


def _samples(child: SealedProcess, content: bytes, limits: AudioLimits) -> Samples:
    """Return what the child reads out of a recording; its words when it refuses.

    Raises:
        ValueError: It answers with neither.
    """
    deadline = time.monotonic() + limits.decode_seconds
    child.send((content,), deadline)
    most = {b"P": 2 * math.ceil((limits.seconds + 1) * RATE), b"R": WORDS_BYTES}
    kind, body = child.receive(most, deadline)
    if kind == b"P":
        return np.frombuffer(body, dtype="<i2").astype(np.int16)
    words = json.loads(body)
    if not isinstance(words, dict):
        raise ValueError("no refusal")
    raise AudioRefused(str(words.get("problem")), str(words.get("cure")))


def seconds_of(speech: Samples) -> float:
    """Return how long the speech is, in seconds."""
    return len(speech) / RATE
