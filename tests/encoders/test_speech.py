"""Speech into words, offline: two recordings made by flite's voice slt, and hostile ones."""

import io
import struct
import sys
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from encoders.speech.audio import LIMITS, AudioRefused, decode_audio, seconds_of
from encoders.speech.registry import SPEECH, listen, load_transcriber
from encoders.speech.rescore import rescore, words_of
from encoders.speech.transcript import RATE, Alternative, Transcriber, Transcript
from mappings.errors import InputError, UnknownModel

VOICE = Path(__file__).parent / "voice"
HANDBAG = (VOICE / "red-leather-handbag.wav").read_bytes()
SHOES = (VOICE / "blue-running-shoes.wav").read_bytes()


@pytest.fixture(scope="module")
def sphinx() -> Transcriber:
    return load_transcriber("pocketsphinx")


def wav(sound: np.ndarray, rate: int = RATE, width: int = 2, channels: int = 1) -> bytes:
    """A WAV file of a sound in [-1, 1], the same on every channel."""
    whole = np.repeat(sound, channels)
    if width == 1:
        frames = np.round(whole * 127 + 128).astype(np.uint8).tobytes()
    else:
        full = np.round(whole * (2 ** (8 * width - 1) - 1)).astype("<i8")
        frames = b"".join(int(v).to_bytes(8, "little", signed=True)[:width] for v in full)
    file = io.BytesIO()
    with wave.open(file, "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(width)
        opened.setframerate(rate)
        opened.writeframes(frames)
    return file.getvalue()


def tone(rate: int, seconds: float = 0.5, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


def test_a_recording_becomes_words_with_other_readings(sphinx: Transcriber) -> None:
    heard = listen(sphinx, HANDBAG, "en")
    assert heard.text == "red leather handbag"
    assert heard.alternatives[0].text == heard.text
    assert 5 <= len(heard.alternatives) <= 20
    assert len({a.text for a in heard.alternatives}) == len(heard.alternatives)
    assert sum(a.confidence for a in heard.alternatives) == pytest.approx(1.0)
    confidences = [a.confidence for a in heard.alternatives]
    assert confidences[0] == max(confidences)
    assert heard.seconds == pytest.approx(1.64, abs=0.01)
    assert (heard.language, heard.transcriber) == ("en", "pocketsphinx")


def test_listening_twice_hears_the_same(sphinx: Transcriber) -> None:
    assert listen(sphinx, HANDBAG, "en").text == listen(sphinx, HANDBAG, "en").text


def test_the_catalogues_words_choose_among_the_readings(sphinx: Transcriber) -> None:
    heard = listen(sphinx, SHOES, "en")
    assert heard.text == "player running shoes"
    known = {w: 3 for w in ("red", "blue", "black", "running", "shoes", "handbag")}
    better = rescore(heard, known)
    assert better.text == "blue running shoes"
    assert better.rescored
    assert sum(a.confidence for a in better.alternatives) == pytest.approx(1.0)
    assert {a.text for a in better.alternatives} == {a.text for a in heard.alternatives}
    assert rescore(heard, {}) == heard


def test_rescoring_by_hand() -> None:
    heard = Transcript(
        "will jacket", (Alternative("will jacket", 0.6), Alternative("Wool jacket", 0.4))
    )
    assert words_of(heard) == ("will", "jacket", "wool")
    assert rescore(heard, {"jacket": 2}).text == "will jacket"
    assert rescore(heard, {"jacket": 2, "will": 0, "wool": 1}).text == "Wool jacket"
    # log 0.6 + 3 * 6/10 against log 0.4 + 3
    odds = rescore(heard, {"jacket": 2, "wool": 1}).alternatives
    assert odds[0].confidence / odds[1].confidence == pytest.approx(0.4 / 0.6 * np.exp(1.2))


def test_silence_is_no_words(sphinx: Transcriber) -> None:
    heard = listen(sphinx, wav(np.zeros(RATE)), "en")
    assert heard.text == "" or heard.alternatives[0].confidence > 0
    assert rescore(heard, {"dress": 1}).text == heard.text


def test_another_language_than_it_knows_is_refused(sphinx: Transcriber) -> None:
    with pytest.raises(InputError, match="understands English") as refused:
        listen(sphinx, HANDBAG, "zh")
    assert "sherpa-onnx" in refused.value.cure


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("pocketsphinx", "pocketsphinx", "voice"),
        ("sherpa-onnx:somewhere", "sherpa_onnx", "sherpa"),
        ("faster-whisper:small", "faster_whisper", "whisper"),
    ],
)
def test_a_transcriber_that_is_not_installed_says_what_to_install(
    name: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UnknownModel, match="which cannot be imported here") as refused:
        load_transcriber(name)
    assert f"pip install 'shelfsight[{extra}]'" in refused.value.cure


