"""The subject of an upload: where it is, found by eye or by a detector, in a capped process."""

import threading
from typing import Any

from encoders.crop import Box, Detector, find_subject
from encoders.picture_size import PictureSize
from mappings.errors import InputError

PICTURE_SIZE = PictureSize(320, 1.0, stretch=True)
"""The whole picture, made square: shares of its sides are shares of the upload's."""


class SubjectFinder:
    """Finds the subject of uploads.

    Args:
        decoder: An ``encoders.pictures.PictureDecoder`` of its own: a child decodes to one size.
        detector: Asked first; what it does not find, and everything without one, is looked for by
            what stands out from the border.
    """

    def __init__(self, decoder: Any, detector: Detector | None = None) -> None:  # noqa: ANN401
        self._decoder, self._detector = decoder, detector
        self._lock = threading.Lock()

    def box(self, content: bytes) -> Box:
        """Return the box of the subject; the whole picture if nothing stands out.

        Args:
            content: A picture file's bytes.

        Raises:
            InputError: The picture cannot be used.
        """
        with self._lock:  # one thread at a time may use a decoder
            pixels = self._decoder.decode_many([content], PICTURE_SIZE)[0]
            if isinstance(pixels, InputError):
                raise pixels
            box = self._detector.subject(pixels) if self._detector else None
        return box or find_subject(pixels)

    def close(self) -> None:
        """End the decoder's process."""
        self._decoder.close()
