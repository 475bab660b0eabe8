"""Picture files of a catalogue: read below its root only, and never more than is allowed."""

import os
import stat
from pathlib import Path, PurePosixPath
from typing import Literal

from encoders.picture_size import LIMITS
from mappings.errors import InputError

Reason = Literal[
    "missing", "outside", "remote", "not_a_file", "too_many_bytes", "unreadable", "changed"
]


class PictureUnavailable(InputError):
    """A picture whose bytes cannot be had, and why, in one word that programs can count.

    Args:
        problem: Which picture, and what is wrong with it.
        reason: The word.
        cure: What to do about it.
    """

    def __init__(self, problem: str, reason: Reason = "unreadable", cure: str = "") -> None:
        super().__init__(problem, cure)
        self.args = (problem, reason, cure)
        self.reason: Reason = reason


def picture_bytes(root: Path, path: str) -> bytes:
    """Return the bytes of a picture below ``root``, at most 20 MiB.

    Args:
        root: The catalogue's folder, resolved.
        path: The picture's path, relative to it.

    Raises:
        PictureUnavailable: It is missing, too large, no plain file, an address, or outside.
    """
    if "://" in path[:12]:
        raise PictureUnavailable(
            f"{path[:120]!r} is an address; only files below the catalogue are read.", "remote"
        )
    pure = PurePosixPath(path.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or "\0" in path:
        raise PictureUnavailable(f"{path[:120]!r} leaves the catalogue's folder.", "outside")
    try:
        place = (root / pure).resolve(strict=True)
        if not place.is_relative_to(root.resolve()):
            raise PictureUnavailable(f"{path[:120]!r} leads out of the catalogue.", "outside")
        return _read(place, path)
    except (FileNotFoundError, NotADirectoryError):
        raise PictureUnavailable(f"There is no picture {path[:120]!r}.", "missing") from None
    except (OSError, RuntimeError, ValueError) as error:
        shown = getattr(error, "strerror", None) or error
        raise PictureUnavailable(f"{path[:120]!r} cannot be read: {shown}.") from None


def _read(place: Path, path: str) -> bytes:
    """Read a plain file; opening does not wait for a pipe's other end."""
    handle = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise PictureUnavailable(f"{path[:120]!r} is not a plain file.", "not_a_file")
    with open(handle, "rb") as file:
        content = file.read(LIMITS.content_bytes + 1)
    if len(content) > LIMITS.content_bytes:
        raise PictureUnavailable(
            f"{path[:120]!r} has {found.st_size:,} bytes; {LIMITS.content_bytes:,} are allowed.",
            "too_many_bytes",
        )
    return content
