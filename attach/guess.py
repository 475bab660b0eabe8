"""Which of a shop's fields stands for which of ours, guessed from its mapping and shown."""

import re
from collections.abc import Mapping
from typing import Any

from attach.products import may_describe
from ingest.readers.columns import ALIASES, plain
from mappings.attach_fields import ProductColumns, field_types
from mappings.attached_columns import RESERVED

# Names that shops use inside their search documents, beside those that feeds use.
_MORE: dict[str, tuple[str, ...]] = {
    "title": ("post_title", "product_title", "full_name", "label"),
    "description": ("post_content", "short_description", "content", "post_excerpt"),
    "brand": ("manufacturer_name", "manufacturer_value", "maker", "vendor_name"),
    "categories": (
        "category_names", "taxons", "taxon_names", "collections", "product_types",
        "product_cat", "collection_names", "category_tree",
    ),
    "pictures": (
        "image_url", "image_urls", "thumbnail", "thumbnail_url", "small_image", "media", "gallery",
        "preview", "cover",
    ),
    "attributes": (
        "options", "option_values", "facets", "filters", "properties", "product_attributes",
        "facet_values", "variants_options",
    ),
}  # fmt: skip
_TEXTS = ("text", "keyword", "match_only_text", "search_as_you_type", "wildcard")
# Columns of other meanings: groups of variants, prices, stocks.
_OTHERS = frozenset(
    alias
    for ours in ("id", "group", "currency", "price", "stock", "version", "deleted")
    for alias in ALIASES[ours]
)
_INNER = ("name", "title", "label", "translated")
_INNER = ("name", "title", "label", "translated")
# Codes, addresses and states say nothing of what a product looks like or is.
_NO_ATTRIBUTE = re.compile(
    r"(^|_)(id|ids|uuid|sku|ean|gtin|barcode|upc|slug|url|urls|link|path|handle|hash|status|state|"
    r"locale|language|lang|channel|website|store|currency|date|time|at|version|type|visibility|"
    r"position|sort|key|code|email|author|user|template|permalink)$"
)


def guess_columns(mapping: Mapping[str, Any]) -> ProductColumns:
    """Return the best guess; a person sees it before anything is written, and may correct it.

    Args:
        mapping: The shop's, as the node shows it.

    Raises:
        InputError: No field looks like a product's name.
    """
    types = leaves(mapping)
    texts = [p for p, kind in types.items() if kind in _TEXTS]
    title = _named("title", texts)
    found = {
        "title": title,
        "description": [p for p in _named("description", texts) if p not in title],
        "brand": _named("brand", texts)[:1],
        "categories": [p for p in _named("categories", texts) if p not in title],
        "pictures": _named("pictures", list(types)),
    }
    used = {path for paths in found.values() for path in paths}
    attributes = [p for p, kind in types.items() if p not in used and _describes(p, kind)]
    listed = [p for p in _named("attributes", list(field_types(mapping))) if p not in used]
    inside = tuple(f"{p}." for p in (*listed, *used))
    attributes = [p for p in attributes if p not in listed and not p.startswith(inside)]
    columns = ProductColumns(
        **{k: tuple(v) for k, v in found.items()}, attributes=(*listed, *attributes)
    )
    return columns.require_title(list(types))


def leaves(mapping: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields that documents hold values of, without multi-fields and our own."""
    return dict(_leaves(mapping.get("properties", {}), ""))


def _describes(path: str, kind: str) -> bool:
    """Tell whether a field looks like an attribute: an exact value, or one written out for people.

    WooCommerce's attributes are terms whose names begin with ``pa_``, Magento's end in ``_value``.
    """
    parts = [plain(part) for part in path.split(".")]
    if any(part.startswith("pa_") for part in parts):
        return parts[-1] in _INNER
    if parts[-1].endswith("_value"):
        return kind in _TEXTS
    return kind == "keyword" and all(map(may_describe, parts))


def _leaves(properties: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, declared in properties.items():
        if not prefix and name == RESERVED:
            continue
        if inner := declared.get("properties"):
            found += _leaves(inner, f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", str(declared.get("type", "object"))))
    return found


def _named(ours: str, paths: list[str]) -> list[str]:
    """Return the paths whose name says what ours does, the plainest level only.

    A field counts by its own name, and one called ``name`` or ``en`` by that of what it lies in.
    """
    aliases = (*ALIASES[ours], *_MORE.get(ours, ()))
    ranked = [(_rank(path, aliases), path) for path in paths]
    best = min((rank for rank, _ in ranked if rank is not None), default=None)
    if best is None:
        return []
    if ours in ("pictures", "attributes"):
        return [path for rank, path in ranked if rank is not None]
    return [path for rank, path in ranked if rank is not None and rank[:2] == best[:2]]


def _rank(path: str, aliases: tuple[str, ...]) -> tuple[int, int] | None:
    """Return how good a name is: how deep it lies, then its place among the aliases."""
    parts = [plain(part) for part in path.split(".")]
    for place in range(len(parts)):
        if parts[place] in aliases:
            rest = parts[place + 1 :]
            if all(r in _INNER or _is_language(r) for r in rest):
                return (place, aliases.index(parts[place]))
    return None


def _is_language(part: str) -> bool:
    if part == "id":
        return False
    return bool(re.fullmatch(r"[a-z]{2}([_-][a-z]{2,4})?|default|all|[0-9a-f]{32}", part))
