"""Pictures that come inside JSON."""

import base64
import binascii


def decoded(text: str) -> bytes:
    """Return the bytes of base64 or of a ``data:`` URL; empty where it is neither."""
    encoded = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
