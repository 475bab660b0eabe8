"""Extracts attributes from a product's texts that its columns do not give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from encoders.extract.gazetteer import BRAND, CATEGORY, Gazetteer, levels
from encoders.extract.lexicon import canonical_name, meanings, shipped_gazetteer
from encoders.extract.plain import plain
from encoders.extract.spans import Span
from encoders.extract.units import measures
from mappings.product import ExtractedValue, Product

DESCRIPTION = 300
"""Characters of a description that are read."""
SOFT = 0.6
"""Least trust of a catalogue value that is extracted from running text."""
Spans = Callable[[str, Sequence[str]], Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Extractor:
    """Extracts attributes from a product's title and description.

    Args:
        gazetteer: The catalogue's own values; empty before there is a catalogue.
        tagger: Finds spans in a title of a product of some categories; ``None`` leaves it to the
            gazetteer.
    """

    gazetteer: Gazetteer
    tagger: Spans | None = None

    def enriched(self, product: Product) -> Product:
        """Return the product with the attributes that its texts add; its columns do not change.

        The shop's own values take precedence: an attribute that a column gives, under whatever
        name (颜色分类 is a colour), is not extracted.
        """
        if product.deleted:
            return product
        taken = {canonical_name(name) for name in product.attributes}
        taken |= {CATEGORY} | ({BRAND} if product.brand else set())
        found: dict[tuple[str, str], ExtractedValue] = {}
        for source, text in (
            ("title", product.title), ("description", product.description[:DESCRIPTION])
        ):  # fmt: skip
            for name, value in self._read(text, product, source):
                if canonical_name(name) not in taken:
                    found.setdefault((name, plain(value)), ExtractedValue(name, value, source))
            taken |= {canonical_name(f.name) for f in found.values()}  # the title comes first
        return product.model_copy(update={"found": tuple(found.values())}) if found else product

    def _read(self, text: str, product: Product, source: str) -> Iterable[tuple[str, str]]:
        """Yield names and values: measures, then shipped words, then values of the catalogue."""
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
