"""EfficientNet-Lite2 with inner layers and colours, over one or three views of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from encoders.card import EncoderCard, digest_of
from encoders.extras import refuse_argument
from encoders.image.efficientnet import DIM, NAME, TAPPED, tapped_lite2
from encoders.image.efficientnet import SIZE as MIDDLE
from encoders.image.lab_histogram import BINS, SHAPE, colour_histogram
from encoders.image.vision import vision_encoder
from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import ImageEncoder, Vectors, unit_rows

RICH = f"{NAME}-rich"
VIEWS = f"{NAME}-views"
HEART = 0.6
"""Share of the shorter side in the closest view."""
COLOUR = 0.6
"""Weight of the colour histogram against each view."""
COLOURS = int(np.prod(SHAPE))


class ViewsEncoder:
    """Concatenates features of views, statistics of inner layers and a colour histogram.

    The whole picture is the first view. One view costs one pass of the model, as in the plain
    encoder; with the middle and the heart it costs three. A head weighs the parts of a row.

    Args:
        encoder: Makes unit features and unit statistics of one view, side by side.
        name: Its name in the registry.
        views: The crops of the views after the whole picture.
    """

    def __init__(self, encoder: ImageEncoder, name: str, views: tuple[float, ...]) -> None:
        one = encoder.card
        self._encoder = encoder
        self._size = replace(encoder.size, views=views)
        self._card = EncoderCard(
            name=name,
            revision=one.revision,
            modality="image",
            space=name,
            dim=(1 + len(views)) * DIM + TAPPED + COLOURS,
            licence=one.licence,
            preprocessing=digest_of(
                [one.preprocessing, self._size.digest, COLOUR, [list(edges) for edges in BINS]]
            ),
        )

    @property
    def card(self) -> EncoderCard:
        """The model's card."""
        return self._card

    @property
    def size(self) -> PictureSize:
        """The size that ``decode`` must produce: the whole picture above the other views."""
        return self._size

    def encode_query(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        return self.encode_products(items)

    def encode_products(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows: the views' features, statistics, colours."""
        if not items:
            return np.empty((0, self._card.dim), dtype=np.float32)
        n, edge = len(self._size.crops), self._size.edge
        squares = [p[i * edge : (i + 1) * edge] for p in items for i in range(n)]
        seen = self._encoder.encode_products(squares).reshape(len(items), n, DIM + TAPPED)
        features = unit_rows(seen[:, :, :DIM].reshape(-1, DIM)).reshape(len(items), -1)
        taps = unit_rows(seen[:, 0, DIM:])
        colours = np.stack([colour_histogram(p[:edge]) for p in items])
        return unit_rows(np.concatenate([features, taps, COLOUR * colours], axis=1))


def load_rich(argument: str, threads: int | None, runtime: str, cache: Path | None) -> ViewsEncoder:
    """Return the encoder of the whole picture in one pass; registry entry point.

    Args:
        argument: What follows the colon of the name; nothing is allowed.
        threads: Processor threads of one pass; ``None`` for one a core.
        runtime: One of ``encoders.runtime.probe.RUNTIMES``.
        cache: Folder for exported models and measured choices; ``None`` for the user's.

    Raises:
        UnknownModel: A package is absent, or something follows the name.
        InputError: The runtime is not known, or cannot run here.
    """
    refuse_argument(RICH, argument)
    return ViewsEncoder(vision_encoder(tapped_lite2(), threads, runtime, cache), RICH, ())


def load_views(
    argument: str, threads: int | None, runtime: str, cache: Path | None
) -> ViewsEncoder:
    """Return the encoder of the whole, the middle and the heart; registry entry point.

    Args:
        argument: What follows the colon of the name; nothing is allowed.
        threads: Processor threads of one pass; ``None`` for one a core.
        runtime: One of ``encoders.runtime.probe.RUNTIMES``.
        cache: Folder for exported models and measured choices; ``None`` for the user's.

    Raises:
        UnknownModel: A package is absent, or something follows the name.
        InputError: The runtime is not known, or cannot run here.
    """
    refuse_argument(VIEWS, argument)
    one = vision_encoder(tapped_lite2(), threads, runtime, cache)
    return ViewsEncoder(one, VIEWS, (MIDDLE.crop, HEART))
