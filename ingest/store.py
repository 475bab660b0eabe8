"""The ledger's database file: its tables, its transactions, and its errors named."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mappings.errors import DiskFull, StackError

TABLES = """
CREATE TABLE IF NOT EXISTS products(
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, run INTEGER NOT NULL, seen INTEGER NOT NULL,
    state TEXT NOT NULL, content TEXT NOT NULL, target TEXT NOT NULL, deleted INTEGER NOT NULL,
    record TEXT NOT NULL, pictures TEXT NOT NULL, crashes INTEGER NOT NULL DEFAULT 0,
    accepted_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS products_pending ON products(run) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS products_seen ON products(seen) WHERE deleted = 0;
CREATE TABLE IF NOT EXISTS runs(
    run INTEGER PRIMARY KEY, root TEXT NOT NULL, started REAL NOT NULL);
CREATE TABLE IF NOT EXISTS tally(
    run INTEGER NOT NULL, bucket TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(run, bucket));
CREATE TABLE IF NOT EXISTS refusals(
    id TEXT NOT NULL, path TEXT NOT NULL, sha TEXT NOT NULL, reason TEXT NOT NULL,
    problem TEXT NOT NULL, PRIMARY KEY(id, path));
CREATE TABLE IF NOT EXISTS dead_letters(
    id TEXT NOT NULL, version INTEGER NOT NULL, run INTEGER NOT NULL, stage TEXT NOT NULL,
    kind TEXT NOT NULL, reason TEXT NOT NULL, attempts INTEGER NOT NULL, first_at REAL NOT NULL,
    last_at REAL NOT NULL, target TEXT NOT NULL, status TEXT NOT NULL, PRIMARY KEY(id, version));
CREATE TABLE IF NOT EXISTS timings(
    run INTEGER NOT NULL, stage TEXT NOT NULL, seconds REAL NOT NULL, items INTEGER NOT NULL,
    PRIMARY KEY(run, stage));
CREATE TABLE IF NOT EXISTS alarms(kind TEXT PRIMARY KEY, message TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS clock(one INTEGER PRIMARY KEY CHECK(one = 1), last INTEGER NOT NULL);
"""
WAIT = 60.0


class Store:
    """One SQLite file in WAL mode; every commit is on the disk before it returns.

    Several processes may have it open; one thread at a time uses an instance, others wait.

    Args:
        path: The file; it and its folder are made where they are missing.

    Raises:
        DiskFull: There is no room for it.
        StackError: It cannot be opened or is no ledger.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        with self._named():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=WAIT, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            for statement in TABLES.split(";"):
                self._connection.execute(statement)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give a connection inside one transaction: all of it is committed, or nothing.

        Raises:
            DiskFull: There is no room; nothing was changed.
            StackError: Another process held the file too long, or it cannot be written.
        """
        with self._lock, self._named():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give a connection inside one transaction that sees one state of the file."""
        with self._lock, self._named():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("COMMIT")

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise
            raise _stack_error(self.path, error) from None
        except OSError as error:
            raise StackError(
                f"The ledger {self.path} cannot be made: {error.strerror}.",
                "Choose another folder (SHELFSIGHT_HOME) or free room.",
            ) from None


def _stack_error(path: Path, error: sqlite3.DatabaseError) -> StackError:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return DiskFull(
            f"The ledger {path} cannot grow: {error}.",
            "Free room on that disk and start again; what was accepted so far is kept.",
        )
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StackError(
            f"The ledger {path} was held by another program for {WAIT:.0f} s.",
            "Let that program finish (`shelfsight status`), then try again.",
        )
    return StackError(
        f"The ledger {path} cannot be used: {error}.",
        "Check the file and its rights, or choose another folder (SHELFSIGHT_HOME).",
    )
