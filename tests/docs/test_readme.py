"""README and CHANGELOG: short enough to be read before anything else."""

from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"
MOST_WORDS = 1_200


CHANGELOG = README.with_name("CHANGELOG.md")
MOST_LINES = 40
"""Of one version."""


def test_the_readme_is_short() -> None:
    assert len(README.read_text("utf-8").split()) <= MOST_WORDS


def test_the_changelog_says_of_each_version_what_users_see_and_no_more() -> None:
    _, *versions = CHANGELOG.read_text("utf-8").split("\n## ")
    for version in versions:
        assert len(version.splitlines()) <= MOST_LINES, version.splitlines()[0]
