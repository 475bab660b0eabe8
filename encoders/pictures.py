"""The interface for untrusted pictures: limits, decoding, and refusals."""

from encoders.picture_decode import REASONS, PictureRefused, Reason, decode
from encoders.picture_decoder import DecoderCaps, PictureDecoder
from encoders.picture_size import (
    FORMATS,
    LIMITS,
    QUESTION_LIMITS,
    PictureLimits,
    PictureSize,
    Pixels,
)

__all__ = [
    "FORMATS",
    "LIMITS",
    "QUESTION_LIMITS",
    "REASONS",
    "DecoderCaps",
    "PictureDecoder",
    "PictureLimits",
    "PictureRefused",
    "PictureSize",
    "Pixels",
    "Reason",
    "decode",
]
