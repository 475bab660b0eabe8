"""The capped child: what kills it, what it must not see, and that the rest of a batch lives."""

import io
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest
from PIL import Image

from encoders import picture_decoder
from encoders.picture_decoder import DecoderCaps
from encoders.pictures import PictureDecoder, PictureLimits, PictureRefused, PictureSize, decode

SIZE = PictureSize(edge=48)


def png(colour: str = "red", side: int = 60) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "PNG")
    return out.getvalue()


def reasons(answers: list[object]) -> list[str]:
    return [a.reason if isinstance(a, PictureRefused) else "ok" for a in answers]


@pytest.fixture
def decoder() -> Iterator[PictureDecoder]:
    with PictureDecoder() as made:
        yield made


@pytest.mark.parametrize("children", [1, 3])
def test_pixels_are_those_of_decode_and_in_order(children: int) -> None:
    contents = [png(c) for c in ("red", "lime", "blue", "white", "black")]
    with PictureDecoder(children=children) as many:
        answers = many.decode_many(contents, SIZE)
        assert len(many.pids) == children
    for content, pixels in zip(contents, answers, strict=True):
        assert not isinstance(pixels, PictureRefused)
        np.testing.assert_array_equal(pixels, decode(content, SIZE))


def test_bad_pictures_do_not_spoil_the_others(decoder: PictureDecoder) -> None:
    contents = [png(), b"", b"<html>", png()[:-30], png("blue"), bytes(20 * 1024 * 1024 + 1)]
    answers = decoder.decode_many(contents, SIZE)
    assert reasons(list(answers)) == [
        "ok",
        "empty",
        "format",
        "truncated",
        "ok",
        "too_many_bytes",
    ]


def test_the_size_may_change_between_batches(decoder: PictureDecoder) -> None:
    small, large = (decoder.decode_many([png()], PictureSize(edge=e))[0] for e in (8, 16))
    assert isinstance(small, np.ndarray)
    assert isinstance(large, np.ndarray)
    assert (small.shape, large.shape) == ((8, 8, 3), (16, 16, 3))


def test_nothing_to_decode_starts_nothing(decoder: PictureDecoder) -> None:
    assert decoder.decode_many([], SIZE) == []
    assert decoder.pids == ()


def test_a_picture_that_needs_too_much_memory_is_refused_and_the_next_is_not() -> None:
    out = io.BytesIO()
    Image.new("RGB", (6_000, 6_000)).save(out, "PNG")
    with PictureDecoder(caps=DecoderCaps(memory=200 << 20)) as tight:
        answers = tight.decode_many([png(), out.getvalue(), png()], SIZE)
    assert reasons(list(answers)) == ["ok", "memory", "ok"]


def test_the_largest_allowed_picture_fits_the_default_cap(decoder: PictureDecoder) -> None:
    largest = []
    for mode in ("RGBA", "CMYK"):
        out = io.BytesIO()
        picture = Image.new(mode, (5_000, 8_000))
        if mode == "CMYK":
            picture.save(out, "JPEG", progressive=True)
        else:
            picture.save(out, "PNG")
        largest.append(out.getvalue())
    assert reasons(list(decoder.decode_many(largest, SIZE))) == ["ok", "ok"]


def test_a_child_killed_on_a_picture_refuses_that_one_only(decoder: PictureDecoder) -> None:
    decoder.decode_many([png()], SIZE)
    first = decoder.pids[0]
    os.kill(first, signal.SIGSTOP)  # the picture that is sent now is the one it dies on
    killer = threading.Timer(0.3, os.kill, (first, signal.SIGKILL))
    killer.start()
    answers = decoder.decode_many([png(), png("blue")], SIZE)
    killer.join()
    assert reasons(list(answers)) == ["unreadable", "ok"]
    assert "exit -9" in str(answers[0])
    assert decoder.pids[0] != first


def test_ctrl_c_in_a_terminal_refuses_no_picture(decoder: PictureDecoder) -> None:
    decoder.decode_many([png()], SIZE)
    os.kill(decoder.pids[0], signal.SIGINT)  # a terminal sends it to every process of the group
    first = decoder.pids
    assert reasons(list(decoder.decode_many([png(), png("blue")], SIZE))) == ["ok", "ok"]
    assert decoder.pids == first


def test_a_hanging_child_is_killed_after_the_time_limit() -> None:
    with PictureDecoder(caps=DecoderCaps(seconds=3.0)) as hasty:
        hasty.decode_many([png()], SIZE)
        stuck = hasty.pids[0]
        os.kill(stuck, signal.SIGSTOP)
        answers = hasty.decode_many([png(), png()], SIZE)
    assert reasons(list(answers)) == ["timeout", "ok"]
    assert not psutil.pid_exists(stuck)


def test_a_child_that_died_between_batches_is_replaced(decoder: PictureDecoder) -> None:
    decoder.decode_many([png()], SIZE)
    child = psutil.Process(decoder.pids[0])
    child.kill()
    while child.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert reasons(list(decoder.decode_many([png()], SIZE))) == ["ok"]


def test_the_child_sees_no_secret_and_has_its_caps(
    decoder: PictureDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFSIGHT_CANARY", "a-password")
    decoder.decode_many([png()], SIZE)
    proc = Path("/proc") / str(decoder.pids[0])
    assert b"a-password" not in (proc / "environ").read_bytes()
    limits = (proc / "limits").read_text()
    assert f"{1 << 30}" in next(x for x in limits.splitlines() if x.startswith("Max address"))
    assert " 0 " in next(x for x in limits.splitlines() if x.startswith("Max file size"))
    seconds = next(x for x in limits.splitlines() if x.startswith("Max cpu time")).split()[3]
    assert int(seconds) < 60


def test_no_child_outlives_its_decoder() -> None:
    with PictureDecoder(children=2) as many:
        many.decode_many([png(), png()], SIZE)
        pids = many.pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_bombs_are_refused_by_reason_and_cheaply(decoder: PictureDecoder) -> None:
    out = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(out, "PNG")
    side = io.BytesIO()
    Image.new("L", (65_500, 1)).save(side, "JPEG")
    many = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), (n % 250, n, 9)) for n in range(200)]
    frames[0].save(many, "GIF", save_all=True, append_images=frames[1:])
    decoder.decode_many([png()], SIZE)
    before = psutil.Process(decoder.pids[0]).memory_info().rss
    answers = decoder.decode_many([out.getvalue(), side.getvalue(), many.getvalue()], SIZE)
    assert reasons(list(answers)) == ["too_many_pixels", "too_long_side", "frames"]
    assert psutil.Process(decoder.pids[0]).memory_info().rss - before < 300 << 20


def test_limits_are_those_given() -> None:
    with PictureDecoder(limits=PictureLimits(pixels=3_599)) as strict:
        assert reasons(list(strict.decode_many([png()], SIZE))) == ["too_many_pixels"]


def test_the_child_runs_the_module_that_ships() -> None:
    assert Path(picture_decoder.__file__).with_name("picture_child.py").is_file()
