"""faster-whisper and sherpa-onnx themselves, each over a tiny random model that the test saves."""

from pathlib import Path

import numpy as np
import pytest
from speech_models import WORDS, save_tiny_sense_voice, save_tiny_whisper

from encoders.speech.audio import decode_audio
from encoders.speech.registry import listen, load_transcriber
from encoders.speech.transcript import Transcriber
from mappings.errors import InputError, UnknownModel

pytestmark = pytest.mark.models
RECORDING = (Path(__file__).parent / "voice" / "red-leather-handbag.wav").read_bytes()


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_tiny_whisper(tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="module")
def sense_voice(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_tiny_sense_voice(tmp_path_factory.mktemp("sense-voice"))


@pytest.mark.parametrize("language", ["en", "en-US", "EN"])
def test_whisper_gives_what_the_library_hears(whisper: str, language: str) -> None:
    import ctranslate2
    from faster_whisper import WhisperModel

    transcriber = load_transcriber(f"faster-whisper:{whisper}")
    model = WhisperModel(whisper, device="cpu", compute_type="int8")
    sound = decode_audio(RECORDING).astype(np.float32) / 32_768
    ctranslate2.set_random_seed(3)  # a model that is so unsure of what it hears draws its words
    ours = listen(transcriber, RECORDING, language)
    ctranslate2.set_random_seed(3)
    segments = list(model.transcribe(sound, language="en", beam_size=5)[0])
    assert ours.text == " ".join(s.text.strip() for s in segments).strip() != ""
    assert (ours.language, ours.transcriber) == (language, "faster-whisper")
    mean = np.mean([s.avg_logprob for s in segments])
    assert ours.alternatives[0].confidence == pytest.approx(min(1.0, np.exp(mean)), rel=1e-4)


def test_a_language_that_a_whisper_model_does_not_know_is_refused(whisper: str) -> None:
    with pytest.raises(InputError, match="does not know the language 'zh'") as refused:
        listen(load_transcriber(f"faster-whisper:{whisper}"), RECORDING, "zh")
    assert refused.value.cure == "This model knows en."


def test_sense_voice_gives_what_the_library_hears(sense_voice: str) -> None:
    from sherpa_onnx import OfflineRecognizer

    ours = listen(load_transcriber(f"sherpa-onnx:{sense_voice}"), RECORDING, "zh")
    recogniser = OfflineRecognizer.from_sense_voice(
        model=f"{sense_voice}/model.onnx", tokens=f"{sense_voice}/tokens.txt", use_itn=True
    )
    stream = recogniser.create_stream()
    stream.accept_waveform(16_000, decode_audio(RECORDING).astype(np.float32) / 32_768)
    recogniser.decode_stream(stream)
    assert ours.text == stream.result.text.strip()
    assert set(ours.text.split()) == set(WORDS)
    assert ours.alternatives[0].confidence == 1.0
    assert ours.transcriber == "sherpa-onnx"


def test_silence_is_heard_without_a_fault(whisper: str, sense_voice: str) -> None:
    silence = np.zeros(16_000, dtype=np.int16)
    for name in (f"faster-whisper:{whisper}", f"sherpa-onnx:{sense_voice}"):
        transcriber: Transcriber = load_transcriber(name)
        heard = transcriber.transcribe(silence, "en")
        assert all(one.text.strip() == one.text != "" for one in heard)
        assert all(0 <= one.confidence <= 1 for one in heard)


@pytest.mark.parametrize("family", ["faster-whisper", "sherpa-onnx"])
def test_a_folder_without_a_model_says_what_it_should_hold(family: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownModel) as refused:
        load_transcriber(f"{family}:{tmp_path}")
    assert str(tmp_path) in str(refused.value)
    assert f"{family}:FOLDER" in refused.value.cure
