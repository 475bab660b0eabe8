"""Which pictures the vectors were made from, product by product: a small database per attachment.

With a picture's hash its vector is found in the spool, also where the file cannot be read now; and
with the number of known pictures a folder that is away is told from a few deleted files.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.sender import chunks

CHUNK = 500
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS pictures (document TEXT NOT NULL, path TEXT NOT NULL,"
    " sha TEXT NOT NULL, refused TEXT NOT NULL, PRIMARY KEY (document, path)) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """A picture as it was when its product was embedded.

    Args:
        path: As the shop's document names it.
        sha: SHA-256 of its bytes, hexadecimal.
        refused: Why it has no vector, in one word; empty where it has one.
    """

    path: str
    sha: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class PictureRecords:
    """The record of one attachment.

    Args:
        path: The file; made when it is missing.
    """

    path: Path

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.execute(_SCHEMA)

    @property
    def is_complete(self) -> bool:
        """Whether every picture vector of the index is on record."""
        with self._open() as db:
            return bool(db.execute("PRAGMA user_version").fetchone()[0])

    def complete(self) -> None:
        """Note that from now on every picture vector of the index is on record."""
        with self._open() as db:
            db.execute("PRAGMA user_version = 1")

    def of(self, documents: Sequence[str]) -> dict[str, dict[str, PictureRecord]]:
        """Return the pictures of some documents: by document, then by path."""
        found: dict[str, dict[str, PictureRecord]] = {}
        with self._open() as db:
            for part in chunks(documents, CHUNK):
                marks = ",".join("?" * len(part))
                rows = db.execute(
                    "SELECT path, sha, refused, document FROM pictures"
                    f" WHERE document IN ({marks})",
                    part,
                )
                for *row, document in rows:
                    found.setdefault(document, {})[row[0]] = PictureRecord(*row)
        return found

    def replace(self, records: Mapping[str, Iterable[PictureRecord]]) -> None:
        """Put down the pictures of some documents in place of what was known of them."""
        with self._open() as db:
            _forget(db, list(records))
            db.executemany(
                "INSERT INTO pictures VALUES (?, ?, ?, ?)",
                [(d, r.path, r.sha, r.refused) for d, rows in records.items() for r in rows],
            )

    def count_lost(
        self, is_there: Callable[[str], bool], living: Callable[[Sequence[str]], set[str]]
    ) -> tuple[int, int]:
        """Return how many pictures with vectors cannot be read now, and how many there are.

        Documents that are no more are forgotten on the way: their pictures may go.

        Args:
            is_there: Tells whether a picture can be read.
            living: Returns which of some documents the shop still has.
        """
        with self._open() as db:
            known = db.execute("SELECT document, path FROM pictures WHERE refused = ''").fetchall()
        lost = [document for document, path in known if not is_there(path)]
        suspects = list(dict.fromkeys(lost))
        gone = {d for part in chunks(suspects, CHUNK) for d in set(part) - living(part)}
        with self._open() as db:
            _forget(db, list(gone))
        return sum(d not in gone for d in lost), sum(d not in gone for d, _ in known)

    def count(self) -> int:
        """Return how many pictures with vectors are on record."""
        with self._open() as db:
            found = db.execute("SELECT count(*) FROM pictures WHERE refused = ''").fetchone()
        return int(found[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction: kept when the block ends well, else undone."""
        with closing(sqlite3.connect(self.path, timeout=60.0)) as db, db:
            yield db


def _forget(db: sqlite3.Connection, documents: Sequence[str]) -> None:
    db.executemany("DELETE FROM pictures WHERE document = ?", [(d,) for d in documents])
