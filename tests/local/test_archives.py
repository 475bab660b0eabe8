import hashlib
import threading
import time
from pathlib import Path

import pytest

from mappings.errors import StackError
from shelfsight.local.artifacts import ICU, Artifact, cached, is_whole, obtain
from shelfsight.local.lock import Say

CONTENT = b"an archive" * 1000
ARTIFACT = Artifact(
    "org.example", "thing", "1.0", "zip", len(CONTENT), hashlib.sha256(CONTENT).hexdigest()
)


class Source:
    """A repository that gives, one after the other, what it was told to."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0

    def fetch(self, artifact: Artifact, folder: Path, say: Say) -> Path:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        path = folder / artifact.filename
        path.write_bytes(answer)
        return path


def test_an_archive_is_fetched_once(tmp_path: Path) -> None:
    source = Source(CONTENT)
    first = obtain(ARTIFACT, tmp_path, fetch=source.fetch)
    assert first.read_bytes() == CONTENT
    assert obtain(ARTIFACT, tmp_path, fetch=source.fetch) == first
    assert source.asked == 1


@pytest.mark.parametrize(
    "broken", [CONTENT[:-1], b"", CONTENT[:-1] + b"x"], ids=["truncated", "empty", "altered"]
)
def test_a_broken_archive_in_the_cache_is_fetched_again(tmp_path: Path, broken: bytes) -> None:
    path = cached(ARTIFACT, tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(broken)
    said: list[str] = []
    obtain(ARTIFACT, tmp_path, said.append, Source(CONTENT).fetch)
    assert path.read_bytes() == CONTENT
    assert any("broken" in line for line in said)


def test_a_broken_download_is_repeated_and_never_kept(tmp_path: Path) -> None:
    source = Source(CONTENT[:100], ConnectionError("cut"), CONTENT)
    path = obtain(ARTIFACT, tmp_path, fetch=source.fetch)
    assert is_whole(path, ARTIFACT)
    assert [one.name for one in path.parent.iterdir()] == [ARTIFACT.filename]


def test_what_cannot_be_fetched_is_an_error_that_names_file_and_place(tmp_path: Path) -> None:
    source = Source(*(ConnectionError("no route") for _ in range(3)))
    with pytest.raises(StackError, match=r"thing-1\.0\.zip could not be fetched.*no route") as got:
        obtain(ARTIFACT, tmp_path, fetch=source.fetch)
    assert str(cached(ARTIFACT, tmp_path)) in got.value.cure
    assert got.value.exit_code == 3


def test_two_that_want_the_same_archive_fetch_it_once(tmp_path: Path) -> None:
    source = Source(CONTENT, CONTENT)
    inside = threading.Event()

    def slow(artifact: Artifact, folder: Path, say: Say) -> Path:
        inside.set()
        time.sleep(0.3)
        return source.fetch(artifact, folder, say)

    first = threading.Thread(target=obtain, args=(ARTIFACT, tmp_path), kwargs={"fetch": slow})
    first.start()
    assert inside.wait(60)
    obtain(ARTIFACT, tmp_path, fetch=slow)
    first.join()
    assert source.asked == 1


@pytest.mark.node
def test_the_real_client_brings_what_was_pinned_and_repairs_it(tmp_path: Path) -> None:
    smallest = ICU[1]
    path = obtain(smallest, tmp_path)
    assert is_whole(path, smallest)
    path.write_bytes(path.read_bytes()[:1000])
    assert is_whole(obtain(smallest, tmp_path), smallest)
