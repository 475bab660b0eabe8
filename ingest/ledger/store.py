"""The ledger's database file: its tables, its transactions, and its errors named."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mappings.errors import DiskFull, StackError

FORMAT = 2
"""Raised when the tables change; a file of another format is refused."""
TABLES = """
CREATE TABLE products(
    id TEXT PRIMARY KEY, version INTEGER, amended INTEGER NOT NULL, write_order INTEGER NOT NULL,
    run INTEGER NOT NULL, seen INTEGER NOT NULL, state TEXT NOT NULL, content TEXT NOT NULL,
    deleted INTEGER NOT NULL, record TEXT NOT NULL, pictures TEXT NOT NULL,
    crashes INTEGER NOT NULL DEFAULT 0, crashed_in TEXT NOT NULL DEFAULT '',
    accepted_at REAL NOT NULL);
CREATE INDEX products_pending ON products(run) WHERE state = 'pending';
CREATE INDEX products_seen ON products(seen) WHERE deleted = 0;
CREATE TABLE runs(
    run INTEGER PRIMARY KEY, root TEXT NOT NULL, started REAL NOT NULL);
CREATE TABLE tally(
    run INTEGER NOT NULL, bucket TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(run, bucket));
CREATE TABLE refusals(
    id TEXT NOT NULL, path TEXT NOT NULL, sha TEXT NOT NULL, reason TEXT NOT NULL,
    problem TEXT NOT NULL, PRIMARY KEY(id, path));
CREATE TABLE absences(
    id TEXT NOT NULL, path TEXT NOT NULL, tries INTEGER NOT NULL, PRIMARY KEY(id, path));
CREATE TABLE dead_letters(
    id TEXT NOT NULL, write_order INTEGER NOT NULL, run INTEGER NOT NULL, stage TEXT NOT NULL,
    kind TEXT NOT NULL, reason TEXT NOT NULL, attempts INTEGER NOT NULL, first_at REAL NOT NULL,
    last_at REAL NOT NULL, status TEXT NOT NULL, PRIMARY KEY(id, write_order));
CREATE TABLE timings(
    run INTEGER NOT NULL, stage TEXT NOT NULL, seconds REAL NOT NULL, items INTEGER NOT NULL,
    PRIMARY KEY(run, stage));
CREATE TABLE alarms(kind TEXT PRIMARY KEY, message TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE clock(one INTEGER PRIMARY KEY CHECK(one = 1), last INTEGER NOT NULL);
CREATE TABLE target(one INTEGER PRIMARY KEY CHECK(one = 1), key TEXT NOT NULL);
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
        self._open()

    def _open(self) -> None:
        with self._named():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self.path, timeout=WAIT, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._make_tables()
            finally:
                self._connection.execute("COMMIT")
        self._files = _inodes(self.path)

    def _make_tables(self) -> None:
        found = self._connection.execute("PRAGMA user_version").fetchone()[0]
        tables = self._connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if tables and found != FORMAT:
            raise StackError(
                f"The ledger {self.path} was written by another version of Shelfsight (format"
                f" {found}; this one reads {FORMAT}).",
                f"Move it away (mv {self.path} {self.path}.old): the next `shelfsight ingest`"
                " takes over what the index holds. Or use the version that wrote it.",
            )
        if not tables:
            for statement in TABLES.split(";"):
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _follow_file(self) -> None:
        """Open the file again when another one was put in its place, such as an older copy.

        SQLite would go on in the file that was removed, and what is committed there is seen by
        nobody else.
        """
        if _inodes(self.path) != self._files:
            self._connection.close()
            self._open()

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
            self._follow_file()
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
            self._follow_file()
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


def _inodes(path: Path) -> tuple[int, ...]:
    """Return the numbers of the database's file and of its log; 0 for one that is not there."""
    found = []
    for place in (path, path.with_name(f"{path.name}-wal")):
        try:
            found.append(place.stat().st_ino)
        except FileNotFoundError:
            found.append(0)
    return tuple(found)


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
