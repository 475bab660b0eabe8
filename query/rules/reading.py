"""A rule book read from a file or a document: every fault is named with its place."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mappings.errors import InputError
from query.model.filters import parse_filter
from query.model.input_limits import MAX_TEXT
from query.rules.book import MATCHES, Rule, RuleBook, Synonyms

MAX_RULES = 1_000
MAX_SYNONYMS = 5_000
MAX_WORDS = 20
MAX_PINS = 20
MAX_BURIES = 100
MAX_PLACES = 20
MAX_BYTES = 2 * 1024 * 1024
FACTORS = (0.1, 10.0)
_SHOWN = 10
_FORM = (
    'Give [[synonyms]] with words = ["包包", "手提包"] (and to = [...] for one way), and'
    " [[rules]] with id, queries and what to do: rewrite, pin, bury, filter, boost."
)


def load_book(path: Path) -> RuleBook:
    """Return the rule book in a TOML or JSON file.

    Raises:
        InputError: The file is missing, too large, or holds what is not allowed; each fault is
            named with its place.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"The rules in {str(path)!r} cannot be read: {error}.", _FORM) from None
    if len(content) > MAX_BYTES:
        raise InputError(
            f"The rules in {str(path)!r} have {len(content)} bytes; {MAX_BYTES} are allowed.",
            "Remove what is not needed.",
        )
    try:
        text = content.decode("utf-8")
        given = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:  # both decoders' errors, and UnicodeDecodeError
        raise InputError(f"The rules in {str(path)!r} cannot be read: {error}.", _FORM) from None
    return read_book(given)


