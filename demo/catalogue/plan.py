"""What each product of the catalogue is, decided before anything is drawn or written."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from demo.catalogue.brands import BRANDS, LINES
from demo.catalogue.colours import COLOURS
from demo.catalogue.kinds import KINDS, MATERIALS, Kind
from demo.catalogue.patterns import Cloth

LANGUAGES = ("zh", "en", "both")
_AUDIENCES = ("women", "men", "unisex")
_SCALES = (0.075, 0.09, 0.11)
_SOLID_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Plan:
    """One product: every choice by key; ``brand`` and ``line`` are positions in their tables."""

    id: str
    seed: str
    kind: Kind
    colour: str
    second: str
    pattern: str
    material: str
    brand: int
    line: int
    audience: str
    language: str
    group: str
    shape: str

    def rng(self, purpose: str) -> Random:
        """Random numbers of this product for one purpose, always the same."""
        return Random(f"{self.seed}:{self.id}:{purpose}")

    def cloth(self) -> Cloth:
        """What the product is made of, as far as the eye can see."""
        r = self.rng("cloth")
        turns = (0.0, 45.0, 90.0) if self.pattern == "stripes" else (0.0, 0.0, 45.0)
        return Cloth(
            self.pattern,
            COLOURS[self.colour].rgb,
            COLOURS[self.second].rgb,
            r.choice(_SCALES),
            r.choice(turns),
            MATERIALS[self.material][2],
        )


def plan_products(products: int, seed: int) -> Iterator[Plan]:
    """The products in order; the first n are the same however many are asked for.

    The types take turns in rounds, so that a catalogue that is still being written already holds
    all of them; within a type, colours take turns and a pattern returns to a colour only when all
    have been shown.

    Args:
        products: How many.
        seed: Any number; another one gives another catalogue.
    """
    shown: dict[tuple[str, str], list[str]] = {}
    kinds = list(KINDS.values())
    for number in range(products):
        turn, place = divmod(number, len(kinds))
        order = Random(f"{seed}:round:{turn}").sample(kinds, len(kinds))
        yield _plan(order[place], turn, number, seed, shown)


def _plan(
    kind: Kind, turn: int, number: int, seed: int, shown: dict[tuple[str, str], list[str]]
) -> Plan:
    r = Random(f"{seed}:{number}:plan")
    palette = Random(f"{seed}:{kind.key}:colours").sample(sorted(COLOURS), len(COLOURS))
    colour = palette[turn % len(palette)]
    seen = shown.setdefault((kind.key, colour), [])
    pattern = _pattern(kind, seen, r)
    seen.append(pattern)
    family, member = divmod(turn, 3)
    grouped = family % 2 == 0
    model = f"{seed}:{kind.key}:{family}" if grouped else f"{seed}:{kind.key}:{family}:{member}"
    m = Random(model)
    return Plan(
        id=f"demo-{number + 1:04d}",
        seed=str(seed),
        kind=kind,
        colour=colour,
        second=r.choice(COLOURS[colour].partners),
        pattern=pattern,
        material=m.choice(kind.materials),
        brand=m.randrange(len(BRANDS)),
        line=m.randrange(len(LINES)),
        audience="unisex" if kind.family == "home" else _audience(kind, m),
        language=LANGUAGES[(number + turn) % 3],
        group=f"demo-{kind.key}-{family:02d}" if grouped else "",
        shape=model,
    )


def _audience(kind: Kind, r: Random) -> str:
    return "women" if kind.key in ("dress", "skirt", "heels") else r.choice(_AUDIENCES)


def _pattern(kind: Kind, seen: list[str], r: Random) -> str:
    if "solid" not in seen and (r.random() < _SOLID_SHARE or len(kind.patterns) == len(seen) + 1):
        return "solid"
    fresh = [p for p in kind.patterns if p not in seen and p != "solid"]
    return r.choice(fresh or kind.patterns)
