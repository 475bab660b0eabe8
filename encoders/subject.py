"""Image encoders that crop pictures to their subject: ``crop:ENCODER`` and with a detector."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from encoders.card import EncoderCard, digest_of
from encoders.crop import Box, Detector, crop_subject
from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import ImageEncoder, Vectors
from mappings.errors import UnknownModel

SEEN = PictureSize(512, views=(0.0,))
"""Input of a detector: the whole picture, below a central square that it ignores."""


class SubjectEncoder:
    """An image encoder whose pictures the decoder crops to the salient part (``find_subject``).

    Args:
        encoder: Encodes what is left.
    """

    def __init__(self, encoder: ImageEncoder) -> None:
        self._encoder = encoder
        self._size = dataclasses.replace(encoder.size, subject=True)
        self.loads_as = f"crop:{getattr(encoder, 'loads_as', encoder.card.name)}"
        self._card = _cropped(encoder.card, "", self._size.digest)

    @property
    def card(self) -> EncoderCard:
        """The encoder's card, which says that pictures are cropped."""
        return self._card

    @property
    def size(self) -> PictureSize:
        """The size that ``decode`` must produce; it finds the subject."""
        return self._size

    def encode_query(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        return self._encoder.encode_query(items)

    def encode_products(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        return self._encoder.encode_products(items)


class DetectedEncoder:
    """An image encoder whose pictures are cropped to a detector's box.

    Args:
        encoder: Encodes what is left.
        detector: Finds the subject; where it finds none the whole picture is encoded.
        name: The detector's name in the registry of detectors.
        digest: Changes when the detector finds other boxes.
    """

    def __init__(self, encoder: ImageEncoder, detector: Detector, name: str, digest: str) -> None:
        self._encoder, self._detector = encoder, detector
        self.loads_as = f"crop:{name}|{getattr(encoder, 'loads_as', encoder.card.name)}"
        # The path of a model is not part of its identity.
        family, _, source = name.partition(":")
        known = f"{family}:{Path(source.partition('?')[0]).name}"
        self._card = _cropped(encoder.card, known, digest)

    @property
    def card(self) -> EncoderCard:
        """The encoder's card, which says by which detector pictures are cropped."""
        return self._card

    @property
    def size(self) -> PictureSize:
        """The size that ``decode`` must produce: the whole picture, larger than the encoder's."""
        return SEEN

    def encode_query(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        return self._encoder.encode_query([self._cut(item) for item in items])

    def encode_products(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        return self._encoder.encode_products([self._cut(item) for item in items])

    def _cut(self, pixels: Pixels) -> Pixels:
        whole = pixels[SEEN.edge :]
        _, box = crop_subject(whole, detector=self._detector)
        return squares(whole, box, self._encoder.size)


def squares(whole: Pixels, box: Box, size: PictureSize) -> Pixels:
    """Return the squares that an encoder needs, of the part of a square picture in a box.

    Args:
        whole: uint8 (edge, edge, 3).
        box: The part; a square round it is taken, as far as the picture reaches.
        size: The encoder's input.
    """
    from PIL import Image

    picture, edge = Image.fromarray(whole), len(whole)
    left, top, right, bottom = box.pixels(edge, edge)
    side = max(right - left, bottom - top)
    x = min(max(0.0, (left + right - side) / 2), edge - side)
    y = min(max(0.0, (top + bottom - side) / 2), edge - side)
    parts = []
    for crop in size.crops:
        kept = side * (crop or 1.0)
        off = (side - kept) / 2
        parts.append(
            np.asarray(
                picture.resize(
                    (size.edge, size.edge),
                    Image.Resampling[size.resample.upper()],
                    box=(x + off, y + off, x + off + kept, y + off + kept),
                    reducing_gap=2.0,
                )
            )
        )
    return np.concatenate(parts)


def load(
    argument: str, threads: int | None, runtime: str, cache: Path | None
) -> SubjectEncoder | DetectedEncoder:
    """Return the encoder; registry entry point.

    Args:
        argument: An image encoder's name, with a detector's and ``|`` before it on request.
        threads: Processor threads of one pass.
        runtime: How the encoder runs.
        cache: Folder for exported models.

    Raises:
        UnknownModel: No encoder is named, or one of the two cannot be loaded.
    """
    from encoders.detect import load_detector
    from encoders.registry import load_image_encoder

    detector, bar, name = argument.rpartition("|")
    if not name or (bar and not detector):
        raise UnknownModel(
            f"The model 'crop:{argument}' names no image encoder to look at what is cut out.",
            "Write 'crop:efficientnet-lite2', or 'crop:DETECTOR|efficientnet-lite2'.",
        )
    encoder = load_image_encoder(name, threads=threads, runtime=runtime, cache=cache)
    if not detector:
        return SubjectEncoder(encoder)
    found = load_detector(detector)
    return DetectedEncoder(encoder, found, detector, found.digest)


def _cropped(card: EncoderCard, detector: str, digest: str) -> EncoderCard:
    by = f"{detector}|" if detector else ""
    return dataclasses.replace(
        card,
        name=f"crop:{by}{card.name}",
        preprocessing=digest_of([card.preprocessing, digest]),
    )
