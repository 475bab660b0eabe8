"""Imported by every worker process in tests: titles that do harm when they are embedded."""

import os
import time
from collections.abc import Sequence

import encoders.text.hashed as hashed
from encoders.protocol import Vectors


class PoisonedEncoder(hashed.HashTextEncoder):
    """The hash encoder, but for titles that name what is to happen."""

    def encode_products(self, items: Sequence[str]) -> Vectors:
        for text in items:
            if "ABORT" in text:
                os.abort()
            if "HANG" in text:
                while True:
                    try:
                        time.sleep(60)
                    except BaseException:
                        continue
            if "SLOW" in text:
                time.sleep(60)
            if "MEMORY" in text:
                raise MemoryError
            if "WRONG" in text:
                raise ValueError("a model's own error")
            if "PAUSE" in text:
                time.sleep(0.3)
        return super().encode_products(items)


hashed.HashTextEncoder = PoisonedEncoder  # type: ignore[misc]
