"""What is looked at of a picture: the middle, the whole, the heart, and its colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from encoders.picture_size import Pixels
from encoders.protocol import ImageEncoder, Vectors
from learn.align.colour import colour_histogram

CROPS = {"middle": 260 / 292, "heart": 0.6}
COLOUR = 0.6
"""Weight of the colour histogram against each view."""


def middle(picture: Image.Image, edge: int, crop: float) -> Pixels:
    """Return the central square, uint8 (edge, edge, 3), ``crop`` of the shorter side."""
    width, height = picture.size
    side = min(width, height) * crop
    left, top = (width - side) / 2, (height - side) / 2
    box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((edge, edge), Image.Resampling.BICUBIC, box=box))


def whole(picture: Image.Image, edge: int) -> Pixels:
    """Return the whole picture, uint8 (edge, edge, 3), on the border's median colour."""
    shrink = edge / max(picture.size)
    pixels = np.asarray(picture)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    red, green, blue = (int(v) for v in np.median(border, axis=0))
    ground = Image.new("RGB", (edge, edge), (red, green, blue))
    size = (max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink)))
    small = picture.resize(size, Image.Resampling.BICUBIC)
    ground.paste(small, ((edge - small.width) // 2, (edge - small.height) // 2))
    return np.asarray(ground)


def view_features(pictures: Sequence[Image.Image], encoder: ImageEncoder) -> Vectors:
    """Return float32 (n, 3 x dim + 384): middle, whole and heart encoded, and the colours.

    Args:
        pictures: RGB, upright.
        encoder: Its ``size.edge`` is what the views are brought to.
    """
    edge = encoder.size.edge
    wholes = [whole(p, edge) for p in pictures]
    parts = [encoder.encode_products([middle(p, edge, CROPS["middle"]) for p in pictures])]
    parts.append(encoder.encode_products(wholes))
    parts.append(encoder.encode_products([middle(p, edge, CROPS["heart"]) for p in pictures]))
    colours = np.stack([colour_histogram(w) for w in wholes])
    return np.concatenate([*parts, COLOUR * colours], axis=1, dtype=np.float32)
