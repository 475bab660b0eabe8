"""Finds the box round a picture's subject: given, by saliency, or by a detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mappings.errors import InputError

Photo = NDArray[np.uint8]
"""uint8 (height, width, 3), RGB, upright, of any size."""

SEEN = 96
"""Longer side, in pixels, of the picture in which the subject is searched."""
MARGIN = 0.04
"""Margin round a subject, relative to its box: models are trained on pictures with margins."""
LEAST, MOST = 0.03, 0.9
"""Shares of the picture: smaller boxes are no subject, larger ones need no crop."""
TAIL = 0.01
"""Share of the saliency that may lie outside the box at each side."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, as shares of its width and height from the upper left corner.

    Args:
        left: In [0, 1), below ``right``.
        top: In [0, 1), below ``bottom``.
        right: In (0, 1].
        bottom: In (0, 1].

    Raises:
        InputError: The box is empty, or leaves the picture.
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def __post_init__(self) -> None:
        inside = 0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1
        if not inside:  # also for NaN
            raise InputError(
                f"The box ({self.left}, {self.top}, {self.right}, {self.bottom}) is no part of a"
                " picture.",
                "Give left, top, right, bottom as shares of width and height from 0 to 1, such as"
                " 0.2,0.1,0.8,0.9.",
            )

    @classmethod
    def parse(cls, text: str) -> Box:
        """Return the box in ``left,top,right,bottom``.

        Raises:
            InputError: It is not four numbers, or no part of a picture.
        """
        try:
            left, top, right, bottom = (float(part) for part in text.split(","))
        except ValueError:
            raise InputError(
                f"The box {text[:60]!r} cannot be read.",
                "Write left,top,right,bottom as shares from 0 to 1, such as 0.2,0.1,0.8,0.9.",
            ) from None
        return cls(left, top, right, bottom)

    @property
    def share(self) -> float:
        """The share of the picture that it covers, in (0, 1]."""
        return (self.right - self.left) * (self.bottom - self.top)

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, top, right, bottom in whole pixels, at least one wide and high."""
        left, top = (
            min(round(self.left * width), width - 1),
            min(round(self.top * height), height - 1),
        )
        right, bottom = round(self.right * width), round(self.bottom * height)
        return left, top, max(right, left + 1), max(bottom, top + 1)


WHOLE = Box()


class Detector(Protocol):
    """Finds objects in pictures; ``encoders.detect.load_detector`` loads one by name."""

    def subject(self, image: Photo) -> Box | None:
        """Return the box of the picture's subject, ``None`` where nothing is found."""
        ...


def crop_subject(
    image: Photo, box: Box | None = None, detector: Detector | None = None
) -> tuple[Photo, Box]:
    """Return the picture's subject, and its box.

    Args:
        image: uint8 (height, width, 3).
        box: The subject's box, if it is known.
        detector: Used when there is no box; where it finds nothing the picture stays whole.
            Without a detector the subject is what differs from the border (``find_subject``).

    Returns:
        uint8 (height', width', 3), a view, and its box.

    Raises:
        InputError: The array is no picture.
    """
    if image.ndim != 3 or image.shape[2] != 3 or not image.size or image.dtype != np.uint8:
        raise InputError(
            f"A subject is looked for in uint8 pixels (height, width, 3); given was"
            f" {image.dtype} {image.shape}.",
            "Decode the picture first.",
        )
    if box is None and detector is not None:
        box = detector.subject(image) or WHOLE
    if box is None:
        box = find_subject(image)
    left, top, right, bottom = box.pixels(image.shape[1], image.shape[0])
    return image[top:bottom, left:right], box


