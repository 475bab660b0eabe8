"""Lines of a text file from outside: bounded, counted, and decoded in the file's encoding."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAX_LINE = 1 << 20
SAMPLE = 1 << 20
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; ``text`` is empty where ``fault`` says why it cannot be used."""

    number: int
    text: str
    fault: str = ""


def read_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a file, numbered from 1, in UTF-8 or, where that fits better, GB 18030.

    A line longer than 1 MiB, with a NUL, or in another encoding than most of the file comes with
    its fault instead of its text. Memory is bounded by the longest line allowed.
    """
    encoding = detect(path)
    with path.open("rb") as file:
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        number = 0
        while raw := file.readline(MAX_LINE + 1):
            number += 1
            if len(raw) > MAX_LINE and not raw.endswith(b"\n"):
                _skip_line(file)
                yield Line(number, "", f"the line is longer than {MAX_LINE:,} bytes")
            else:
                yield _decoded(number, raw.rstrip(b"\r\n"), encoding)


def detect(path: Path) -> str:
    """Return ``utf-8`` or ``gb18030``, whichever more of the first 1 MiB's lines are in.

    Text in GB 18030 is hardly ever UTF-8 by chance, but broken bytes often are GB 18030: one
    line that is UTF-8 weighs as much as four that are GB 18030 only.
    """
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    lines = head.split(b"\n")
    lines = lines[:-1] if len(head) == SAMPLE and len(lines) > 1 else lines
    telling = [line.removeprefix(BOM) for line in lines if not line.isascii()]
    broken = [line for line in telling if not _is_in(line, "utf-8")]
    chinese = sum(_is_in(line, "gb18030") for line in broken)
    return "gb18030" if chinese > 4 * (len(telling) - len(broken)) else "utf-8"


def _is_in(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(number: int, raw: bytes, encoding: str) -> Line:
    if b"\0" in raw:
        place = raw.index(b"\0") + 1
        return Line(number, "", f"the line holds a NUL byte at byte {place}")
    if encoding == "gb18030" and not raw.isascii() and _is_in(raw, "utf-8"):
        return Line(number, "", "the line is in UTF-8, the rest of the file in GB 18030")
    try:
        return Line(number, raw.decode(encoding))
    except UnicodeDecodeError as error:
        shown = f"byte {raw[error.start]:#04x} at byte {error.start + 1}"
        other = "GB 18030" if encoding == "utf-8" and _is_in(raw, "gb18030") else ""
        hint = f"; it may be {other}" if other else ""
        return Line(number, "", f"the line is not {encoding.upper()} ({shown}){hint}")


def _skip_line(file: BinaryIO) -> None:
    while chunk := file.readline(MAX_LINE):
        if chunk.endswith(b"\n"):
            return
