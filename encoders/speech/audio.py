"""Audio from outside: its limits, and its decoding in a capped child process."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from encoders.speech.transcript import RATE, Samples
from mappings.errors import InputError, StackError

FORMATS = "WAV with PCM samples of 8, 16, 24 or 32 bits"


@dataclass(frozen=True, slots=True)
class AudioLimits:
    """What a recording from outside may cost.

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
    """A recording that is not listened to, and why."""

    def __init__(self, problem: str, cure: str = "") -> None:
        super().__init__(problem, cure or f"Send {FORMATS}.")


def decode_audio(content: bytes, limits: AudioLimits = LIMITS) -> Samples:
    """Return the speech of a WAV file, int16 (n,), mono, 16,000 samples a second.

    The file is read by a process of its own that has a memory cap, no files to write, none of this
    process's environment, and little time.

    Args:
        content: The file's bytes.
        limits: What it may cost.

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
    settings = json.dumps(asdict(limits)).encode()
    try:
        child = subprocess.run(
            [sys.executable, "-m", "encoders.speech.audio_child"],
            input=len(settings).to_bytes(8, "little") + settings + content,
            capture_output=True,
            timeout=limits.decode_seconds + 20.0,  # its start is not the recording's fault
            env={"PYTHONPATH": _root(), "PYTHONSAFEPATH": "1", "OPENBLAS_NUM_THREADS": "1"},
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AudioRefused(f"It took more than {limits.decode_seconds:g} s to read.") from None
    except OSError as error:
        raise StackError(f"The audio decoder did not start ({error.strerror}).") from None
    return _answer(child)


def _answer(child: "subprocess.CompletedProcess[bytes]") -> Samples:
    kind, body = child.stdout[:1], child.stdout[1:]
    if kind == b"P":
        return np.frombuffer(body, dtype="<i2").astype(np.int16)
    if kind == b"R":
        words = json.loads(body)
        raise AudioRefused(words["problem"], words["cure"])
    raise AudioRefused(f"The decoder died on this recording (exit {child.returncode}).")


def seconds_of(speech: Samples) -> float:
    """Return how long the speech is, in seconds."""
    return len(speech) / RATE


def _root() -> str:
    return str(Path(__file__).resolve().parents[2])