def read_book(given: Any) -> RuleBook:  # noqa: ANN401 - JSON
    """Return the rule book that a document holds.

    Raises:
        InputError: It holds what is not allowed; each fault is named with its place.
    """
    faults = _Faults()
    table = faults.table(given, "the document", ("version", "synonyms", "rules"))
    synonyms = faults.rows(table, "synonyms", MAX_SYNONYMS)
    rules = faults.rows(table, "rules", MAX_RULES)
    book = RuleBook(
        table.get("version", 0) if isinstance(table.get("version", 0), int) else 0,
        tuple(_synonyms(row, f"synonyms.{n}", faults) for n, row in enumerate(synonyms)),
        tuple(_rule(row, f"rules.{n}", faults) for n, row in enumerate(rules)),
    )
    names = [rule.id for rule in book.rules if rule.id]
    for name in sorted({n for n in names if names.count(n) > 1}):
        faults.found.append(f"rules: the id {name!r} is given twice")
    if faults.found:
        more = len(faults.found) - _SHOWN
        shown = "; ".join(faults.found[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise InputError(f"The rules cannot be used: {shown}.", _FORM)
    return book


@dataclass(slots=True)
class _Faults:
    """Collects what is wrong, so that a person sees all of it at once."""

    found: list[str] = field(default_factory=list)

    def table(self, given: Any, where: str, allowed: tuple[str, ...]) -> Mapping[str, Any]:  # noqa: ANN401
        if not isinstance(given, dict):
            self.found.append(f"{where} is no table")
            return {}
        for name in given.keys() - set(allowed):
            self.found.append(f"{where}: {name!r} is not known (there are {', '.join(allowed)})")
        return given

    def rows(self, table: Mapping[str, Any], name: str, most: int) -> list[Any]:
        rows = table.get(name, [])
        if not isinstance(rows, list):
            self.found.append(f"{name} is no list of tables")
            return []
        if len(rows) > most:
            self.found.append(f"{name} has {len(rows)} entries; {most} are allowed")
        return rows[:most]

    def texts(self, row: Mapping[str, Any], name: str, where: str, most: int) -> tuple[str, ...]:
        given = row.get(name, [])
        given = [given] if isinstance(given, str) else given
        if not isinstance(given, list) or not all(isinstance(v, str) and v.strip() for v in given):
            self.found.append(f"{where}.{name} is no list of words")
            return ()
        if len(given) > most:
            self.found.append(f"{where}.{name} has {len(given)} entries; {most} are allowed")
        if any(len(v) > MAX_TEXT for v in given):
            self.found.append(f"{where}.{name}: an entry has more than {MAX_TEXT} characters")
        return tuple(v.strip() for v in given[:most])

    def number(self, value: Any, where: str, low: float, high: float) -> float:  # noqa: ANN401
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.found.append(f"{where} is {value!r}, no number")
        elif not low <= value <= high:
            self.found.append(f"{where} is {value}; {low:g} to {high:g} are allowed")
        else:
            return float(value)
        return high


def _synonyms(given: Any, where: str, faults: _Faults) -> Synonyms:  # noqa: ANN401
    row = faults.table(given, where, ("words", "to", "weight"))
    words = faults.texts(row, "words", where, MAX_WORDS)
    to = faults.texts(row, "to", where, MAX_WORDS)
    if not words or len(words) + len(to) < 2:
        faults.found.append(f"{where} needs two words, or words and to")
    weight = faults.number(row.get("weight", 0.8), f"{where}.weight", 0.01, 1.0)
    return Synonyms(words, to, weight)


def _rule(given: Any, where: str, faults: _Faults) -> Rule:  # noqa: ANN401
    row = faults.table(
        given, where, ("id", "queries", "match", "rewrite", "pin", "bury", "filter", "boost")
    )
    name, rewrite = row.get("id"), row.get("rewrite", "")
    if not isinstance(name, str) or not name.strip() or len(name) > 100:
        faults.found.append(f"{where}.id is {str(name)[:40]!r}; give a name of 1 to 100 characters")
        name = ""
    if not isinstance(rewrite, str) or len(rewrite) > MAX_TEXT:
        faults.found.append(f"{where}.rewrite is no text of at most {MAX_TEXT} characters")
        rewrite = ""
    match = row.get("match", "contains")
    if match not in MATCHES:
        faults.found.append(f"{where}.match is {match!r}; there are {', '.join(MATCHES)}")
        match = "contains"
    rule = Rule(
        name, faults.texts(row, "queries", where, MAX_PLACES), match, rewrite.strip(),
        faults.texts(row, "pin", where, MAX_PINS),
        faults.texts(row, "bury", where, MAX_BURIES),
        tuple(_filters(faults.texts(row, "filter", where, MAX_PLACES), where, faults)),
        _boosts(row.get("boost", {}), where, faults),
    )  # fmt: skip
    if not rule.queries:
        faults.found.append(f"{where} needs queries")
    if not (rule.rewrite or rule.pin or rule.bury or rule.filter or rule.boost):
        faults.found.append(f"{where} does nothing: give rewrite, pin, bury, filter or boost")
    if twice := set(rule.pin) & set(rule.bury):
        faults.found.append(f"{where} both pins and buries {sorted(twice)[0]!r}")
    return rule


def _boosts(given: Any, where: str, faults: _Faults) -> tuple[tuple[str, float], ...]:  # noqa: ANN401
    if not isinstance(given, dict):
        faults.found.append(f'{where}.boost is no table; write boost = {{"brand=X" = 1.5}}')
        return ()
    if len(given) > MAX_PLACES:
        faults.found.append(f"{where}.boost has {len(given)} entries; {MAX_PLACES} are allowed")
    kept = list(given.items())[:MAX_PLACES]
    written = set(_filters(tuple(name for name, _ in kept), where, faults))
    return tuple(
        (name, faults.number(factor, f"{where}.boost {name!r}", *FACTORS))
        for name, factor in kept
        if name in written
    )


def _filters(written: tuple[str, ...], where: str, faults: _Faults) -> Iterator[str]:
    for text in written:
        try:
            parse_filter(text)
            yield text
        except InputError as error:
            faults.found.append(f"{where}: {error.problem.rstrip('.')}")
