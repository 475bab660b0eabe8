"""Limits on texts and numbers in requests, checked before anything else reads them."""

import unicodedata

from mappings.errors import InputError

MAX_TEXT = 200
"""Characters of a query after NFKC."""
MAX_RAW = 5 * MAX_TEXT
"""Characters of a query as it was sent. Some letters are five code points before NFKC, and the
time of NFKC grows with the square of a run of combining marks."""
MAX_EXPRESSION = 500
"""Characters of a written filter, facet, boost, sort or fusion."""
MAX_NUMBER = 1e15
"""The largest number, on either side of 0, that columns are compared with: whole numbers up to it
are exact in a double, and sums and products of a few of them are finite."""
MAX_WEIGHT = 1e6
"""The largest weight."""
MAX_ID_BYTES = 512


def plain_text(text: str) -> str:
    """Return the text in NFKC, without control characters, runs of white space as one space.

    Raises:
        InputError: It has more than 1,000 characters before that.
    """
    if len(text) > MAX_RAW:
        raise InputError(
            f"The text has {len(text)} characters; {MAX_RAW} are allowed, {MAX_TEXT} after NFKC.",
            "Shorten it.",
        )
    shown = unicodedata.normalize("NFKC", text)
    if not shown.isprintable():  # rare, so control characters are tested one by one
        shown = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in shown)
    return " ".join(shown.split())


def is_product_id(text: str) -> bool:
    """Tell whether a text may be a product's id: 1 to 512 bytes of UTF-8."""
    encoded = text.encode("utf-8", "ignore")  # without lone surrogates
    return 0 < len(encoded) <= MAX_ID_BYTES and encoded.decode() == text


def expression(text: str, what: str) -> str:
    """Return a written expression in NFKC, without white space around it.

    Args:
        text: As a person wrote it.
        what: Its name in error messages, such as ``Filter``.

    Raises:
        InputError: It has more than 500 characters, before or after NFKC.
    """
    plain = text if len(text) > MAX_EXPRESSION else unicodedata.normalize("NFKC", text).strip()
    if len(plain) > MAX_EXPRESSION:
        raise InputError(
            f"{what} {text[:40]!r}… has {len(plain)} characters; {MAX_EXPRESSION} are allowed.",
            "Shorten it; many values are given as an object.",
        )
    return plain
