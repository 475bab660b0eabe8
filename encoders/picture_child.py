"""The sealed process that decodes pictures from outside: ``python -m encoders.picture_child``.

The first frame is the settings as JSON; its answer names the locks that the kernel lacks. Then each
frame is a picture, behind four doubles that say which part of it counts, as shares of its width and
height, all 0 for all of it. It is answered by ``P`` and pixels, or ``R`` and why there are none.
"""

import json
import resource
import signal
import struct
from typing import Any

BOX = struct.Struct("<4d")


def main() -> None:
    """Decode frames until standard input ends; Ctrl-C in a terminal is left to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import_decoders()
    from encoders.crop import Box
    from encoders.picture_decode import PictureRefused, decode
    from encoders.picture_size import PictureLimits, PictureSize
    from encoders.sandbox.frames import Frames
    from encoders.sandbox.locks import seal

    frames = Frames()
    settings: dict[str, Any] = json.loads(frames.read() or b"{}")
    size, limits = PictureSize(**settings["size"]), PictureLimits(**settings["limits"])
    frames.answer(b"P", json.dumps(seal(settings["memory"])).encode())
    while (frame := frames.read()) is not None:
        _allow_seconds(settings["seconds"])
        edges = BOX.unpack_from(frame)
        box = Box(*edges) if any(edges) else None
        try:
            frames.answer(b"P", decode(frame[BOX.size :], size, limits, box).tobytes())
        except PictureRefused as refused:
            words = {"problem": refused.problem, "reason": refused.reason}
            frames.answer(b"R", json.dumps(words).encode())


def _import_decoders() -> None:
    """Import what Pillow and NumPy would import later, when no file can be opened any more."""
    import copy

    from numpy import ma
    from PIL import (
        AvifImagePlugin,
        GifImagePlugin,
        ImageChops,
        ImagePalette,
        JpegImagePlugin,
        MpoImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # no thread can be started either
    del copy, ma, GifImagePlugin, ImageChops, ImagePalette, JpegImagePlugin, MpoImagePlugin
    del PngImagePlugin, TiffImagePlugin, WebPImagePlugin


def _allow_seconds(seconds: int) -> None:
    """Let this process use ``seconds`` more of processor time, then be killed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


if __name__ == "__main__":
    main()
