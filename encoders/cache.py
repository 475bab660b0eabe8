"""A content-addressed store of vectors: embedding cache, and hand-over between stages."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from encoders.protocol import Vectors
from mappings.errors import DiskFull, InputError, StackError

CHUNK = 500
"""Keys of one statement. SQLite allows 32,766 variables; fewer block other writers less."""

_SCHEMA = """
create table if not exists vectors (
    encoder text not null, key blob not null, vector blob not null,
    primary key (encoder, key)
) without rowid
"""


def content_key(content: bytes | str) -> str:
    """Return the SHA-256 of a picture's bytes, or of a text in UTF-8, in hexadecimal."""
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return hashlib.sha256(raw).hexdigest()


class VectorSpool:
    """A content-addressed store of vectors in one folder, shared by processes of one host.

    Key is (``content_key`` of the content, digest of the encoder's card), so another model never
    finds a vector of this one. SQLite with a write-ahead log: a killed process leaves whole
    batches or nothing, and readers never wait for a writer. The folder must be on a local disk.

    Args:
        folder: Of the store; made when it is missing.

    Raises:
        StackError: The folder cannot be written, or holds something else.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "vectors.sqlite"
        self._local = threading.local()
        with _explained(self._path):
            folder.mkdir(parents=True, exist_ok=True)
            self._connection()

    def __reduce__(self) -> tuple[type[VectorSpool], tuple[Path]]:
        return VectorSpool, (self._path.parent,)

    def get_many(self, keys: Sequence[str], encoder: str) -> dict[str, Vectors]:
        """Return the vectors that are there, by key.

        Args:
            keys: ``content_key`` of each content.
            encoder: ``card.digest`` of the encoder.

        Returns:
            Key to float32 (dim,); keys that are not stored are absent.

        Raises:
            StackError: The store cannot be read.
        """
        found: dict[str, Vectors] = {}
        unique = list(dict.fromkeys(keys))
        with _explained(self._path):
            connection = self._connection()
            for start in range(0, len(unique), CHUNK):
                chunk = [bytes.fromhex(key) for key in unique[start : start + CHUNK]]
                marks = ",".join("?" * len(chunk))
                rows = connection.execute(
                    f"select key, vector from vectors where encoder = ? and key in ({marks})",
                    [encoder, *chunk],
                )
                for key, vector in rows:
                    found[key.hex()] = np.frombuffer(vector, dtype="<f4").astype(np.float32)
        return found

    def put_many(self, vectors: Mapping[str, Vectors], encoder: str) -> None:
        """Store vectors, all or none of them; those that are there already are replaced.

        Args:
            vectors: Key to float32 (dim,).
            encoder: ``card.digest`` of the encoder that made them.

        Raises:
            InputError: One is no finite float vector: nothing is stored.
            DiskFull: There is no room.
            StackError: The store cannot be written.
        """
        rows = []
        for key, vector in vectors.items():
            if vector.ndim != 1 or not np.isfinite(vector).all():
                raise InputError(
                    f"What was to be stored for {key[:12]}… is no finite vector.",
                    "Encode it again.",
                )
            rows.append((encoder, bytes.fromhex(key), vector.astype("<f4").tobytes()))
        with _explained(self._path):
            connection = self._connection()
            with connection:
                connection.executemany("insert or replace into vectors values (?, ?, ?)", rows)

    def count(self, encoder: str | None = None) -> int:
        """Return how many vectors are stored, of one encoder or of all.

        Raises:
            StackError: The store cannot be read.
        """
        with _explained(self._path):
            connection = self._connection()
            if encoder is None:
                row = connection.execute("select count(*) from vectors").fetchone()
            else:
                row = connection.execute(
                    "select count(*) from vectors where encoder = ?", [encoder]
                ).fetchone()
        return int(row[0])

    def close(self) -> None:
        """Close this thread's connection; the next call opens another."""
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None and self._local.pid == os.getpid():
            connection.close()

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection; one that was opened before a fork is not used."""
        held: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if held is not None and self._local.pid == os.getpid():
            return held
        made = sqlite3.connect(self._path, timeout=60.0)
        made.execute("pragma journal_mode = wal")
        # A power cut may cost the last batch, which a cache can bear.
        made.execute("pragma synchronous = normal")
        made.execute(_SCHEMA)
        self._local.connection, self._local.pid = made, os.getpid()
        return made


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and the file system into ours, with a cure."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        full = primary in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)  # its files say the latter
        if full or getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"No room is left for vectors in {str(path)!r}.",
                "Free some space, or give another folder; what is stored stays usable.",
            ) from None
        raise StackError(
            f"The vector store {str(path)!r} cannot be used: {error}.",
            "Check that the folder is writable and on a local disk; deleting the file costs only"
            " the time to encode again.",
        ) from None
