"""Any torchvision classification model as an encoder, without its classifier."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from encoders.card import EncoderCard
from encoders.extras import require
from encoders.image.vision import VisionEncoder, vision_encoder
from encoders.picture_size import PictureSize
from encoders.registry_names import split_options
from encoders.runtime.model import VisionModel, vision_preprocessing
from mappings.errors import UnknownModel

if TYPE_CHECKING:
    from torch import Tensor, nn

SHOWN = "torchvision:resnet50?weights=PATH_OR_TORCHVISION_NAME"


def load(argument: str, threads: int | None, runtime: str, cache: Path | None) -> VisionEncoder:
    """Return the encoder; registry entry point.

    Args:
        argument: ``MODEL`` or ``MODEL?weights=PATH`` (a ``.safetensors`` or ``.pth`` state dict)
            or ``MODEL?weights=NAME`` (torchvision's own, downloaded once by torchvision); without
            ``weights``, torchvision's default ones.
        threads: Processor threads of one pass; ``None`` for one a core.
        runtime: One of ``encoders.runtime.probe.RUNTIMES``.
        cache: Folder for exported models and measured choices; ``None`` for the user's.

    Raises:
        UnknownModel: torchvision has no such model or weights, they cannot be had, or they do
            not fit.
        InputError: The runtime is not known, or cannot run here.
    """
    name, options = split_options(argument, ("weights",))
    encoder = vision_encoder(
        torchvision_model(name, options.get("weights", "DEFAULT")), threads, runtime, cache
    )
    encoder.loads_as = f"torchvision:{argument}"
    return encoder


def torchvision_model(name: str, weights: str) -> VisionModel:
    """Return a torchvision classification model as features before its last linear layer.

    Args:
        name: As ``torchvision.models.list_models`` names it.
        weights: Path of a state dict, or a name of torchvision's own weights.

    Raises:
        UnknownModel: As ``load`` says.
    """
    models: Any = require("torchvision", extra="", model=f"torchvision:{name}").models
    allowed = models.list_models(module=models)
    if name not in allowed:
        raise UnknownModel(
            f"torchvision has no classification model named {name!r}.",
            f"Write {SHOWN!r} with one of {', '.join(allowed)}.",
        )
    named = models.get_model_weights(name)
    local = Path(weights)
    if local.is_file():
        revision, state, recipe = _digest(local), _read_state(local), next(iter(named))
    else:
        recipe = _recipe(name, weights, named)
        revision, state = Path(recipe.url).stem, _download(name, recipe)
    network, dim = _without_head(models.get_model(name, weights=None), name)
    _fill(network, state, name, weights)
    return _described(name, revision, recipe.transforms(), network, dim)


def _described(
    name: str,
    revision: str,
    preset: Any,  # noqa: ANN401 - torchvision's transforms preset
    network: nn.Module,
    dim: int,
) -> VisionModel:
    """Return the model with the preprocessing that its weights were trained for."""
    import copy

    edge, resize = int(preset.crop_size[0]), int(preset.resize_size[0])
    resample = preset.interpolation.value
    size = PictureSize(
        edge=edge,
        crop=edge / max(resize, edge),
        resample="bicubic" if resample == "bicubic" else "bilinear",
    )
    mean = (255 * preset.mean[0], 255 * preset.mean[1], 255 * preset.mean[2])
    std = (255 * preset.std[0], 255 * preset.std[1], 255 * preset.std[2])
    card = EncoderCard(
        name=f"torchvision:{name}",
        revision=revision,
        modality="image",
        space=f"torchvision:{name}:{revision}",
        dim=dim,
        licence="BSD-3-Clause",
        preprocessing=vision_preprocessing(size, mean, std),
    )
    return VisionModel(card, size, mean, std, lambda: copy.deepcopy(network).eval())


def _without_head(network: nn.Module, name: str) -> tuple[nn.Module, int]:
    """Return the network without its last linear layer, and the width of that layer's input.

    Raises:
        UnknownModel: It ends in no linear layer.
    """
    from torch import nn

    last = [(path, layer) for path, layer in network.named_modules() if type(layer) is nn.Linear]
    if not last:
        raise UnknownModel(
            f"The torchvision model {name!r} ends in no linear layer that could be taken off.",
            "Choose one that does, such as resnet50.",
        )
    path, head = last[-1]
    parent, _, attribute = path.rpartition(".")
    setattr(network.get_submodule(parent), attribute, nn.Identity())
    return network.eval(), int(head.in_features)


def _fill(network: nn.Module, state: Mapping[str, Tensor], name: str, given: str) -> None:
    """Load a state dict; only the classifier's weights may remain unused.

    Raises:
        UnknownModel: The weights are those of another network.
    """
    try:
        missing, left = network.load_state_dict(dict(state), strict=False)
    except RuntimeError as error:
        missing, left = [str(error).splitlines()[-1].strip()], []
    odd = [key for key in left if not key.endswith((".weight", ".bias")) and "aux" not in key]
    heads = {key.rpartition(".")[0] for key in left if "aux" not in key.lower()}
    if missing or odd or len(heads) > 1:
        shown = [*missing, *odd, *sorted(heads)][0]
        raise UnknownModel(
            f"The weights {given!r} are not those of torchvision's {name!r} (at {shown!r}).",
            f"Give a state dict that was saved from {name!r}.",
        )


def _read_state(path: Path) -> Mapping[str, Tensor]:
    """Return a state dict without executing anything from the file.

    Raises:
        UnknownModel: The file holds no tensors by name.
    """
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state)
        if not all(isinstance(value, torch.Tensor) for value in state.values()):
            raise TypeError("it holds other things than tensors")
    except Exception as error:  # unpicklers raise many types
        raise UnknownModel(
            f"No weights can be read from {str(path)!r}: {str(error).splitlines()[0][:200]}.",
            "Save them with safetensors, or with `torch.save(model.state_dict(), path)`.",
        ) from None
    else:
        checked: Mapping[str, Tensor] = state
        return checked


def _recipe(name: str, weights: str, named: Any) -> Any:  # noqa: ANN401 - torchvision's enums
    try:
        return named[weights]
    except KeyError:
        known = ", ".join(["DEFAULT", *(entry.name for entry in named)])
        raise UnknownModel(
            f"{weights!r} is neither a file nor weights that torchvision has for {name!r}.",
            f"Give the path of a state dict, or one of {known}.",
        ) from None


def _download(name: str, recipe: Any) -> Mapping[str, Tensor]:  # noqa: ANN401
    try:
        state: Mapping[str, Tensor] = recipe.get_state_dict(progress=False, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        raise UnknownModel(
            f"torchvision cannot fetch its weights of {name!r}: {error}.",
            f"Put the file on this machine and write 'torchvision:{name}?weights=PATH'.",
        ) from None
    return state


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
