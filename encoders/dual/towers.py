"""The two towers of a dual model as two encoders, both named ``clip:FOLDER_OR_HUB_NAME``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np

from encoders.card import EncoderCard, digest_of
from encoders.dual.model import FAMILY, DualModel, features_of, load_dual
from encoders.image.vision import VisionEncoder, vision_encoder
from encoders.protocol import Vectors, unit_rows
from encoders.registry_names import split_options
from encoders.runtime.model import VisionModel, vision_preprocessing
from mappings.errors import UnknownModel

if TYPE_CHECKING:
    from torch import nn

BATCH = 32
OPTIONS = ("revision", "query_prefix", "passage_prefix")
SHOWN = f"{FAMILY}:FOLDER_OR_HUB_NAME?revision=COMMIT"


class DualTextEncoder:
    """The text tower: no projection is needed to compare its vectors with the other tower's.

    Args:
        model: Both towers.
        prefixes: Put before a query, and before a product's text.
    """

    def __init__(self, model: DualModel, prefixes: tuple[str, str] = ("", "")) -> None:
        self._model, self._prefixes = model, prefixes
        self.loads_as = _loads_as(model, prefixes)
        self._card = EncoderCard(
            name=model.name,
            revision=model.revision,
            modality="text",
            space=model.space,
            dim=int(model.texts(["a"]).shape[1]),
            licence="unknown",
            preprocessing=digest_of([*prefixes, model.token_limit, model.is_padded]),
        )

    @property
    def card(self) -> EncoderCard:
        """What the model is."""
        return self._card

    def encode_query(self, items: Sequence[str]) -> Vectors:
        """Return float32 (n, dim) unit rows, with the query prefix."""
        return self._encode([self._prefixes[0] + item for item in items])

    def encode_products(self, items: Sequence[str]) -> Vectors:
        """Return float32 (n, dim) unit rows, with the passage prefix."""
        return self._encode([self._prefixes[1] + item for item in items])

    def _encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.empty((len(texts), self._card.dim), dtype=np.float32)
        # Texts of like length share a batch, so that little is spent on padding.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            rows[places] = self._model.texts([texts[place] for place in places])
        return unit_rows(rows)


def load_text(argument: str, threads: int | None) -> DualTextEncoder:
    """Return the text tower; registry entry point.

    Args:
        argument: Folder or hub name, then ``?revision=…&query_prefix=…&passage_prefix=…``.
        threads: torch threads, ``None`` to leave them.

    Raises:
        UnknownModel: An option is not known, or the model cannot be loaded.
    """
    model, prefixes = _named(argument)
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    return DualTextEncoder(model, prefixes)


def load_image(
    argument: str, threads: int | None, runtime: str, cache: Path | None
) -> VisionEncoder:
    """Return the vision tower of the same loaded model; registry entry point.

    Args:
        argument: As for the text tower; prefixes are of no meaning here.
        threads: Processor threads of one pass; ``None`` for one a core.
        runtime: One of ``encoders.runtime.probe.RUNTIMES``; ``auto`` is the GPU where there is
            one, else eager PyTorch, so that both towers share one copy of the weights.
        cache: Folder for exported models.

    Raises:
        UnknownModel: An option is not known, or the model cannot be loaded.
        InputError: The runtime is not known, or cannot run here.
    """
    model, prefixes = _named(argument)
    encoder = vision_encoder(_vision(model), threads, _runtime(runtime), cache)
    encoder.loads_as = _loads_as(model, prefixes)
    return encoder


def _runtime(asked: str) -> str:
    import torch

    return asked if asked != "auto" else "cuda" if torch.cuda.is_available() else "eager"


def _named(argument: str) -> tuple[DualModel, tuple[str, str]]:
    source, options = split_options(argument, OPTIONS)
    if not source:
        raise UnknownModel(
            f"The model '{FAMILY}:{argument}' names no folder and no model on the hub.",
            f"Write {SHOWN!r}.",
        )
    prefixes = (options.get("query_prefix", ""), options.get("passage_prefix", ""))
    return load_dual(source, options.get("revision", "")), prefixes


def _loads_as(model: DualModel, prefixes: tuple[str, str]) -> str:
    """Return the name that loads these very weights again, whatever the hub's newest are then."""
    said = dict(zip(OPTIONS, (model.pinned, *prefixes), strict=True))
    options = "&".join(f"{k}={quote(v, safe=' :/')}" for k, v in said.items() if v)
    return f"{FAMILY}:{model.source}" + (f"?{options}" if options else "")


def _vision(model: DualModel) -> VisionModel:
    prepare = model.preprocessing
    card = EncoderCard(
        name=model.name,
        revision=model.revision,
        modality="image",
        space=model.space,
        dim=int(model.texts(["a"]).shape[1]),
        licence="unknown",
        preprocessing=vision_preprocessing(prepare.size, prepare.mean, prepare.std),
    )
    return VisionModel(card, prepare.size, prepare.mean, prepare.std, lambda: _tower(model))


def _tower(model: DualModel) -> nn.Module:
    """Return normalised pictures (n, 3, edge, edge) to features (n, dim)."""
    import torch
    from torch import Tensor, nn

    patch, edge = model.preprocessing.patch, model.preprocessing.size.edge
    side = edge // patch if patch else 0

    class Tower(nn.Module):
        """The vision tower, given what it wants: pictures, or their patches."""

        def __init__(self) -> None:
            super().__init__()
            self.network = model.network

        def forward(self, x: Tensor) -> Tensor:
            if not patch:
                found: Tensor = features_of(self.network.get_image_features(pixel_values=x))
                return found
            cut = x.reshape(len(x), 3, side, patch, side, patch).permute(0, 2, 4, 3, 5, 1)
            shown = torch.ones((len(x), side * side), dtype=torch.int32, device=x.device)
            shapes = torch.tensor([[side, side]] * len(x), device=x.device)
            of_patches: Tensor = features_of(
                self.network.get_image_features(
                    pixel_values=cut.reshape(len(x), side * side, -1),
                    pixel_attention_mask=shown,
                    spatial_shapes=shapes,
                )
            )
            return of_patches

    return Tower().eval()
