"""Ordering: the columns that hits may be sorted by and collapsed on, written as people do."""

from collections.abc import Sequence

from mappings.errors import InputError
from mappings.schema import ADDED, BRAND, GROUP, PRICE, STOCK
from query.model.input_limits import expression
from query.model.window import RELEVANCE, SortKey

MAX_SORT_KEYS = 4
SORTED = (RELEVANCE, PRICE.name, ADDED.name, STOCK.name, BRAND.name)
COLLAPSED = (GROUP.name, BRAND.name)
_CURE = f"Sort by {', '.join(SORTED)}; '-price' or 'price:desc' begins with the highest."


def parse_sort(text: str) -> tuple[SortKey, ...]:
    """Return the keys that a person wrote: ``price``, ``-price``, ``price:desc,-added``.

    Relevance always begins with the best.

    Raises:
        InputError: A column cannot be sorted by, or the text has more than 500 characters.
    """
    plain = expression(text, "Sort key")
    return tuple(_key(part.strip()) for part in plain.split(",") if part.strip())


def require_order(keys: Sequence[SortKey], collapse: str) -> None:
    """Refuse too many keys, one given twice, and columns that cannot be sorted or collapsed.

    Raises:
        InputError: Naming what was given and what is allowed.
    """
    if len(keys) > MAX_SORT_KEYS:
        raise InputError(f"sort is {len(keys)}; 0 to {MAX_SORT_KEYS} are allowed.", "Use fewer.")
    names = [key.column for key in keys]
    for name in names:
        if name not in SORTED:
            raise InputError(f"There is no sorting by {name[:40]!r}.", _CURE)
        if names.count(name) > 1:
            raise InputError(f"Sort key {name!r} is given twice.", "Give it once.")
    if collapse and collapse not in COLLAPSED:
        raise InputError(
            f"Hits cannot be collapsed on {collapse[:40]!r}.",
            f"Choose one of {', '.join(COLLAPSED)}.",
        )


def by_relevance(keys: Sequence[SortKey]) -> bool:
    """Tell whether the best come first: no key, or relevance as the first one."""
    return not keys or keys[0] == SortKey(RELEVANCE, descending=True)


def _key(written: str) -> SortKey:
    name, colon, direction = written.removeprefix("-").partition(":")
    if colon and direction not in ("asc", "desc"):
        raise InputError(f"Sort key {written[:40]!r} cannot be read.", _CURE)
    falling = written.startswith("-") or direction == "desc"
    if name == RELEVANCE and direction != "asc":
        falling = True
    return SortKey(name, falling)
