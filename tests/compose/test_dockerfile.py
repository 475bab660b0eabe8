import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "docker/Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def instructions(word: str) -> list[str]:
    return [line.removeprefix(word).strip() for line in LINES if line.startswith(f"{word} ")]


def test_the_base_image_is_pinned_and_new_enough() -> None:
    for image in instructions("FROM"):
        found = re.match(r"python:(\d+)\.(\d+)\.\d+-slim-\w+", image)
        assert found
        assert f">={found[1]}.{found[2]}" == PROJECT["project"]["requires-python"]


def test_packages_are_installed_with_their_hashes_and_nothing_else_is() -> None:
    installs = [
        part
        for line in instructions("RUN")
        for part in line.split("&&")
        if re.search(r"pip (install|wheel)\b", part)
    ]
    assert len(installs) == 3
    assert "--require-hashes" in installs[0]
    assert "requirements/runtime.txt" in installs[0]
    for later in installs[1:]:
        assert "--no-deps" in later
    assert "--no-build-isolation" in installs[1]
    assert "--no-index" in installs[2]


def test_what_the_build_needs_is_pinned() -> None:
    pinned = (ROOT / "requirements/runtime.txt").read_text("utf-8")
    for need in PROJECT["build-system"]["requires"]:
        name = re.split(r"[><=]", need)[0]
        assert re.search(rf"^{name}==", pinned, re.MULTILINE)


def test_every_package_of_the_wheel_is_copied() -> None:
    copied = {line.split()[0] for line in instructions("COPY") if not line.startswith("--from")}
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert copied >= {*packages, "requirements/runtime.txt"}
    sources = " ".join(instructions("COPY")).split()
    for needed in ("pyproject.toml", PROJECT["project"]["readme"], "LICENSE"):
        assert needed in sources


def test_everything_that_is_copied_is_sent_to_the_builder_and_secrets_are_not() -> None:
    rules = [r for r in (ROOT / ".dockerignore").read_text().splitlines() if r[:1] not in ("", "#")]

    def sent(path: str) -> bool:
        kept = True
        for rule in rules:
            pattern = rule.removeprefix("!")
            if fnmatch(path, pattern) or path.startswith(f"{pattern}/"):
                kept = rule.startswith("!")
        return kept

    sources = {
        word
        for line in instructions("COPY")
        if not line.startswith("--from")
        for word in line.split()[:-1]
    }
    assert sources
    for source in sources:
        assert sent(source), source
    for secret in (".env", ".git", ".venv", ".shelfsight", "tests", "bench"):
        assert not sent(secret), secret


@pytest.mark.parametrize("source", ["docker/certificates.sh", "requirements/runtime.txt"])
def test_what_is_copied_exists(source: str) -> None:
    assert (ROOT / source).is_file()


def test_the_program_does_not_run_as_root() -> None:
    assert instructions("USER") == ["shelfsight"]
    assert instructions("ENTRYPOINT") == ['["shelfsight"]']


def test_nothing_is_fetched_but_packages() -> None:
    for line in instructions("RUN"):
        assert not re.search(r"curl|wget|apt-get|git clone", line)
    assert not instructions("ADD")
