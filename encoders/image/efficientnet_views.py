"""EfficientNet-Lite2 over three views of a picture, and its colours: dearer and better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from encoders.card import EncoderCard, digest_of
from encoders.extras import refuse_argument
from encoders.image.efficientnet import load as load_one
from encoders.image.lab_histogram import BINS, colour_histogram
from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import ImageEncoder, Vectors, unit_rows

NAME = "efficientnet-lite2-views"
WHOLE, HEART = 0.0, 0.6
COLOUR = 0.6
"""Weight of the colour histogram against each view."""
COLOURS = int(np.prod([len(edges) - 1 for edges in BINS]))
VIEWS = 3


class ViewsEncoder:
    """Features of the middle, the whole and the heart of a picture, and its colours in Lab.

    Three passes of the model a picture: a third of the speed. Rows are raw features for a head,
    which weighs the parts; as they stand they can be compared as well.

    Args:
        encoder: Makes the features of one view; the views are of its edge.
    """

    def __init__(self, encoder: ImageEncoder) -> None:
        one = encoder.card
        self.encoder = encoder
        self._size = replace(encoder.size, views=(WHOLE, HEART))
        self._card = EncoderCard(
            name=f"{one.name}-views",
            revision=one.revision,
            modality="image",
            space=f"{one.space}-views",
            dim=VIEWS * one.dim + COLOURS,
            licence=one.licence,
            preprocessing=digest_of(
                [one.preprocessing, self._size.digest, COLOUR, [list(edges) for edges in BINS]]
            ),
        )

    @property
    def card(self) -> EncoderCard:
        """What the model is."""
        return self._card

    @property
    def size(self) -> PictureSize:
        """What ``decode`` must be asked for: three squares, one below the other."""
        return self._size

    def encode_query(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        return self.encode_products(items)

    def encode_products(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows: three views' features, and the colours."""
        if not items:
            return np.empty((0, self._card.dim), dtype=np.float32)
        edge = self._size.edge
        squares = [p[i * edge : (i + 1) * edge] for p in items for i in range(VIEWS)]
        seen = self.encoder.encode_products(squares).reshape(len(items), -1)
        colours = np.stack([colour_histogram(p[edge : 2 * edge]) for p in items])
        return unit_rows(np.concatenate([seen, COLOUR * colours], axis=1))


def load(argument: str, threads: int | None, runtime: str, cache: Path | None) -> ViewsEncoder:
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
    return ViewsEncoder(load_one("", threads, runtime, cache))
