"""Preprocessing: every odd picture gives the pixels a person sees, or a reason."""

import io
import pickle
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from encoders.picture_size import PictureLimits, PictureSize, Pixels
from encoders.pictures import REASONS, PictureRefused, decode

SIZE = PictureSize(edge=64)
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def scene(width: int = 300, height: int = 200) -> Image.Image:
    picture = Image.new("RGB", (width, height), (230, 230, 240))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width * 0.3, height * 0.2, width * 0.5, height * 0.9), fill=(200, 30, 40))
    draw.ellipse((width * 0.5, height * 0.1, width * 0.7, height * 0.5), fill=(20, 90, 180))
    return picture


def saved(picture: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def cosine(a: Pixels, b: Pixels) -> float:
    x, y = a.astype(np.float64).ravel() - 127, b.astype(np.float64).ravel() - 127
    return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))


def refusal(content: bytes, limits: PictureLimits | None = None) -> PictureRefused:
    with pytest.raises(PictureRefused) as caught:
        decode(content, SIZE, limits or PictureLimits())
    assert caught.value.reason in REASONS
    return caught.value


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("scale", [1, 6])
def test_all_eight_orientations_look_upright(orientation: int, scale: int) -> None:
    upright = scene(300 * scale, 200 * scale)
    stored = upright.transpose(TURNS[orientation]) if orientation in TURNS else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = decode(saved(stored, "JPEG", quality=92, exif=exif), SIZE)
    straight = decode(saved(upright, "JPEG", quality=92), SIZE)
    assert cosine(turned, straight) >= 0.99


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_every_allowed_format_shows_the_same_picture(format: str) -> None:
    pixels = decode(saved(scene(), format), SIZE)
    assert pixels.shape == (64, 64, 3)
    assert pixels.dtype == np.uint8
    assert cosine(pixels, decode(saved(scene(), "PNG"), SIZE)) >= 0.99


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(mode: str) -> None:
    clear = Image.new("RGBA", (80, 80), (10, 20, 30, 0))
    clear.paste((200, 0, 0, 255), (20, 20, 60, 60))
    picture = clear.quantize() if mode == "P" else clear.convert(mode)
    pixels = decode(saved(picture, "PNG"), SIZE)
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[32, 32, 1] < 80


def test_half_transparent_edges_keep_no_hidden_colour() -> None:
    half = Image.new("RGBA", (64, 64), (0, 0, 0, 128))
    assert decode(saved(half, "PNG"), SIZE)[5, 5].tolist() == [127, 127, 127]


def test_palette_with_transparency() -> None:
    picture = Image.new("P", (40, 40), 1)
    picture.putpalette([0, 255, 0, 0, 0, 255])
    picture.paste(0, (0, 0, 20, 40))
    content = saved(picture, "PNG", transparency=1)
    pixels = decode(content, SIZE)
    assert pixels[30, 5].tolist() == [0, 255, 0]
    assert pixels[30, 60].tolist() == [255, 255, 255]


def test_cmyk_is_shown_in_its_colours() -> None:
    pixels = decode(saved(scene().convert("CMYK"), "JPEG", quality=95), SIZE)
    assert cosine(pixels, decode(saved(scene(), "PNG"), SIZE)) >= 0.99


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (256, 1))
    pixels = decode(saved(Image.fromarray(ramp), "PNG"), PictureSize(edge=256))
    np.testing.assert_allclose(pixels[10, :, 0], np.arange(256), atol=2)


def test_grey_bilevel_and_one_pixel() -> None:
    for picture in (scene().convert("L"), scene().convert("1"), Image.new("RGB", (1, 1), "red")):
        assert decode(saved(picture, "PNG"), SIZE).shape == (64, 64, 3)
    one = decode(saved(Image.new("RGB", (1, 1), "red"), "PNG"), SIZE)
    assert (one == np.array([255, 0, 0])).all()


def test_the_central_square_is_kept() -> None:
    wide = Image.new("RGB", (300, 100), "blue")
    wide.paste("red", (100, 0, 200, 100))
    assert (decode(saved(wide, "PNG"), SIZE)[:, 2:-2] == np.array([255, 0, 0])).all()
    inner = Image.new("RGB", (100, 100), "blue")
    inner.paste("red", (25, 25, 75, 75))
    half = decode(saved(inner, "PNG"), PictureSize(edge=64, crop=0.5))
    assert (half[4:-4, 4:-4] == np.array([255, 0, 0])).all()