def find_subject(image: Photo) -> Box:
    """Return the box of the salient part: edges, and colours that the border does not have.

    Each pixel counts by its colour's distance from the nearest of the border's colours and by its
    edge strength, less where it is far from the middle; the box holds all but ``TAIL`` of that at
    each side. A picture without a border of its own (a close view, a busy room) stays whole.
    Source: Zhu et al., Saliency Optimization from Robust Background Detection, CVPR 2014, for the
    border as background; the rest is this project's own.

    Args:
        image: uint8 (height, width, 3).
    """
    small = _opponent(_shrunk(image))
    height, width = small.shape[:2]
    if min(height, width) < 8:
        return WHOLE
    colour = _distance(small, _border_colours(small))
    down, right = np.gradient(small[..., 0])
    stands_out = np.maximum(colour, np.hypot(down, right))
    stands_out = np.clip(stands_out - _calm(stands_out), 0, 60)
    y, x = np.mgrid[0:height, 0:width]
    off = ((y + 0.5) / height - 0.5) ** 2 + ((x + 0.5) / width - 0.5) ** 2
    mass = stands_out * np.exp(-2.0 * off)
    if mass.sum() < 1.0 * height * width:  # one even surface
        return WHOLE
    left, right_ = _span(mass.sum(axis=0))
    top, bottom = _span(mass.sum(axis=1))
    return _sound_box(left, top, right_, bottom)


def _shrunk(image: Photo) -> NDArray[np.float64]:
    """Return float64 means over blocks, at most about ``SEEN`` a side."""
    step = max(1, -(-max(image.shape[:2]) // SEEN))
    height, width = image.shape[0] // step * step, image.shape[1] // step * step
    if not height or not width:
        return image.astype(np.float64)
    blocks = image[:height, :width].reshape(height // step, step, width // step, step, 3)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _opponent(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return lightness, red against green, blue against yellow: each about [0, 255] wide."""
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    light = 0.3 * red + 0.6 * green + 0.1 * blue
    return np.stack([light, red - green, blue - (red + green) / 2], axis=-1)


def _border_colours(small: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median colour of each part of the border, float64 (12, 3), and of all of it."""
    rim = max(1, min(small.shape[:2]) // 24)
    sides = (
        small[:rim].reshape(-1, 3),
        small[-rim:].reshape(-1, 3),
        small[:, :rim].reshape(-1, 3),
        small[:, -rim:].reshape(-1, 3),
    )
    parts = [part for side in sides for part in np.array_split(side, 3)]
    found = np.array([np.median(part, axis=0) for part in parts])
    middle = np.median(np.concatenate(sides), axis=0)
    # Where the subject reaches the border its colour is no background: a third is left out.
    far = np.linalg.norm(found - middle, axis=1)
    return np.concatenate([found[np.argsort(far, kind="stable")[:8]], middle[None]])


def _distance(small: NDArray[np.float64], colours: NDArray[np.float64]) -> NDArray[np.float64]:
    gaps = small[:, :, None, :] - colours[None, None]
    return np.asarray(np.linalg.norm(gaps, axis=-1).min(axis=-1))


def _calm(stands_out: NDArray[np.float64]) -> float:
    """Return the saliency of the border itself: its third quartile, and a margin for noise."""
    border = np.concatenate([stands_out[0], stands_out[-1], stands_out[:, 0], stands_out[:, -1]])
    return float(np.quantile(border, 0.75)) + 6.0


def _span(profile: NDArray[np.float64]) -> tuple[float, float]:
    """Return where a profile's middle ``1 - 2 TAIL`` begins and ends, as shares of its length."""
    share = np.cumsum(profile) / profile.sum()
    first = int(np.searchsorted(share, TAIL))
    last = int(np.searchsorted(share, 1 - TAIL))
    return first / len(profile), min(1.0, (last + 1) / len(profile))


def _sound_box(left: float, top: float, right: float, bottom: float) -> Box:
    wide, high = MARGIN * (right - left), MARGIN * (bottom - top)
    box = Box(max(0.0, left - wide), max(0.0, top - high), min(1.0, right + wide),
              min(1.0, bottom + high))  # fmt: skip
    # In a close view a corner is the background that is left free, not the subject.
    middle = box.left < 0.5 < box.right and box.top < 0.5 < box.bottom
    return box if middle and LEAST <= box.share <= MOST else WHOLE
