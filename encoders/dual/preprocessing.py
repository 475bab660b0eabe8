"""The image preprocessing of a dual model, taken from its own preprocessor's settings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from encoders.picture_size import PictureSize
from mappings.errors import UnknownModel

_RESAMPLE: dict[int, Literal["bilinear", "bicubic"]] = {2: "bilinear", 3: "bicubic"}


@dataclass(frozen=True, slots=True)
class ImagePreprocessing:
    """How a picture becomes the input of the vision tower.

    Args:
        size: What the picture is decoded to.
        mean: Subtracted from each channel, in [0, 255].
        std: Divides each channel, in the same unit.
        patch: Edge of the patches that the tower wants to be given, 0 where it takes pictures.
    """

    size: PictureSize
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    patch: int = 0


def preprocessing_of(preprocessor: Any, name: str) -> ImagePreprocessing:  # noqa: ANN401 - transformers has no type for it
    """Return what a model's image preprocessor does.

    Args:
        preprocessor: As ``transformers.AutoImageProcessor`` loads it.
        name: The model's, for errors.

    Raises:
        UnknownModel: It does what ``PictureSize`` cannot say.
    """
    resample = _RESAMPLE.get(int(preprocessor.resample))
    if resample is None:
        raise _odd(name, f"it resizes with filter {preprocessor.resample}")
    mean, std = _scale(preprocessor)
    patches = int(getattr(preprocessor, "max_num_patches", 0) or 0)
    if patches:
        # Made for pictures of any shape; a square one of as many patches as it may have.
        patch = int(preprocessor.patch_size)
        size = PictureSize(math.isqrt(patches) * patch, resample=resample)
        return ImagePreprocessing(size, mean, std, patch)
    return ImagePreprocessing(_size(preprocessor, name, resample), mean, std)


def _size(
    preprocessor: Any,  # noqa: ANN401
    name: str,
    resample: Literal["bilinear", "bicubic"],
) -> PictureSize:
    short, resized = _edges(preprocessor.size)
    is_cropped = bool(getattr(preprocessor, "do_center_crop", False))
    edge = _edges(preprocessor.crop_size)[1] if is_cropped else resized
    if not short and not resized:
        raise _odd(name, f"it resizes to {dict(preprocessor.size)}")
    if not edge or edge > (short or resized):
        raise _odd(name, "what it shows the model is no square, or reaches beyond the picture")
    return PictureSize(edge, edge / (short or resized), resample, stretch=not short)


def _edges(size: Any) -> tuple[int, int]:  # noqa: ANN401 - a mapping, or transformers' SizeDict
    """Return the shorter side and the square's edge, 0 for what is not given."""
    given = dict(size)
    short = int(given.get("shortest_edge") or 0)
    high, wide = int(given.get("height") or 0), int(given.get("width") or 0)
    return short, high if high == wide else 0


def _scale(
    preprocessor: Any,  # noqa: ANN401
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    if not getattr(preprocessor, "do_normalize", True):
        return (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)
    mean, std = preprocessor.image_mean, preprocessor.image_std
    return (
        (255.0 * mean[0], 255.0 * mean[1], 255.0 * mean[2]),
        (255.0 * std[0], 255.0 * std[1], 255.0 * std[2]),
    )


def _odd(name: str, why: str) -> UnknownModel:
    return UnknownModel(
        f"The preprocessing of {name!r} cannot be followed: {why}.",
        "Name a model that resizes to a square, or crops one, bilinear or bicubic.",
    )
