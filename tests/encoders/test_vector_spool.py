"""The embedding cache: by content and model, by many processes, through a kill."""

import os
import pickle
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from encoders.cache import VectorSpool, content_key
from mappings.errors import InputError, StackError

ROOT = Path(__file__).resolve().parents[2]


def rows(count: int, dim: int = 8, seed: int = 0) -> dict[str, np.ndarray]:
    made = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return {content_key(f"{seed}-{n}"): row for n, row in enumerate(made)}


def test_what_is_put_is_got_bit_for_bit(tmp_path: Path) -> None:
    spool = VectorSpool(tmp_path / "new" / "folder")
    given = rows(1_200)
    spool.put_many(given, "model-a")
    found = spool.get_many([*given, content_key("absent")], "model-a")
    assert found.keys() == given.keys()
    for key, vector in given.items():
        np.testing.assert_array_equal(found[key], vector)
        assert found[key].dtype == np.float32
    assert spool.count() == spool.count("model-a") == 1_200


def test_another_model_finds_nothing(tmp_path: Path) -> None:
    spool = VectorSpool(tmp_path)
    given = rows(3)
    spool.put_many(given, "model-a")
    assert spool.get_many(list(given), "model-b") == {}
    assert spool.count("model-b") == 0


def test_nothing_asked_nothing_put(tmp_path: Path) -> None:
    spool = VectorSpool(tmp_path)
    spool.put_many({}, "m")
    assert spool.get_many([], "m") == {}
    assert spool.count() == 0


def test_a_vector_is_replaced_not_doubled(tmp_path: Path) -> None:
    spool = VectorSpool(tmp_path)
    key = content_key(b"picture")
    spool.put_many({key: np.ones(4, np.float32)}, "m")
    spool.put_many({key: np.zeros(4, np.float32)}, "m")
    assert spool.count() == 1
    np.testing.assert_array_equal(spool.get_many([key], "m")[key], np.zeros(4))


def test_a_batch_with_a_bad_vector_stores_nothing(tmp_path: Path) -> None:
    spool = VectorSpool(tmp_path)
    bad = rows(2) | {content_key("nan"): np.array([np.nan], np.float32)}
    with pytest.raises(InputError, match="no finite vector"):
        spool.put_many(bad, "m")
    assert spool.count() == 0


def test_threads_and_a_reopened_spool_share_the_store(tmp_path: Path) -> None:
    spool = VectorSpool(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda s: spool.put_many(rows(50, seed=s), "m"), range(8)))
    assert spool.count() == 400
    assert pickle.loads(pickle.dumps(spool)).count() == 400
    spool.close()
    assert VectorSpool(tmp_path).count("m") == 400


WRITER = """
import sys, numpy as np
from pathlib import Path
from encoders.cache import VectorSpool, content_key
spool = VectorSpool(Path(sys.argv[1]))
number = 0
while number < int(sys.argv[3]):
    names = [content_key(f"{sys.argv[2]}-{number}-{n}") for n in range(100)]
    spool.put_many({name: np.full(16, number, np.float32) for name in names}, "m")
    number += 1
    print(number, flush=True)
"""


def writer(folder: Path, name: str, batches: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(batches)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )


def test_processes_write_at_the_same_time(tmp_path: Path) -> None:
    writers = [writer(tmp_path, str(n), 20) for n in range(3)]
    for process in writers:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert VectorSpool(tmp_path).count() == 3 * 20 * 100


@pytest.mark.faults
def test_a_killed_writer_leaves_whole_batches(tmp_path: Path) -> None:
    process = writer(tmp_path, "killed", 1_000_000)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline() for _ in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += process.communicate()[0].splitlines()
    count = VectorSpool(tmp_path).count()
    assert count % 100 == 0
    assert count >= 100 * len(acknowledged)


def test_a_file_that_is_no_store_is_named_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "vectors.sqlite").write_bytes(b"not a database, but long enough to be one" * 40)
    with pytest.raises(StackError, match="deleting the file"):
        VectorSpool(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match="writable"):
        VectorSpool(tmp_path / "file" / "below")


def test_a_full_disk_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = VectorSpool(tmp_path)
    spool._connection().execute("pragma max_page_count = 20")  # SQLite then says it is full
    with pytest.raises(StackError) as caught:
        spool.put_many(rows(5_000, 64), "m")
    assert type(caught.value).__name__ == "DiskFull"
    assert sqlite3.connect(tmp_path / "vectors.sqlite").execute("pragma integrity_check")
    assert spool.count() == 0


def test_the_key_is_the_content() -> None:
    assert content_key("红") == content_key("红".encode())
    assert content_key("a") != content_key("b")
    assert len(content_key("\ud800")) == 64
