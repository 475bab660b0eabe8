"""Runs a vision model with PyTorch: eager, channels last, bfloat16, on a GPU."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from encoders.runtime.model import Batch, Runner, VisionModel

if TYPE_CHECKING:
    import torch
    from torch import nn


def eager(model: VisionModel) -> Runner:
    """Return the reference: fp32 with PyTorch's defaults."""
    return _runner(model, _built(model))


def channels_last(model: VisionModel) -> Runner:
    """Return fp32 with the channels-last layout."""
    import torch

    network: Any = _built(model)
    return _runner(model, network.to(memory_format=torch.channels_last), last=True)


def bf16(model: VisionModel) -> Runner:
    """Return bfloat16 autocast over channels last; too coarse for some models."""
    import torch

    network: Any = _built(model)
    return _runner(
        model, network.to(memory_format=torch.channels_last), last=True, cast=torch.bfloat16
    )


def cuda(model: VisionModel) -> Runner:
    """Return fp32 channels last on the first GPU.

    Raises:
        RuntimeError: torch sees no GPU.
    """
    import torch

    if not torch.cuda.is_available():
        raise RuntimeError("torch sees no GPU")
    network: Any = _built(model)
    there = network.to("cuda", memory_format=torch.channels_last)
    return _runner(model, there, last=True, device="cuda")


def _built(model: VisionModel) -> nn.Module:
    network = model.build()
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network.eval()


def _runner(
    model: VisionModel,
    network: nn.Module,
    *,
    last: bool = False,
    cast: torch.dtype | None = None,
    device: str = "cpu",
) -> Runner:
    import torch

    def run(batch: Batch) -> NDArray[np.float32]:
        precision: AbstractContextManager[object] = (
            nullcontext() if cast is None else torch.autocast(device, cast)
        )
        with torch.inference_mode(), precision:
            features = network(normalised(batch, model, last=last, device=device))
        return np.asarray(features.float().cpu().numpy(), dtype=np.float32)

    return run


def normalised(
    batch: Batch, model: VisionModel, *, last: bool = True, device: str = "cpu"
) -> torch.Tensor:
    """Return a batch as the network's input.

    Args:
        batch: uint8 (n, edge, edge, 3).
        model: Gives mean and standard deviation.
        last: Keep the channels-last layout that the pixels have.
        device: Of the tensor.

    Returns:
        float32 (n, 3, edge, edge).
    """
    import torch

    pixels = torch.from_numpy(np.ascontiguousarray(batch)).to(device)
    _, high, wide, channels = pixels.shape
    # Whole rows of pixels at once: an innermost dimension of three cannot be vectorised.
    mean = torch.tensor(model.mean, device=device).repeat(wide)
    std = torch.tensor(model.std, device=device).repeat(wide)
    rows = pixels.view(-1, high, wide * channels).float().sub_(mean).div_(std)
    floats = rows.view(pixels.shape).permute(0, 3, 1, 2)
    return floats if last else floats.contiguous()
