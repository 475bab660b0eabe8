"""The Markdown files of the checkout: links, anchors, files and modules that they name exist."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PLACES = (
    "shelfsight", "serve", "mappings", "encoders", "ingest", "query", "learn", "bench", "tests",
    "tools", "docs",
)  # fmt: skip
MOST_CHARACTERS = 120
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def prose(page: Path) -> str:
    """A page without its code."""
    return _CODE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    fenced = re.sub(r"^(```|~~~).*?^\1", "", page.read_text("utf-8"), flags=re.S | re.M)
    found: set[str] = set()
    for heading in _HEADING.findall(fenced):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 0
        while (anchor := f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(anchor)
    return found


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """The file and the anchor of each link that stays in the checkout."""
    for target in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        yield ((page.parent / name).resolve() if name else page), anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for file, anchor in links(page):
        assert file.exists(), f"{page.name} links to {file}, which does not exist"
        assert file.is_relative_to(ROOT)
        if anchor:
            assert anchor in anchors(file), f"{page.name} links to {file.name}#{anchor}"


def test_every_page_of_docs_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        ahead += [file for file, _ in links(page) if file.is_file()]
    assert set(PAGES) - reached == set()


def named_files(page: Path) -> set[str]:
    """The files and folders of our packages that a page names in code type."""
    spans = re.findall(r"`([^`\n]+)`", page.read_text("utf-8"))
    return {s for s in spans if re.fullmatch(rf"({'|'.join(PLACES)})/[\w./-]*(?<!\.)", s)}


def named_modules(page: Path) -> set[str]:
    """The modules that a page says to run with ``python -m``."""
    found = re.findall(r"python -m ([\w.]+\w)", page.read_text("utf-8"))
    return {name for name in found if name.partition(".")[0] in PLACES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_and_modules_that_a_page_names_exist(page: Path) -> None:
    assert {name for name in named_files(page) if not (ROOT / name).exists()} == set()
    lacking = {name for name in named_modules(page) if importlib.util.find_spec(name) is None}
    assert lacking == set()


def test_architecture_names_files_of_every_package() -> None:
    named = {name.partition("/")[0] for name in named_files(ROOT / "docs" / "architecture.md")}
    assert {"shelfsight", "serve", "ingest", "query", "encoders", "mappings"} <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_lines_of_a_page_are_short_tables_and_code_excepted(page: Path) -> None:
    if page.name == "settings.md":  # written by a program
        return
    plain = re.sub(r"^(```|~~~).*?^\1", "", page.read_text("utf-8"), flags=re.S | re.M)
    lines = [line for line in plain.splitlines() if not line.startswith("|")]
    assert [line for line in lines if len(line) > MOST_CHARACTERS] == []


def test_links_in_code_are_no_links_and_anchors_are_those_of_headings(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One, two\n# One two\n[a](#one-two-1) `[b](c)`\n```\n# No\n[d](e)\n```\n", "utf-8"
    )
    assert list(links(page)) == [(page, "one-two-1")]
    assert anchors(page) == {"one-two", "one-two-1"}
