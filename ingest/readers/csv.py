"""CSV and TSV: a header, then one product a record; a record may span lines inside quotes."""

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from ingest.readers.columns import ColumnMap
from ingest.readers.lines import MAX_LINE, Line, read_lines
from ingest.readers.records import to_row
from ingest.readers.rows import Row, rejected
from mappings.errors import InputError

DELIMITERS = ",\t;|"
MAX_RECORD_LINES = 200


def read_csv(path: Path, columns: ColumnMap) -> Iterator[Row]:
    """Yield a row for each record; the delimiter is the one that the header holds most of.

    Raises:
        InputError: The file is empty, its header cannot be read, names a column twice, or has no
            id or title column.
    """
    lines = _Lines(read_lines(path))
    header, delimiter = _header(path, lines)
    binding = columns.bind(header)
    while (line := lines.take()) is not None:
        if line.fault:
            yield rejected(line.number, line.fault)
        elif line.text.strip():
            cells, fault = _record(line, lines, delimiter)
            if not fault and len(cells) != len(header):
                fault = f"the record has {len(cells)} cells, the header {len(header)}"
            if fault:
                yield rejected(line.number, fault)
            else:
                yield to_row(line.number, dict(zip(header, cells, strict=True)), binding)


class _Lines:
    """Lines that can be put back: an unclosed quote must not swallow what follows."""

    def __init__(self, source: Iterator[Line]) -> None:
        self._source = source
        self._returned: deque[Line] = deque()

    def take(self) -> Line | None:
        """Return the next line, or ``None`` at the end."""
        return self._returned.popleft() if self._returned else next(self._source, None)

    def put_back(self, lines: list[Line]) -> None:
        """Return lines that were read ahead, in their order."""
        self._returned.extendleft(reversed(lines))


def _header(path: Path, lines: _Lines) -> tuple[list[str], str]:
    first = lines.take()
    if first is None or first.fault or not first.text.strip():
        why = first.fault if first and first.fault else "the first line is empty"
        raise InputError(f"{path} has no header: {why}.", "Give a file whose first line names the"
                         " columns.")  # fmt: skip
    delimiter = max(DELIMITERS, key=first.text.count)
    if path.suffix == ".tsv":
        delimiter = "\t"
    cells, fault = _record(first, lines, delimiter)
    header = [cell.strip() for cell in cells]
    twice = sorted({c for c in header if header.count(c) > 1})
    if fault or twice:
        problem = fault or f"column {twice[0]!r} is named twice"
        raise InputError(f"The header of {path} cannot be used: {problem}.", "Correct it.")
    return header, delimiter


def _record(line: Line, lines: _Lines, delimiter: str) -> tuple[list[str], str]:
    """Return the cells of the record that starts here, or the fault; lines ahead are put back."""
    text, ahead = line.text, list[Line]()
    while True:
        try:
            cells = next(csv.reader([text], delimiter=delimiter, strict=True))
        except csv.Error as error:
            more = lines.take() if _may_go_on(error, text, ahead) else None
            if more is None or more.fault:
                lines.put_back(ahead + ([more] if more else []))
                return [], f"the record cannot be read: {error}"
            ahead.append(more)
            text = f"{text}\n{more.text}"
        else:
            return cells, ""


def _may_go_on(error: csv.Error, text: str, ahead: list[Line]) -> bool:
    unfinished = "unexpected end of data" in str(error)
    return unfinished and len(ahead) < MAX_RECORD_LINES and len(text) < MAX_LINE
