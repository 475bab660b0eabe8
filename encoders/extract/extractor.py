"""Attributes found outside a shop's own columns, each with where it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from encoders.extract.gazetteer import BRAND, CATEGORY, Gazetteer, levels
from encoders.extract.lexicon import canonical_name, meanings, shipped_gazetteer
from encoders.extract.plain import plain
from encoders.extract.spans import Span
from encoders.extract.units import measures
from mappings.product import Found, Product

DESCRIPTION = 300
"""Letters of a description that are read."""
SOFT = 0.6
"""Trust that a value of the catalogue needs to be read out of running text."""
Spans = Callable[[str, Sequence[str]], Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Extractor:
    """Reads attributes out of a product's title and description.

    Args:
        gazetteer: The catalogue's own values; empty before there is a catalogue.
        tagger: Finds spans in a title of a product of some categories; ``None`` leaves it to the
            gazetteer.
    """

    gazetteer: Gazetteer
    tagger: Spans | None = None

    def enriched(self, product: Product) -> Product:
        """Return the product with what its texts say beside its columns, and nothing changed.

        What the shop says binds: an attribute that it fills is never found again, whatever it
        calls it (颜色分类 is a colour), and the shop's own columns stay as they are.
        """
        if product.deleted:
            return product
        taken = {canonical_name(name) for name in product.attributes}
        taken |= {CATEGORY} | ({BRAND} if product.brand else set())
        found: dict[tuple[str, str], Found] = {}
        for source, text in (
            ("title", product.title), ("description", product.description[:DESCRIPTION])
        ):  # fmt: skip
            for name, value in self._read(text, product, source):
                if canonical_name(name) not in taken:
                    found.setdefault((name, plain(value)), Found(name, value, source))
            taken |= {canonical_name(f.name) for f in found.values()}  # the title binds, too
        return product.model_copy(update={"found": tuple(found.values())}) if found else product

    def _read(self, text: str, product: Product, source: str) -> Iterable[tuple[str, str]]:
        """Yield name and value: measures, then shipped words, then what the catalogue knows."""
        known = meanings()
        shown = plain(text)
        sized = measures(text)
        taken = {place for m in sized for place in range(m.span.start, m.span.end)}
        yield from ((m.span.name, m.value) for m in sized)
        for span in _free(shipped_gazetteer().find(text), taken):
            yield known[shown[span.start : span.end]]
        for span in _free(self._own(text, product, source), taken):
            if span.name and canonical_name(span.name) not in _SHIPPED:
                yield span.name, text[span.start : span.end].strip()

    def _own(self, text: str, product: Product, source: str) -> Sequence[Span]:
        if self.tagger is not None and source == "title":
            return self.tagger(text, levels(product))
        found = self.gazetteer.find(text)
        return [s for s in found if self._is_sure(plain(text)[s.start : s.end])]

    def _is_sure(self, value: str) -> bool:
        entry = self.gazetteer.entries[value]
        return len(value) > 1 and not value.isdigit() and entry.trust >= SOFT


_SHIPPED = frozenset({"colour", "material", "pattern"})


def _free(spans: Iterable[Span], taken: set[int]) -> list[Span]:
    return [s for s in spans if not taken.intersection(range(s.start, s.end))]
