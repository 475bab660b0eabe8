"""Relaxation: what is given up, and in which order, when nothing satisfies a query.

First the spelling: the corrected wording stands in place of what was written. Then, one after the
other, those constraints that bind: size, gender, material, colour, category, brand. Then the price
is widened by half, and dropped. Filters that the caller gave and those of the shop's rules are
never relaxed.
"""

from collections.abc import Iterator
from dataclasses import replace

from query.model.understood import Constraint, Relaxed, Understood

ORDER = ("size", "gender", "material", "colour", "category", "brand")
WIDER = 1.5


def relaxed_readings(understood: Understood) -> Iterator[Understood]:
    """Yield the reading with ever more given up, each saying what; nothing when nothing binds."""
    now = understood
    corrected = next((v for v in now.variants if v.why in ("spelling", "pinyin")), None)
    if corrected is not None:
        now = replace(
            now,
            searched=corrected.text,
            variants=tuple(v for v in now.variants if v is not corrected),
            relaxed=(*now.relaxed, Relaxed("spelling", corrected.given, corrected.used)),
        )
        yield now
    for kind in ORDER:
        dropped = [c for c in now.hard if c.kind == kind]
        if dropped:
            now = _without(now, dropped, Relaxed(kind, " ".join(c.text for c in dropped)))
            yield now
    for price in [c for c in now.hard if c.kind == "price"]:
        wider = replace(
            price,
            low=None if price.low is None else round(price.low / WIDER, 2),
            high=None if price.high is None else round(price.high * WIDER, 2),
        )
        kept = tuple(wider if c is price else c for c in now.constraints)
        before = now.relaxed
        now = replace(
            now, constraints=kept, relaxed=(*before, Relaxed("price", price.text, _range(wider)))
        )
        yield now
        now = replace(_without(now, [wider]), relaxed=(*before, Relaxed("price", price.text)))
        yield now


def _without(understood: Understood, dropped: list[Constraint], *said: Relaxed) -> Understood:
    """Return the reading in which constraints do not bind any more; they still add points."""
    kept = tuple(replace(c, hard=False) if c in dropped else c for c in understood.constraints)
    return replace(understood, constraints=kept, relaxed=(*understood.relaxed, *said))


def _range(price: Constraint) -> str:
    low = "" if price.low is None else f"{price.low:g}"
    high = "" if price.high is None else f"{price.high:g}"
    return f"{low}..{high}"
