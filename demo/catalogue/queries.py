"""Pictures that the catalogue does not hold, for the guided tour, and the truth about it."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from demo.catalogue.colours import COLOURS
from demo.catalogue.kinds import KINDS, MATERIALS, PATTERNS, find_kind
from demo.catalogue.tags import COLOUR, PATTERN, TYPE
from mappings.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

_UNSEEN = ("front", "mirrored", "turned", "elsewhere")


def tour_picture(kind: str, colour: str, pattern: str, seed: int) -> "Image.Image":
    """A picture of a product that is in no catalogue: other proportions, other background.

    Args:
        kind: A product type by its key, its Chinese or its English name.
        colour: A colour by its key or its Chinese name.
        pattern: A pattern by its key, its Chinese or its English name.
        seed: Another number, another picture.

    Returns:
        RGB, scenes.VIEW pixels square.

    Raises:
        InputError: A name is unknown.
    """
    from demo.catalogue.outlines import draw_cutout
    from demo.catalogue.patterns import Cloth
    from demo.catalogue.views import Subject, draw_view

    what, hue, design = kind_key(kind), colour_key(colour), pattern_key(pattern)
    rng = Random(f"tour:{what}:{hue}:{design}:{seed}")
    cloth = Cloth(
        design,
        COLOURS[hue].rgb,
        COLOURS[rng.choice(COLOURS[hue].partners)].rgb,
        rng.choice((0.08, 0.1)),
        rng.choice((0.0, 45.0, 90.0)),
        MATERIALS[rng.choice(KINDS[what].materials)][2],
    )
    cutout = draw_cutout(what, cloth, f"tour:{seed}")
    subject = Subject(cutout, cloth, KINDS[what].focus, KINDS[what].stands)
    return draw_view(subject, rng.choice(_UNSEEN), rng)


def judge(
    record: Mapping[str, Any],
    *,
    kind: str | None = None,
    colour: str | None = None,
    pattern: str | None = None,
) -> bool:
    """Whether a product is of this type, colour and pattern; what is not asked for is not judged.

    Args:
        record: A record of the catalogue: only its ``attributes`` are looked at.
        kind: As in ``tour_picture``.
        colour: As in ``tour_picture``.
        pattern: As in ``tour_picture``.

    Raises:
        InputError: A name is unknown.
    """
    wanted: list[tuple[str, str]] = []
    if kind is not None:
        wanted.append((TYPE[1], KINDS[kind_key(kind)].en))
    if colour is not None:
        wanted.append((COLOUR[1], colour_key(colour)))
    if pattern is not None:
        wanted.append((PATTERN[1], PATTERNS[pattern_key(pattern)][1]))
    return all(value in record["attributes"].get(name, ()) for name, value in wanted)


def kind_key(name: str) -> str:
    """The key of a product type.

    Raises:
        InputError: No type bears the name.
    """
    if (kind := find_kind(name)) is None:
        raise _unknown("product type", name, KINDS)
    return kind.key


def colour_key(name: str) -> str:
    """The key of a colour.

    Raises:
        InputError: No colour bears the name.
    """
    wanted = name.strip().casefold()
    for colour in COLOURS.values():
        if wanted in (colour.key, colour.zh):
            return colour.key
    raise _unknown("colour", name, COLOURS)


def pattern_key(name: str) -> str:
    """The key of a pattern.

    Raises:
        InputError: No pattern bears the name.
    """
    wanted = name.strip().casefold()
    for key, words in PATTERNS.items():
        if wanted in (key, *words):
            return key
    raise _unknown("pattern", name, PATTERNS)


def _unknown(what: str, given: str, known: Iterable[str]) -> InputError:
    return InputError(f"There is no {what} {given!r} in the demo.", f"Known: {', '.join(known)}.")
