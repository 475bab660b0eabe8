"""Decodes a picture's bytes to upright pixels, for catalogue and queries alike."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from encoders.crop import Box, find_subject
from encoders.picture_size import (
    FORMATS,
    LIMITS,
    PictureLimits,
    PictureSize,
    Pixels,
    foreign_format,
)
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
SUBJECT_SEEN = 192
"""Longest side, in pixels, of the picture in which the subject is searched."""
_ORIENTATION = 0x0112
_CURE = "Send a JPEG, PNG, WEBP, GIF or AVIF with one frame, within the limits named."


class PictureRefused(InputError):
    """A picture that cannot be decoded, with the reason as a code.

    Args:
        problem: Names the value given and the one allowed.
        reason: One of ``REASONS``.
        cure: Tells what to do about it.
    """

    def __init__(self, problem: str, reason: Reason = "unreadable", cure: str = _CURE) -> None:
        super().__init__(problem, cure)
        self.args = (problem, reason, cure)
        self.reason: Reason = reason


def decode(
    content: bytes,
    size: PictureSize,
    limits: PictureLimits = LIMITS,
    box: Box | None = None,
) -> Pixels:
    """Return the squares of a picture that ``size`` defines: upright, on white, RGB.

    Runs in this process: pictures from outside go through ``PictureDecoder``. Animation, colour
    profiles and text chunks are not interpreted. Large JPEGs are decoded at 1/2, 1/4 or 1/8 as
    long as twice the wanted size remains; catalogue and query alike.

    Args:
        content: The file's bytes.
        size: The encoder's input.
        limits: Limits of a picture.
        box: The part of the upright picture that is used; the rest is cut off.

    Returns:
        uint8, shape ``size.shape``: (edge, edge, 3) for one square, more below it.

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
            warnings.simplefilter("ignore")  # our own limits are stricter and raise errors
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                _require_limits(picture, limits)
                return _squares(picture, size, box)
    except PictureRefused:
        raise
    except Image.DecompressionBombError as error:
        raise PictureRefused(
            f"The picture is too large: {error} ({limits.pixels:,} pixels are allowed).",
            "too_many_pixels",
        ) from None
    except MemoryError:
        raise PictureRefused("The picture needs more memory than is allowed.", "memory") from None
    except Exception as error:  # a decoder may raise anything on untrusted bytes
        raise _refusal(content, error) from None


def too_many_bytes(count: int, limits: PictureLimits) -> PictureRefused:
    """Return the refusal of a file of ``count`` bytes."""
    return PictureRefused(
        f"The picture has {count:,} bytes; {limits.content_bytes:,} are allowed.",
        "too_many_bytes",
    )


def _require_limits(picture: Image.Image, limits: PictureLimits) -> None:
    """Check the limits by the header, before a pixel is decoded."""
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
    count = 1  # GIF has no count in its header: n_frames would read all of them
    try:
        while count < at_most:
            picture.seek(count)
            count += 1
    except EOFError:
        pass
    picture.seek(0)
    return count


def _squares(picture: Image.Image, size: PictureSize, box: Box | None) -> Pixels:
    """Crop, resize, flatten and turn; turning last is cheap and gives the same squares."""
    closest = min((crop for crop in size.crops if crop > 0), default=1.0)
    if box is not None:
        closest *= min(box.right - box.left, box.bottom - box.top)
    elif size.subject:
        closest *= 0.5
    wanted = max(1, round(2 * size.edge / closest))
    if picture.format in ("JPEG", "MPO"):
        picture.draft(None, (wanted, wanted))
    turn = _upright_transpose(picture)
    picture.load()
    plain = _plain(picture)
    if box is not None or size.subject:  # a box refers to the upright picture
        plain, turn = plain if turn is None else plain.transpose(turn), None
        part = box or find_subject(_flat(plain, SUBJECT_SEEN))
        plain = plain.crop(part.pixels(*plain.size))
    parts = []
    for crop in size.crops:
        small = _on_white(_middle(plain, size, crop) if crop else _whole(plain, size))
        upright = small if turn is None else small.transpose(turn)
        parts.append(np.array(upright.convert("RGB"), dtype=np.uint8))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _middle(plain: Image.Image, size: PictureSize, crop: float) -> Image.Image:
    """Return the central part, ``crop`` of the shorter side or of both, as ``size`` asks."""
    from PIL import Image

    width, height = plain.size
    short = min(width, height)
    wide, high = (s * crop for s in ((width, height) if size.stretch else (short, short)))
    left, top = (width - wide) / 2, (height - high) / 2
    return plain.resize(
        (size.edge, size.edge),
        Image.Resampling[size.resample.upper()],
        box=(left, top, left + wide, top + high),
        reducing_gap=2.0,
    )


def _whole(plain: Image.Image, size: PictureSize) -> Image.Image:
    """Return the whole picture in the middle of a square of its border's median colour."""
    from PIL import Image

    shrink = size.edge / max(plain.size)
    fitted = (max(1, round(plain.width * shrink)), max(1, round(plain.height * shrink)))
    small = plain.resize(fitted, Image.Resampling[size.resample.upper()], reducing_gap=2.0)
    pixels = np.asarray(small)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    median = np.atleast_1d(np.median(border, axis=0))
    colour = tuple(int(v) for v in median)
    ground = Image.new(small.mode, (size.edge, size.edge), colour)
    ground.paste(small, ((size.edge - small.width) // 2, (size.edge - small.height) // 2))
    return ground


def _on_white(picture: Image.Image) -> Image.Image:
    from PIL import Image

    if picture.mode != "RGBA":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)


def _flat(plain: Image.Image, longest: int) -> Pixels:
    """Return the picture on white, uint8 (h, w, 3), no side longer than ``longest``."""
    shrink = min(1.0, longest / max(plain.size))
    size = (max(1, round(plain.width * shrink)), max(1, round(plain.height * shrink)))
    return np.asarray(_on_white(plain.resize(size, reducing_gap=2.0)).convert("RGB"))


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


def _upright_transpose(picture: Image.Image) -> Image.Transpose | None:
    """Return the transposition that turns the stored pixels upright; none for broken EXIF."""
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
    """Explain why Pillow could not read these bytes."""
    words = str(error).lower()
    if foreign := foreign_format(content):
        return PictureRefused(foreign, "format")
    if "truncated" in words or "eof" in words or "end of" in words or _cut_short(error):
        return PictureRefused("The picture ends before its last pixel.", "truncated")
    # Pillow's own errors are readable for people; others expose internals.
    own = isinstance(error, OSError | SyntaxError | ValueError)
    shown = str(error)[:120] if own else "its data is damaged"
    return PictureRefused(f"The picture cannot be read: {shown}", "unreadable")


def _cut_short(error: Exception) -> bool:
    """Return whether the header itself is cut off: Pillow then does not know the format."""
    from PIL import UnidentifiedImageError

    return isinstance(error, UnidentifiedImageError | EOFError)
