"""Files that appear whole or not at all."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes | str) -> None:
    """Replace a file in one step: readers see the old content or the new, never a part.

    Args:
        path: Where the file appears; its folder must be there.
        content: Text is written as UTF-8.

    Raises:
        OSError: It cannot be written, the disk full for one; ``filename`` says where.
    """
    writing = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        writing.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(writing, path)
    except OSError as error:
        if error.filename is None:  # a write that fails does not say where
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise
