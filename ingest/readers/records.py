"""From a feed's record to a product: values brought into our shapes, then validated."""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from ingest.readers.columns import Binding, plain
from ingest.readers.rows import Row, rejected
from mappings.errors import InputError
from mappings.product import MAX_VALUE, parse_product

CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "元": "CNY"}
PATH_KEYS = ("path", "url", "src", "file", "link")
_PRICE = re.compile(r"^([^\d\s.,+-]*)\s*([+-]?[\d.,]+)\s*([^\d\s]*)$")
_PICTURE_FILE = re.compile(r"\.(jpe?g|png|webp|gif|avif)$", re.IGNORECASE)
_WORDS = {
    "main": "main", "front": "main", "主图": "main",
    "swatch": "swatch", "swatches": "swatch", "色卡": "swatch", "色块": "swatch",
    "detail": "detail", "details": "detail", "closeup": "detail", "细节": "detail",
    "详情": "detail",
}  # fmt: skip
_CHINESE = tuple(word for word in _WORDS if not word.isascii())
_COLOUR = re.compile(r"(^|_)colou?rs?$|颜色")


def to_row(line: int, record: Mapping[str, Any], binding: Binding) -> Row:
    """Return the row of one record; what cannot be used becomes a rejection, never an error."""
    known, unknown = binding.split(record)
    first = {ours: values[0][1] for ours, values in known.items() if not _empty(values[0][1])}
    product_id = str(first.get("id", ""))[:100]
    try:
        fields: dict[str, Any] = {
            k: v for k, v in first.items() if k not in ("pictures", "attributes", "price")
        }
        extras, left_out = _extras(unknown)
        attributes, prose = _attributes(first.get("attributes"))
        fields["attributes"] = attributes | extras
        fields["attributes"] |= _colours(known.get("pictures", []), fields["attributes"])
        fields["pictures"] = _pictures(known.get("pictures", []))
        fields |= _price(first.get("price"))
        fields |= {k: _scalar(fields[k]) for k in ("id", "title", "description") if k in fields}
        fields |= {k: _listed(fields[k]) for k in ("categories",) if k in fields}
        fields |= {k: _number(fields[k], k) for k in ("stock", "margin") if k in fields}
        return Row(line, parse_product(fields), None, tuple(extras), left_out + prose)
    except InputError as error:
        return rejected(line, error.problem, product_id)


def _empty(value: Any) -> bool:  # noqa: ANN401 - whatever a feed holds
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)


def _scalar(value: Any) -> Any:  # noqa: ANN401 - whatever a feed holds
    if isinstance(value, list | dict):
        raise InputError(f"a text is wanted, but {type(value).__name__} was given")
    return value


def _listed(value: Any) -> Any:  # noqa: ANN401 - whatever a feed holds
    """Split a cell that holds several values."""
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[|;\n]", value) if part.strip()]
    if isinstance(value, list):
        return [part for part in value if not _empty(part)]
    return value


def _number(value: Any, column: str) -> Any:  # noqa: ANN401 - whatever a feed holds
    if not isinstance(value, str):
        return value
    text = value.strip().replace(",", "")
    try:
        return float(text)
    except ValueError:
        raise InputError(f"column {column!r}: {value[:60]!r} is not a number") from None


