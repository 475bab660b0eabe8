"""What code that took over a decoder can reach: nothing; and its parent waits for it no longer."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped,unused-ignore]
import pytest
from PIL import Image

from encoders import picture_decoder
from encoders.picture_decode import decode
from encoders.picture_decoder import DecoderCaps
from encoders.pictures import PictureDecoder, PictureRefused, PictureSize, Pixels
from encoders.sandbox.locks import LOCKS
from encoders.speech import audio
from encoders.speech.audio import AudioLimits, AudioRefused, decode_audio

HOSTILE = str(Path(__file__).with_name("hostile_child.py"))
SIZE = PictureSize(edge=48)
RISE = 64 << 20
OPEN_WITHOUT = ("executable memory", "limit the parent")
"""What seccomp alone shuts; the second is open to a child of the same user only."""


class Takeover:
    """Puts hostile code in the place of the decoders."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder, self._patch = folder, patch
        (folder / "victim").touch()
        folder.chmod(0o777)
        victims = {"TARGET": str(folder / "target"), "VICTIM": str(folder / "victim")}
        patch.setattr(picture_decoder, "MALLOC", victims)

    def picture(self, deed: str, *off: str, seconds: float = 10.0) -> PictureRefused:
        self._patch.setattr(picture_decoder, "CHILD", (HOSTILE, "picture", deed, *off))
        with PictureDecoder(caps=DecoderCaps(seconds=seconds)) as decoder:
            (answer,) = decoder.decode_many([b"x"], SIZE)
        assert isinstance(answer, PictureRefused)
        return answer

    def doors(self, *off: str) -> dict[str, str]:
        """Return every door that was tried, and the error that shut it."""
        found = json.loads(self.picture("try all", *off).args[0])
        assert isinstance(found, dict)
        return found

    def audio(self, deed: str) -> AudioRefused:
        self._patch.setattr(audio, "CHILD", (HOSTILE, "audio", deed))
        with pytest.raises(AudioRefused) as caught:
            decode_audio(b"x", AudioLimits(decode_seconds=1.0))
        return caught.value


@pytest.fixture
def takeover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Takeover:
    return Takeover(tmp_path, monkeypatch)


def open_doors(found: dict[str, str]) -> list[str]:
    return [name for name, how in found.items() if how == "open"]


def test_every_door_is_shut_to_a_taken_over_picture_decoder(
    takeover: Takeover, tmp_path: Path
) -> None:
    found = takeover.doors()
    assert len(found) > 15
    assert open_doors(found) == []
    assert (tmp_path / "victim").exists()
    assert not (tmp_path / "target").exists()


def test_every_door_is_shut_to_a_taken_over_audio_decoder(takeover: Takeover) -> None:
    assert open_doors(json.loads(takeover.audio("try all").problem)) == []


@pytest.mark.parametrize(
    ("off", "open_all_the_same"),
    [("restrict_calls", OPEN_WITHOUT), ("restrict_reach", ()), ("_leave_root", ())],
)
def test_where_the_kernel_lacks_one_lock_the_others_shut_what_they_can(
    takeover: Takeover, off: str, open_all_the_same: tuple[str, ...]
) -> None:
    assert set(open_doors(takeover.doors(off))) <= set(open_all_the_same)


def test_without_the_locks_the_doors_are_open(takeover: Takeover, tmp_path: Path) -> None:
    found = json.loads(takeover.picture("try most", "seal").args[0])
    assert {"open a file", "write a file", "open a socket", "fork", "start a thread",
            "signal the parent", "remove a file"} <= set(open_doors(found))  # fmt: skip
    assert (tmp_path / "target").exists()