def test_an_unknown_transcriber_names_those_there_are() -> None:
    with pytest.raises(UnknownModel) as refused:
        load_transcriber("ears")
    assert all(name in refused.value.cure for name in SPEECH)
    with pytest.raises(UnknownModel, match="takes nothing after a colon"):
        load_transcriber("pocketsphinx:fr")


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_kind_of_wav_becomes_the_same_sound(rate: int, width: int) -> None:
    speech = decode_audio(wav(tone(rate), rate, width, channels=2))
    assert speech.dtype == np.int16
    assert seconds_of(speech) == pytest.approx(0.5, abs=1e-3)
    inner = slice(800, 7_200)
    wanted = np.round(tone(RATE) * 32_767)[inner]
    assert np.corrcoef(speech[inner], wanted)[0, 1] > 0.999
    assert np.std(speech[inner]) == pytest.approx(np.std(wanted), rel=0.03)


def test_frequencies_that_16_khz_cannot_hold_are_taken_out() -> None:
    speech = decode_audio(wav(tone(48_000, hertz=10_000.0), 48_000))
    assert np.std(speech[800:7_200]) < 50


def test_the_limits_hold_and_one_past_them_is_refused() -> None:
    at = decode_audio(wav(np.zeros(8_000 * 30), 8_000))
    assert seconds_of(at) == 30.0
    with pytest.raises(AudioRefused, match=r"30\.1 s long; 30 s are allowed"):
        decode_audio(wav(np.zeros(8_000 * 30 + 800), 8_000))
    small = replace(LIMITS, content_bytes=len(HANDBAG))
    assert len(decode_audio(HANDBAG, small))
    with pytest.raises(AudioRefused, match="bytes; 2,097,152 are allowed"):
        decode_audio(bytes(LIMITS.content_bytes + 1))
    with pytest.raises(AudioRefused, match="are allowed"):
        decode_audio(HANDBAG, replace(LIMITS, content_bytes=len(HANDBAG) - 1))


def header(**changes: int) -> bytes:
    """A WAV header with a second of silence behind it, some fields of it false."""
    said = {"form": 1, "channels": 1, "rate": RATE, "bits": 16, "length": 32_000} | changes
    frame = said["channels"] * said["bits"] // 8
    kind = struct.pack(
        "<HHIIHH", said["form"], said["channels"], said["rate"],
        said["rate"] * frame % 2**32, frame % 2**16, said["bits"],
    )  # fmt: skip
    body = b"WAVEfmt " + struct.pack("<I", 16) + kind + b"data"
    body += struct.pack("<I", said["length"]) + bytes(32_000)
    return b"RIFF" + struct.pack("<I", len(body)) + body


HOSTILE = {
    "nothing": b"",
    "one byte": b"R",
    "html": b"<html><body>hello</body></html>" * 40,
    "mp3": b"\xff\xfb\x90\x64" + bytes(4_000),
    "ogg": b"OggS" + bytes(4_000),
    "truncated header": HANDBAG[:20],
    "no samples": HANDBAG[:44],
    "floats": header(form=3, bits=32),
    "compressed": header(form=0x55),
    "no channels": header(channels=0),
    "9 channels": header(channels=9),
    "65,535 channels": header(channels=65_535),
    "1 sample a second": header(rate=1),
    "0 samples a second": header(rate=0),
    "4 billion samples a second": header(rate=2**32 - 1),
    "64 bits": header(bits=64),
    "no bits": header(bits=0),
    "aiff": b"FORM" + bytes(4_000),
    "a RIFF of something else": b"RIFF" + struct.pack("<I", 100) + b"AVI " + bytes(100),
    "a chunk that never ends": b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff" + bytes(1_000),
    "chunks without number": b"RIFF\xff\xff\xff\x7fWAVE" + b"junk\x00\x00\x00\x00" * 150_000,
    "text that is no number": "١٢٣".encode() * 100,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_recording_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(AudioRefused) as refused:
        decode_audio(HOSTILE[name])
    assert refused.value.problem.endswith(".")
    assert refused.value.cure
    assert "died" not in refused.value.problem


def test_a_length_that_only_says_how_much_there_could_be_is_taken_for_what_there_is() -> None:
    endless = header(length=2**32 - 1)
    assert seconds_of(decode_audio(endless)) == pytest.approx(1.0, abs=0.01)


def test_a_decoder_that_may_use_no_memory_dies_alone() -> None:
    with pytest.raises(AudioRefused):
        decode_audio(wav(np.zeros(8_000 * 29), 8_000), replace(LIMITS, memory=1 << 20))