def _price(value: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a feed holds
    """Return price and currency of ``52``, ``"¥1,299.00"`` or ``"12.50 USD"``."""
    if value is None:
        return {}
    if not isinstance(value, str):
        return {"price": value}
    match = _PRICE.match(value.strip())
    if match is None:
        raise InputError(f"column 'price': {value[:60]!r} is not a price")
    before, digits, after = match.groups()
    number = _amount(digits, value)
    sign = (before or after).strip().strip(".")
    currency = CURRENCIES.get(sign, sign.upper() if re.fullmatch(r"[A-Za-z]{3}", sign) else "")
    return {"price": number} | ({"currency": currency} if currency else {})


def _amount(digits: str, given: str) -> float:
    """Read 1,299.00 and 1.299,00: the last mark with one or two digits after it is decimal."""
    marks = [c for c in digits if c in ".,"]
    tail = re.search(r"[.,](\d+)$", digits)
    decimal = marks[-1] if tail and (len(tail.group(1)) != 3 or marks == ["."]) else ""
    text = "".join("." if c == decimal else c for c in digits if c not in ".," or c == decimal)
    try:
        number = float(text)
    except ValueError:
        raise InputError(f"column 'price': {given[:60]!r} is not a price") from None
    if not math.isfinite(number):
        raise InputError(f"column 'price': {given[:60]!r} is not a finite number")
    return number


def _attributes(value: Any) -> tuple[dict[str, Any], tuple[str, ...]]:  # noqa: ANN401
    """Return name to values of a mapping, a list of pairs, or ``a=b|c=d``.

    Prose (a value longer than an attribute may be) is left out and named.
    """
    found: dict[str, list[Any]] = {}
    prose: list[str] = []
    for name, given in _pairs(value):
        values = given if isinstance(given, list | tuple) else [given]
        if any(isinstance(v, dict | list) for v in values):
            raise InputError(f"attribute {name[:60]!r}: a value may not be a list or a mapping")
        kept = [v for v in values if not _empty(v) and str(v).strip()]
        if any(len(str(v)) > MAX_VALUE for v in kept):
            prose.append(f"attributes.{name[:60]}")
        elif kept:
            found.setdefault(name, []).extend(kept)
    return dict(found), tuple(prose)


def _pairs(value: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - whatever a feed holds
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [(str(name), v) for name, v in value.items()]
    if isinstance(value, list):
        return [_pair(entry) for entry in value]
    if isinstance(value, str):
        return [_pair(part) for part in re.split(r"[|;\n]", value) if part.strip()]
    raise InputError(f"column 'attributes': {value!r} is not understood")


def _pair(entry: Any) -> tuple[str, Any]:  # noqa: ANN401 - whatever a feed holds
    if isinstance(entry, Mapping) and "value" in entry and ("name" in entry or "key" in entry):
        return str(entry.get("name", entry.get("key"))), entry["value"]
    if isinstance(entry, str):
        name, sign, value = entry.partition("=" if "=" in entry else ":")
        if sign and name.strip():
            return name.strip(), value.strip()
    raise InputError(f"attribute {str(entry)[:60]!r} is not name=value")


def _extras(unknown: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return unknown columns as attributes, and those that do not fit one."""
    extras: dict[str, Any] = {}
    left_out: list[str] = []
    for column, value in unknown.items():
        values = value if isinstance(value, list) else [value]
        kept = [v for v in values if not _empty(v) and str(v).strip()]
        if not kept:
            continue
        fits = all(isinstance(v, str | int | float) and len(str(v)) <= MAX_VALUE for v in kept)
        name = column.strip()
        if fits and name and "=" not in name and len(name) <= MAX_VALUE:
            extras[name] = kept
        else:
            left_out.append(column)
    return extras, tuple(left_out)


def _pictures(columns: list[tuple[str, Any]]) -> list[dict[str, str]]:
    """Return the pictures of all picture columns, each path once; the first main one leads."""
    found: dict[str, str] = {}
    for column, given in columns:
        for path, role in () if _empty(given) else _paths(given, plain(column)):
            found.setdefault(path, role)
    if found and "main" not in found.values():
        found[next(iter(found))] = "main"
    mains = [path for path, role in found.items() if role == "main"]
    for extra in mains[1:]:
        found[extra] = "alternative"
    ordered = sorted(found.items(), key=lambda item: item[1] != "main")
    return [{"path": path, "role": role} for path, role in ordered]


def _colours(columns: list[tuple[str, Any]], known: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return as an attribute what a column of pictures by colour is keyed by.

    Nothing where the record names its colours itself.
    """
    if any(_COLOUR.search(plain(name)) for name in known):
        return {}
    found = [
        str(colour).strip()
        for column, given in columns
        if _COLOUR.search(plain(column)) and isinstance(given, Mapping)
        for colour, paths in given.items()
        if colour not in PATH_KEYS and not _empty(paths) and 0 < len(str(colour)) <= MAX_VALUE
    ]
    return {"color": list(dict.fromkeys(found))} if found else {}


def _paths(value: Any, column: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield path and role from a text, a list, a mapping by colour, or ``{path, role}``."""
    if isinstance(value, str):
        for path in _split_paths(value):
            yield _sound(path), _role(path, column)
    elif isinstance(value, list):
        for entry in value:
            yield from _paths(entry, column)
    elif isinstance(value, Mapping):
        named = next((value[k] for k in PATH_KEYS if k in value), None)
        if isinstance(named, str) and named:
            role = value.get("role", "")
            yield _sound(named), role if role in _WORDS.values() else _role(named, column)
        else:
            for entry in value.values():
                yield from _paths(entry, column)
    elif value is not None:
        raise InputError(f"column {column!r}: {str(value)[:60]!r} is not a picture's path")


def _split_paths(cell: str) -> list[str]:
    parts = [p.strip() for p in re.split(r"[|;\n]", cell) if p.strip()]
    commas = [p.strip() for p in cell.split(",")]
    if len(parts) == 1 and len(commas) > 1 and all(_PICTURE_FILE.search(p) for p in commas):
        return commas
    return parts


def _sound(path: str) -> str:
    if any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in path):
        raise InputError(f"picture path {path[:60]!r} holds a control character")
    return path.strip()


def _role(path: str, column: str) -> str:
    """Return the role that a picture's file name says, else the one that its column's name says."""
    for name in (PurePosixPath(path).stem.lower(), column):
        words = [*re.split(r"[^a-z]+", name), *(w for w in _CHINESE if w in name)]
        if role := next((_WORDS[w] for w in reversed(words) if w in _WORDS), ""):
            return role
    return "alternative"