PARENT = """
import json, sys
from pathlib import Path
from encoders.pictures import PictureDecoder, PictureSize
with PictureDecoder() as decoder:
    decoder.decode_many([b"x"], PictureSize(edge=8))
    print(json.dumps([decoder.pids[0], decoder.missing_locks()]), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def parent() -> "subprocess.Popen[str]":
    secret = {**os.environ, "CANARY": "hunter2"}
    return subprocess.Popen(
        [sys.executable, "-c", PARENT], env=secret, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def test_the_child_has_all_locks_and_the_parent_is_hidden(parent: "subprocess.Popen[str]") -> None:
    with parent:
        assert parent.stdout is not None
        child, missing = json.loads(parent.stdout.readline())
        words = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{child}/status").read_text().splitlines()
        )
        assert (words["NoNewPrivs"], words["Seccomp"]) == ("1", "2")
        users = {int(user) for user in words["Uid"].split()}
        assert len(users) == 1
        assert (users == {os.getuid()}) == (os.getuid() != 0)
        assert set(missing) <= {"Landlock"}
        # A process that is hidden belongs to root in /proc, whoever runs it.
        for hidden in (parent.pid, child):
            assert Path(f"/proc/{hidden}/environ").stat().st_uid == 0
        if os.getuid() == 0:
            assert b"hunter2" in Path(f"/proc/{parent.pid}/environ").read_bytes()
            assert b"hunter2" not in Path(f"/proc/{child}/environ").read_bytes()
        parent.communicate("")
    assert parent.returncode == 0


def test_the_locks_that_are_missing_are_named(takeover: Takeover) -> None:
    off = ("restrict_calls", "restrict_reach")
    with pytest.MonkeyPatch.context() as patch, PictureDecoder() as decoder:
        patch.setattr(picture_decoder, "CHILD", (HOSTILE, "picture", "try most", *off))
        assert decoder.missing_locks() == LOCKS[2:]


@pytest.mark.parametrize(
    "deed",
    ["announce 2 GB", "announce 2^63 bytes", "long words", "another kind", "no pixels", "no JSON",
     "no refusal"],
)  # fmt: skip
def test_an_answer_that_was_not_asked_for_ends_the_child_at_once(
    takeover: Takeover, deed: str
) -> None:
    own = psutil.Process().memory_info().rss
    began = time.monotonic()
    refused = takeover.picture(deed, seconds=30.0)
    assert time.monotonic() - began < 20
    assert refused.reason == "unreadable"
    assert "not what was asked for" in refused.problem
    assert psutil.Process().memory_info().rss - own < RISE
    if deed != "no pixels":
        assert "not what was asked for" in takeover.audio(deed).problem


def test_an_answer_in_drops_is_given_up_in_time(takeover: Takeover) -> None:
    assert takeover.picture("trickle", seconds=1.0).reason == "timeout"
    assert "more than 1 s" in takeover.audio("trickle").problem


def test_a_child_that_does_not_read_is_given_up_in_time() -> None:
    content = b"\xff\xd8\xff" + bytes(8 << 20)  # more than the pipe holds
    with PictureDecoder(caps=DecoderCaps(seconds=1.0)) as decoder:
        decoder.decode_many([b"x"], SIZE)
        os.kill(decoder.pids[0], signal.SIGSTOP)
        began = time.monotonic()
        (answer,) = decoder.decode_many([content], SIZE)
    assert isinstance(answer, PictureRefused)
    assert answer.reason == "timeout"
    assert time.monotonic() - began < 10


def _picture(mode: str) -> Image.Image:
    ramp = np.add.outer(np.arange(90), np.arange(120)).astype(np.uint8)
    return Image.fromarray(np.stack([ramp, 3 * ramp, 255 - ramp], axis=-1)).convert(mode)


def _saved(mode: str, format: str, **options: object) -> Callable[[], bytes]:
    def make() -> bytes:
        out = io.BytesIO()
        _picture(mode).save(out, format, **options)
        return out.getvalue()

    return make


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "红色 shoes"
    return exif


FILES = {
    "jpeg": _saved("RGB", "JPEG"),
    "progressive jpeg with exif": _saved("RGB", "JPEG", progressive=True, exif=_exif()),
    "grey jpeg": _saved("L", "JPEG"),
    "cmyk jpeg": _saved("CMYK", "JPEG"),
    "two in one": _saved("RGB", "MPO", save_all=True, append_images=[_picture("RGB")]),
    "png": _saved("RGB", "PNG"),
    "png with alpha": _saved("RGBA", "PNG"),
    "png with a palette": _saved("P", "PNG"),
    "png of 1 bit": _saved("1", "PNG"),
    "png with grey and alpha": _saved("LA", "PNG"),
    "png with exif": _saved("RGB", "PNG", exif=_exif()),
    "gif": _saved("P", "GIF"),
    "gif with transparency": _saved("P", "GIF", transparency=0),
    "webp": _saved("RGB", "WEBP"),
    "webp with alpha": _saved("RGBA", "WEBP", lossless=True),
    "webp with exif": _saved("RGB", "WEBP", exif=_exif()),
    "avif": _saved("RGB", "AVIF"),
    "avif with alpha": _saved("RGBA", "AVIF"),
    "half a jpeg": lambda: _saved("RGB", "JPEG")()[:900],
    "half a png": lambda: _saved("RGB", "PNG")()[:300],
    "half a webp": lambda: _saved("RGB", "WEBP")()[:200],
    "half an avif": lambda: _saved("RGB", "AVIF")()[:400],
}


@pytest.mark.parametrize("size", [SIZE, PictureSize(32, 0.875, "bilinear", (0, 0.5), subject=True)])
def test_a_sealed_child_decodes_like_this_process(size: PictureSize) -> None:
    contents = [make() for make in FILES.values()]
    with PictureDecoder() as decoder:
        answers = decoder.decode_many(contents, size)
    for name, content, answer in zip(FILES, contents, answers, strict=True):
        wanted = _decoded(content, size)
        if isinstance(wanted, PictureRefused):
            assert isinstance(answer, PictureRefused), name
            assert answer.args == wanted.args, name
        else:
            assert isinstance(answer, np.ndarray), (name, answer)
            np.testing.assert_array_equal(answer, wanted, err_msg=name)


def _decoded(content: bytes, size: PictureSize) -> Pixels | PictureRefused:
    try:
        return decode(content, size)
    except PictureRefused as refused:
        return refused
