"""Names of the source say what things are: these words, which say nothing of it, are not used."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shelfsight", "serve", "mappings", "encoders", "ingest", "attach", "query", "learn")
FUNCTIONS = (
    "told", "said", "shown", "seen", "meant", "look", "pull", "begin", "once", "had", "kept",
    "found", "asked", "looks", "aloud", "rescue", "turn", "is_",
)  # fmt: skip
CLASSES = (
    "Bench", "Asked", "Answered", "Found", "Sight", "Look", "Kinds", "KindReader", "Things",
    "Phrases", "Memory", "Piece", "Wordings", "Agreed", "Belief", "Saying", "Exhibits",
)  # fmt: skip
MODULES = (
    "bench", "asked", "sight", "things", "kinds", "shipped", "counted", "arrangement", "pieces",
    "wordings", "rescue", "agreement", "belief", "exhibits", "whole_file", "voice",
)  # fmt: skip


def names(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the kind and the name of each function and class of a file, and of the file."""
    yield "module", path.stem
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield "class", node.name
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield "function", node.name.lstrip("_")


@pytest.mark.parametrize("package", PACKAGES)
def test_names_say_what_things_are(package: str) -> None:
    avoided = {("function", n) for n in FUNCTIONS} | {("class", n) for n in CLASSES}
    avoided |= {("module", n) for n in MODULES}
    used = [
        (str(path.relative_to(ROOT)), name)
        for path in sorted((ROOT / package).rglob("*.py"))
        for kind, name in names(path)
        if (kind, name) in avoided
    ]
    assert used == []
