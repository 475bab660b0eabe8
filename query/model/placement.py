"""Placement: products that are first or last independent of their scores."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mappings.errors import InputError
from query.model.input_limits import is_product_id
from query.model.window import Candidate, Window

MAX_PINS = 20
MAX_BURIES = 100


@dataclass(frozen=True, slots=True)
class Placement:
    """Products that stand first, in this order, and products that stand last.

    Args:
        pins: Ids; they are candidates even if no leg finds them, but filters apply to them.
        buries: Ids.
        rule: The rule that it comes from; empty if it comes from the request.
    """

    pins: tuple[str, ...] = ()
    buries: tuple[str, ...] = ()
    rule: str = ""


def require_placement(pins: Sequence[str], buries: Sequence[str]) -> None:
    """Refuse more products than may be placed.

    Raises:
        InputError: Naming what was given and what is allowed.
    """
    for name, given, most in (("pins", pins, MAX_PINS), ("buries", buries, MAX_BURIES)):
        if len(given) > most:
            raise InputError(f"{name} is {len(given)}; 0 to {most} are allowed.", "Give fewer.")
        if bad := [i for i in given if not is_product_id(i)]:
            raise InputError(f"{name}: {bad[0][:40]!r} is no product's id.", "Give 1 to 512 bytes.")


def pinned(placements: Sequence[Placement]) -> tuple[str, ...]:
    """Return the products that stand first, in order, each once; at most 20."""
    found = dict.fromkeys(product for p in placements for product in p.pins)
    return tuple(found)[:MAX_PINS]


def place(window: Window, placements: Sequence[Placement]) -> Window:
    """Return the window with its pinned products first and its buried ones last.

    Each says so in ``placed``. A product that is pinned and buried is pinned; an earlier placement
    wins over a later one.

    Args:
        window: The candidates, in order.
        placements: The request's, then the rules', in order.
    """
    first = {product: n for n, product in enumerate(pinned(placements))}
    why = {i: _why("pinned", p) for p in reversed(placements) for i in p.pins}
    last = {i: _why("buried", p) for p in reversed(placements) for i in p.buries if i not in first}
    if not first and not last:
        return window
    top: list[Candidate] = []
    middle: list[Candidate] = []
    bottom: list[Candidate] = []
    for c in window.candidates:
        if c.id in first:
            top.append(replace(c, placed=why[c.id]))
        elif c.id in last:
            bottom.append(replace(c, placed=last[c.id]))
        else:
            middle.append(c)
    top.sort(key=lambda c: first[c.id])
    return replace(window, candidates=(*top, *middle, *bottom))


def _why(what: str, placement: Placement) -> str:
    return f"{what} by rule {placement.rule}" if placement.rule else f"{what} by the request"
