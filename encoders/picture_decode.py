"""The one picture preprocessing that catalogue and query share: bytes in, upright pixels out."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from encoders.picture_size import FORMATS, LIMITS, PictureLimits, PictureSize, Pixels
from mappings.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

Reason = Literal[
    "format",
    "too_many_bytes",
    "too_many_pixels",
    "too_long_side",
    "aspect",
    "frames",
    "truncated",
    "unreadable",
    "empty",
    "timeout",
    "memory",
]
REASONS: tuple[str, ...] = get_args(Reason)
_ORIENTATION = 0x0112
_CURE = "Send a JPEG, PNG, WEBP, GIF or AVIF with one frame, within the limits named."
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF8", b"\x00\x00\x00")


class PictureRefused(InputError):
    """A picture that cannot be decoded, and why, in one word that programs can count.

    Args:
        problem: What was given, what is allowed.
        reason: One of ``REASONS``.
        cure: What to do about it.
    """

    def __init__(self, problem: str, reason: Reason = "unreadable", cure: str = _CURE) -> None:
        super().__init__(problem, cure)
        self.args = (problem, reason, cure)
        self.reason: Reason = reason


def decode(content: bytes, size: PictureSize, limits: PictureLimits = LIMITS) -> Pixels:
    """Return the central square of a picture: upright, on white, RGB, brought to ``size``.

    Runs in this process: pictures from outside go through ``PictureDecoder``. Animation, colour
    profiles and text chunks are not interpreted. Large JPEGs are decoded at 1/2, 1/4 or 1/8 as
    long as twice the wanted size remains; catalogue and query alike.

    Args:
        content: The file's bytes.
        size: What the encoder wants to see.
        limits: What the picture may cost.

    Returns:
        uint8 (size.edge, size.edge, 3).

    Raises:
        PictureRefused: With ``.reason`` and a sentence that names what was given and allowed.
    """
    from PIL import Image

    if not content:
        raise PictureRefused("The picture is empty (0 bytes).", "empty")
    if len(content) > limits.content_bytes:
        raise too_many_bytes(len(content), limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limits are stricter, and are errors
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                _require_limits(picture, limits)
                return _square(picture, size)
    except PictureRefused:
        raise
    except Image.DecompressionBombError as error:
        raise PictureRefused(
            f"The picture is too large: {error} ({limits.pixels:,} pixels are allowed).",
            "too_many_pixels",
        ) from None
    except MemoryError:
        raise PictureRefused("The picture needs more memory than is allowed.", "memory") from None
    except Exception as error:  # a decoder may raise anything over bytes from outside
        raise _refusal(content, error) from None


def too_many_bytes(count: int, limits: PictureLimits) -> PictureRefused:
    """Return the refusal of a file of ``count`` bytes."""
    return PictureRefused(
        f"The picture has {count:,} bytes; {limits.content_bytes:,} are allowed.",
        "too_many_bytes",
    )


def _require_limits(picture: Image.Image, limits: PictureLimits) -> None:
    """Refuse by the header, before a pixel is decoded."""
    long, short = max(picture.size), min(picture.size)
    shape = f"{picture.size[0]:,} x {picture.size[1]:,} pixels"
    if long * short > limits.pixels:
        raise PictureRefused(
            f"The picture has {shape}; {limits.pixels:,} in all are allowed.", "too_many_pixels"
        )
    if long > limits.long_side:
        raise PictureRefused(
            f"The picture has {shape}; {limits.long_side:,} a side are allowed.", "too_long_side"
        )
    if long > limits.aspect * short:
        raise PictureRefused(
            f"The picture has {shape}; {limits.aspect:g}:1 is the most allowed.", "aspect"
        )
    # A camera's MPO is a JPEG with a preview or a second view behind it: the first one counts.
    frames = 1 if picture.format == "MPO" else _frames(picture, limits.frames + 1)
    if frames > limits.frames:
        raise PictureRefused(
            f"The picture is animated; {limits.frames} frame is allowed.", "frames"
        )


def _frames(picture: Image.Image, at_most: int) -> int:
    """Return the number of frames, counting no further than ``at_most``."""
    if not getattr(picture, "is_animated", False):
        return 1
    if picture.format != "GIF":
        return int(getattr(picture, "n_frames", 1))
    count = 1  # GIF has no count in its header: asking for n_frames would walk all of them
    try:
        while count < at_most:
            picture.seek(count)
            count += 1
    except EOFError:
        pass
    picture.seek(0)
    return count


def _square(picture: Image.Image, size: PictureSize) -> Pixels:
    """Crop, resize, flatten and turn; turning last is cheap and gives the same square."""
    from PIL import Image

    wanted = max(1, round(2 * size.edge / size.crop))
    if picture.format in ("JPEG", "MPO"):
        picture.draft(None, (wanted, wanted))
    turn = _turn(picture)
    picture.load()
    plain = _plain(picture)
    width, height = plain.size
    side = min(width, height) * size.crop
    left, top = (width - side) / 2, (height - side) / 2
    small = plain.resize(
        (size.edge, size.edge),
        Image.Resampling[size.resample.upper()],
        box=(left, top, left + side, top + side),
        reducing_gap=2.0,
    )
    if small.mode == "RGBA":
        white = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(white, small)
    upright = small if turn is None else small.transpose(turn)
    return np.array(upright.convert("RGB"), dtype=np.uint8)


def _plain(picture: Image.Image) -> Image.Image:
    """Return the picture in a mode that can be resized: L, RGB or RGBA."""
    from PIL import Image

    if picture.mode.startswith(("I", "F")):  # 16 bits and more a channel: scaled, not clipped
        values = np.asarray(picture).astype(np.float32)
        top = 65535.0 if values.max(initial=0.0) > 255 else 255.0
        return Image.fromarray((values * (255.0 / top)).clip(0, 255).astype(np.uint8), "L")
    if "A" in picture.mode or "a" in picture.mode or "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode in ("L", "RGB"):
        return picture
    return picture.convert("RGB")


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """Return how to turn the stored pixels upright; a broken EXIF block turns nothing."""
    from PIL import Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    try:
        return turns.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # the picture itself may be sound
        return None


def _refusal(content: bytes, error: Exception) -> PictureRefused:
    """Say why Pillow could not read these bytes."""
    known = content.startswith(_MAGIC)
    words = str(error).lower()
    if not known:
        start = content[:12]
        return PictureRefused(f"The file is none of {', '.join(FORMATS)}: {start!r}…", "format")
    if "truncated" in words or "eof" in words or "end of" in words or _cut_short(error):
        return PictureRefused("The picture ends before its last pixel.", "truncated")
    shown = str(error)[:120]
    return PictureRefused(f"The picture cannot be read: {shown}", "unreadable")


def _cut_short(error: Exception) -> bool:
    """Tell whether the header itself was cut: Pillow then does not know the format."""
    from PIL import UnidentifiedImageError

    return isinstance(error, UnidentifiedImageError | EOFError)