def test_a_large_photo_decoded_small_looks_as_if_decoded_whole() -> None:
    content = saved(scene(2400, 1600), "JPEG", quality=92)
    whole = saved(Image.open(io.BytesIO(content)).convert("RGB"), "PNG")
    assert cosine(decode(content, SIZE), decode(whole, SIZE)) >= 0.999


def test_a_broken_exif_block_turns_nothing() -> None:
    content = saved(scene(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7fgarbage")
    assert cosine(decode(content, SIZE), decode(saved(scene(), "PNG"), SIZE)) >= 0.99


def test_a_camera_file_with_a_second_view_is_one_picture() -> None:
    content = saved(scene(), "MPO", save_all=True, append_images=[scene()])
    assert cosine(decode(content, SIZE), decode(saved(scene(), "PNG"), SIZE)) >= 0.99


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><html>404</html>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7\n",
        b"SIMPLE  =                    T",
        b"BM" + bytes(60),
        b"II*\x00\x08\x00\x00\x00",
        b"x",
    ],
    ids=["html", "eps", "svg", "pdf", "fits", "bmp", "tiff", "byte"],
)
def test_content_of_another_format_is_refused_whatever_its_name(content: bytes) -> None:
    assert refusal(content).reason == "format"


def test_nothing_is_refused_as_empty() -> None:
    assert refusal(b"").reason == "empty"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
def test_a_truncated_picture_is_refused(format: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (90, 90, 3)).astype(np.uint8)
    content = saved(Image.fromarray(noise), format)
    # One percent of a small file may be shorter than its magic number.
    cut = content[: max(16, int(len(content) * share))]
    assert refusal(cut).reason in ("truncated", "unreadable")


def small(**limit: float) -> PictureLimits:
    return PictureLimits(**limit)  # type: ignore[arg-type]


def test_each_limit_holds_at_the_limit_and_not_one_past_it() -> None:
    def png(width: int, height: int) -> bytes:
        return saved(Image.new("1", (width, height)), "PNG")

    content = png(30, 30)
    decode(content, SIZE, small(content_bytes=len(content)))
    assert refusal(content, small(content_bytes=len(content) - 1)).reason == "too_many_bytes"
    decode(png(5_000, 8_000), SIZE)
    assert refusal(png(5_000, 8_001)).reason == "too_many_pixels"
    decode(png(16_384, 400), SIZE)
    assert refusal(png(16_385, 400)).reason == "too_long_side"
    decode(png(500, 10), SIZE)
    assert refusal(png(501, 10)).reason == "aspect"


def test_the_byte_limit_is_twenty_megabytes() -> None:
    content = saved(scene(), "JPEG")
    decode(content + bytes(20 * 1024 * 1024 - len(content)), SIZE)
    past = content + bytes(20 * 1024 * 1024 - len(content) + 1)
    assert refusal(past).reason == "too_many_bytes"


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_animation_is_refused_and_one_frame_is_not(format: str) -> None:
    frames = [scene(60, 60), scene(60, 60).transpose(Image.Transpose.ROTATE_90)]
    moving = saved(frames[0], format, save_all=True, append_images=frames[1:])
    assert refusal(moving).reason == "frames"
    decode(saved(frames[0], format, save_all=True), SIZE)
    decode(moving, SIZE, small(frames=2))


def chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body).to_bytes(4, "big")
    return len(body).to_bytes(4, "big") + kind + body + check


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    header = (30_000).to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    body = zlib.compress(bytes(30_000 // 8 + 1) * 3_000)
    content += chunk(b"IDAT", body) + chunk(b"IEND", b"")
    assert refusal(content).reason == "too_many_pixels"


def test_a_text_chunk_bomb_does_not_unpack() -> None:
    header = (8).to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    text = b"k\0\0" + zlib.compress(bytes(64 * 1024 * 1024))
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"zTXt", text)
    assert refusal(content).reason in ("unreadable", "truncated")


def test_a_refusal_crosses_process_borders_with_its_reason() -> None:
    refused = refusal(b"")
    again = pickle.loads(pickle.dumps(refused))
    assert (again.reason, str(again)) == ("empty", str(refused))
