"""JSON Lines: one object a line."""

import json
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NoReturn

from ingest.readers.columns import ColumnMap
from ingest.readers.lines import Line, read_lines
from ingest.readers.records import to_row
from ingest.readers.rows import Row, rejected
from mappings.errors import InputError

HEAD = 100
Parsed = tuple[Line, dict[str, Any] | None, str]


def read_jsonl(path: Path, columns: ColumnMap) -> Iterator[Row]:
    """Yield a row for each line that is not blank; the columns are looked up in the first 100.

    Raises:
        InputError: The file holds no object, or the first 100 have no id or title column.
    """
    lines = (_parse(line) for line in read_lines(path) if line.fault or line.text.strip())
    head = list(islice(lines, HEAD))
    found = list(dict.fromkeys(c for _, record, _ in head for c in record or ()))
    if not found:
        why = f" (line {head[0][0].number}: {head[0][2]})" if head else ""
        raise InputError(
            f"{path} holds no JSON object in its first {HEAD} lines{why}.",
            "Give a file with one product as a JSON object on each line.",
        )
    binding = columns.bind(found)
    for line, record, fault in chain(head, lines):
        yield (
            rejected(line.number, fault) if record is None else to_row(line.number, record, binding)
        )


def _parse(line: Line) -> Parsed:
    if line.fault:
        return line, None, line.fault
    try:
        record = json.loads(line.text, parse_constant=_refuse_constant)
    except RecursionError:
        return line, None, "the line is nested too deeply"
    except ValueError as error:
        return line, None, f"the line is not JSON: {error}"
    if not isinstance(record, dict):
        return line, None, f"the line holds {type(record).__name__}, not an object"
    return line, record, ""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
