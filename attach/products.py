"""From a shop's document to what is embedded of it; nothing of the document is changed."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.readers.columns import ALIASES, Binding, plain
from ingest.readers.records import to_row
from mappings.attach_fields import ProductColumns
from mappings.product import (
    MAX_ATTRIBUTES,
    MAX_DESCRIPTION,
    MAX_PICTURES,
    MAX_TITLE,
    MAX_VALUE,
    Product,
)

_NAMES = ("id", "title", "description", "brand", "categories", "attributes", "pictures")
_NO_ID = "-"
_OWN = Binding({name: name for name in _NAMES})
_MARKUP = re.compile(r"<[^>]{1,300}>")
_KEYS = ("name", "label", "key", "code", "attribute", "option", "group", "名称", "属性名", "属性")
_VALUES = ("value", "values", "label", "text", "值", "属性值")
# Codes, addresses, states, groups, prices and stocks say nothing of what a product looks like.
_NO_ATTRIBUTE = re.compile(
    r"(^|_)(id|ids|uuid|sku|ean|gtin|barcode|upc|slug|url|urls|link|path|handle|hash|status|state|"
    r"locale|language|lang|channel|channels|website|store|currency|date|time|at|version|type|"
    r"visibility|position|sort|key|code|email|author|user|template|permalink|group|raw)$"
)
_OTHERS = frozenset(
    alias
    for ours in ("id", "group", "currency", "price", "stock", "version", "deleted")
    for alias in ALIASES[ours]
)


def product_of(source: Mapping[str, Any], columns: ProductColumns) -> Product | str:
    """Return what a document says of its product, cut to our limits, or why it is none.

    The document's id is no part of it: it is the shop's, and need not be one that we would take.

    Args:
        source: Its ``_source``.
        columns: Which of its fields stands for which of ours.
    """
    record: dict[str, Any] = {
        "id": _NO_ID,
        "title": _text(source, columns.title)[:MAX_TITLE],
        "description": _text(source, columns.description)[:MAX_DESCRIPTION],
        "brand": _text(source, columns.brand)[:MAX_VALUE],
        "categories": list(dict.fromkeys(_short(source, columns.categories))),
        "attributes": _attributes(source, columns.attributes),
        "pictures": [v for p in columns.pictures for v in _flat(values_at(source, p))],
    }
    record["pictures"] = list(dict.fromkeys(map(str, record["pictures"])))[:MAX_PICTURES]
    row = to_row(1, {k: v for k, v in record.items() if v}, _OWN)
    if row.product is not None:
        return row.product
    return row.rejection.reason if row.rejection else "it cannot be read"


def may_describe(name: str) -> bool:
    """Tell whether a field of this name may say what a product is like; name as by ``plain``."""
    return name not in _OTHERS and not _NO_ATTRIBUTE.search(name)


def values_at(source: Any, path: str) -> list[Any]:  # noqa: ANN401 - JSON
    """Return what a document holds at a path in dots, which may lead through lists.

    A name may itself hold dots, as documents may write objects either way.
    """
    if isinstance(source, list):
        return [v for entry in source for v in values_at(entry, path)]
    if not isinstance(source, Mapping):
        return []
    if path in source:
        return [source[path]]
    found: list[Any] = []
    for place in (n for n, c in enumerate(path) if c == "."):
        if path[:place] in source:
            found += values_at(source[path[:place]], path[place + 1 :])
    return found


def _flat(values: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield plain values as text, in whatever lists and objects they lie."""
    if isinstance(values, Mapping):
        named = next((values[k] for k in ("path", "url", "src", "name", "value") if k in values), 0)
        yield from _flat(named or list(values.values()))
    elif isinstance(values, list):
        for value in values:
            yield from _flat(value)
    elif isinstance(values, bool):
        yield "true" if values else "false"
    elif values is not None and str(values).strip():
        yield _MARKUP.sub(" ", str(values)).strip()


def _text(source: Mapping[str, Any], paths: tuple[str, ...]) -> str:
    found = dict.fromkeys(v for path in paths for v in _flat(values_at(source, path)))
    return " ".join(" ".join(found).split())


def _short(source: Mapping[str, Any], paths: tuple[str, ...]) -> list[str]:
    every = (v for path in paths for v in _flat(values_at(source, path)))
    return [v for v in every if len(v) <= MAX_VALUE]


def _attributes(source: Mapping[str, Any], paths: tuple[str, ...]) -> dict[str, list[str]]:
    """Return name to values, at most 200 values in all."""
    found: dict[str, list[str]] = {}
    left = MAX_ATTRIBUTES
    for path in paths:
        for value in values_at(source, path):
            for name, text in _named_values(_label(path), value):
                name = name.replace("=", " ")[:MAX_VALUE].strip()
                kept = found.setdefault(name, [])
                if name and left and text not in kept and len(text) <= MAX_VALUE:
                    kept.append(text)
                    left -= 1
    return {name: values for name, values in found.items() if values}


def _label(path: str) -> str:
    """Return what an attribute's field is called: ``terms.pa_color.name`` is the color."""
    parts = [part for part in path.split(".") if part not in ("name", "value", "label", "title")]
    last = parts[-1] if parts else path
    return last.removeprefix("pa_").removesuffix("_value")


def _named_values(own: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Yield name and value of a plain value, of ``{name, value}``, of a mapping, or of a list."""
    if isinstance(value, list):
        for entry in value:
            yield from _named_values(own, entry)
    elif isinstance(value, Mapping):
        name = next((str(value[k]) for k in _KEYS if isinstance(value.get(k), str)), "")
        given = next((value[k] for k in _VALUES if k in value and value[k] != name), None)
        if name and given is not None:
            yield from ((name, text) for text in _flat(given))
        else:
            for key, inner in value.items():
                if may_describe(plain(str(key))):
                    yield from _named_values(str(key), inner)
    else:
        yield from ((own, text) for text in _flat(value))
