"""The ledger: what was accepted, and what became of it; no task is sent before it is in here.

    accepted = indexed + superseded + dead + pending        at every instant, in every run

Every change of a state and of the tally is one transaction. A change that a newer one overtakes
while it is pending is superseded at that moment; the stages only ever see the newest.
"""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.ledger.acceptance import accept, next_sequence, raise_clock, refuse
from ingest.ledger.changes import Accepted, AcceptedPicture, Change, Entry, Refusal
from ingest.ledger.store import Store
from ingest.ledger.tally import Counts, Deltas, Settled, count, move
from mappings.product import ExtractedValue, Picture, Product

MANY = 500


class Ledger:
    """Accepted changes in one SQLite file, which is on the disk before a task is sent.

    Args:
        path: The file; made where it is missing.

    Raises:
        DiskFull: There is no room for it.
        StackError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.store = Store(path)

    @property
    def lock(self) -> Path:
        """The file that is locked while a feed is taken in; see ``ingest.lock``."""
        return self.store.path.with_suffix(".lock")

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    def begin_run(self, root: Path) -> int:
        """Return the number of a new run over a catalogue whose pictures lie below ``root``."""
        with self.store.write() as db:
            row = db.execute(
                "INSERT INTO runs(root, started) VALUES (?, ?) RETURNING run",
                (str(root), time.time()),
            ).fetchone()
            return int(row["run"])

    def accept(self, run: int, changes: Sequence[Change]) -> list[Accepted]:
        """Commit the changes and return what is to be done with each; see ``ordering``.

        Each gets the ledger's sequence as the order of its write: microseconds, ever rising, so
        that a ledger that was lost and begun anew still writes after everything before.

        Args:
            run: From ``begin_run``.
            changes: In the order of the feed; one id may come several times.

        Raises:
            DiskFull: There is no room; none of the changes was accepted.
        """
        deltas: Deltas = Counter()
        with self.store.write() as db:
            sequence = next_sequence(db, len(changes))
            verdicts = [
                accept(db, deltas, run, change, sequence + n) for n, change in enumerate(changes)
            ]
            count(db, deltas)
        return verdicts

    def entries(self, ids: Sequence[str]) -> list[Entry]:
        """Return those of the products that are still pending, in the order asked for."""
        found: dict[str, Entry] = {}
        with self.store.read() as db:
            for part in _parts(ids):
                rows = db.execute(
                    "SELECT p.*, r.root FROM products p JOIN runs r USING(run)"
                    f" WHERE state = 'pending' AND id IN ({_marks(part)})",
                    part,
                )
                found |= {row["id"]: entry_of(row) for row in rows}
        return [found[i] for i in dict.fromkeys(ids) if i in found]

    def living(self) -> Iterator[Entry]:
        """Yield every product that is not deleted as it was last accepted, by id.

        Products that only the index knows (see ``ingest.adoption``) have no record and are left
        out.
        """
        after = ""
        while True:
            with self.store.read() as db:
                rows = db.execute(
                    "SELECT p.*, r.root FROM products p JOIN runs r USING(run)"
                    " WHERE deleted = 0 AND record <> '' AND id > ?"
                    f" ORDER BY id LIMIT {MANY}",
                    (after,),
                ).fetchall()
            yield from map(entry_of, rows)
            if len(rows) < MANY:
                return
            after = rows[-1]["id"]

    def settle(self, settled: Iterable[Settled]) -> int:
        """Record what became of pending changes; returns how many were still pending."""
        deltas: Deltas = Counter()
        with self.store.write() as db:
            for one in settled:
                move(db, deltas, one)
            count(db, deltas)
        return -sum(n for (_, bucket), n in deltas.items() if bucket == "pending")

    def pending(self, run: int | None = None) -> list[str]:
        """Return the ids that are pending, of one run or of all, in the order of acceptance."""
        where, values = ("", ()) if run is None else (" AND run = ?", (run,))
        with self.store.read() as db:
            rows = db.execute(
                f"SELECT id FROM products WHERE state = 'pending'{where} ORDER BY rowid", values
            )
            return [row["id"] for row in rows]

    def counts(self, run: int | None = None) -> Counts:
        """Return the tally of one run, or of all."""
        where, values = ("", ()) if run is None else (" WHERE run = ?", (run,))
        with self.store.read() as db:
            rows = db.execute(f"SELECT bucket, SUM(n) n FROM tally{where} GROUP BY bucket", values)
            return Counts(**{row["bucket"]: row["n"] for row in rows})

    def outrank(self, orders: Mapping[str, int], above: int) -> None:
        """Give pending changes a new order, above one that the index has already.

        Args:
            orders: Products and the orders under which the index refused them; a change that was
                accepted since keeps its own.
            above: The new orders are greater than this one and than all before.
        """
        with self.store.write() as db:
            raise_clock(db, above)
            first = next_sequence(db, len(orders))
            db.executemany(
                "UPDATE products SET write_order = ? WHERE id = ? AND write_order = ?"
                " AND state = 'pending'",
                [(first + n, *one) for n, one in enumerate(orders.items())],
            )

    def last_order(self) -> int:
        """Return the highest order that was ever given to a change, 0 for none."""
        with self.store.read() as db:
            row = db.execute("SELECT last FROM clock").fetchone()
            return int(row["last"]) if row else 0

    def target(self) -> str:
        """Return the index that is known to hold what is settled here; empty: none is."""
        with self.store.read() as db:
            row = db.execute("SELECT key FROM target").fetchone()
            return str(row["key"]) if row else ""

    def set_target(self, key: str) -> None:
        """Note the index that holds what is settled here, as name and uuid."""
        with self.store.write() as db:
            db.execute(
                "INSERT INTO target VALUES (1, ?) ON CONFLICT(one) DO UPDATE SET key ="
                " excluded.key",
                (key,),
            )

    def is_empty(self) -> bool:
        """Tell whether no product was ever accepted."""
        with self.store.read() as db:
            return db.execute("SELECT 1 FROM products LIMIT 1").fetchone() is None

    def known(self) -> int:
        """Return how many products are not deleted."""
        with self.store.read() as db:
            row = db.execute("SELECT COUNT(*) n FROM products WHERE deleted = 0").fetchone()
            return int(row["n"])

    def known_pictures(self) -> int:
        """Return how many pictures of products that are not deleted could be read."""
        with self.store.read() as db:
            row = db.execute(
                "SELECT COUNT(*) n FROM products p, json_each(p.pictures) each"
                " WHERE deleted = 0 AND json_extract(each.value, '$[2]') <> ''"
            ).fetchone()
            return int(row["n"])

    def pictures_of(self, ids: Sequence[str]) -> dict[str, tuple[AcceptedPicture, ...]]:
        """Return the pictures of those of the products that are known and not deleted."""
        found: dict[str, tuple[AcceptedPicture, ...]] = {}
        with self.store.read() as db:
            for part in _parts(ids):
                rows = db.execute(
                    "SELECT id, pictures FROM products WHERE deleted = 0"
                    f" AND id IN ({_marks(part)})",
                    part,
                )
                found |= {row["id"]: _pictures(row) for row in rows}
        return found

    def absent(self, run: int) -> list[str]:
        """Return the ids of products that are not deleted and were not seen in a run's feed."""
        with self.store.read() as db:
            rows = db.execute(
                "SELECT id FROM products WHERE deleted = 0 AND seen <> ? ORDER BY id", (run,)
            )
            return [row["id"] for row in rows]

    def mark_seen(self, run: int, ids: Sequence[str]) -> None:
        """Note that a feed names these products, though their rows cannot be used."""
        with self.store.write() as db:
            db.executemany("UPDATE products SET seen = ? WHERE id = ?", [(run, i) for i in ids])

    def crashed(self, ids: Sequence[str], stage: str) -> list[Entry]:
        """Count one more crash in a stage for those of the products that are pending."""
        with self.store.write() as db:
            db.executemany(
                "UPDATE products SET crashes = crashes + 1, crashed_in = ?"
                " WHERE id = ? AND state = 'pending'",
                [(stage, i) for i in ids],
            )
        return self.entries(ids)

    def survived(self, ids: Sequence[str], stage: str) -> None:
        """Forget the crashes of products in a stage that they got through."""
        with self.store.write() as db:
            db.executemany(
                "UPDATE products SET crashes = 0 WHERE id = ? AND crashed_in = ?",
                [(i, stage) for i in ids],
            )

    def absences(self, pictures: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Count one more look in vain for each picture, as (product, path); return the counts."""
        found: dict[tuple[str, str], int] = {}
        with self.store.write() as db:
            for product_id, path in pictures:
                row = db.execute(
                    "INSERT INTO absences VALUES (?, ?, 1) ON CONFLICT(id, path) DO UPDATE"
                    " SET tries = tries + 1 RETURNING tries",
                    (product_id, path),
                ).fetchone()
                found[product_id, path] = row["tries"]
        return found

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        """Record pictures that their products are indexed without."""
        with self.store.write() as db:
            refuse(db, refusals)

    def refusals(self, run: int | None = None) -> list[Refusal]:
        """Return the refused pictures of the products of one run, or of all."""
        where, values = ("", ()) if run is None else (" WHERE p.run = ?", (run,))
        with self.store.read() as db:
            rows = db.execute(
                "SELECT f.* FROM refusals f JOIN products p USING(id)"
                f"{where} ORDER BY f.id, f.path",
                values,
            )
            return [Refusal(*row) for row in rows]

    def refusals_of(self, ids: Sequence[str]) -> list[Refusal]:
        """Return the refused pictures of these products."""
        found: list[Refusal] = []
        with self.store.read() as db:
            for part in _parts(ids):
                rows = db.execute(f"SELECT * FROM refusals WHERE id IN ({_marks(part)})", part)
                found += [Refusal(*row) for row in rows]
        return found

    def add_timing(self, run: int, stage: str, seconds: float, items: int) -> None:
        """Add to the time that a stage has worked for a run, in seconds."""
        with self.store.write() as db:
            db.execute(
                "INSERT INTO timings VALUES (?, ?, ?, ?) ON CONFLICT(run, stage) DO UPDATE"
                " SET seconds = seconds + excluded.seconds, items = items + excluded.items",
                (run, stage, seconds, items),
            )

    def timings(self, run: int | None = None) -> dict[str, tuple[float, int]]:
        """Return seconds of work and number of items by stage, of one run or of all."""
        where, values = ("", ()) if run is None else (" WHERE run = ?", (run,))
        with self.store.read() as db:
            rows = db.execute(
                "SELECT stage, SUM(seconds) seconds, SUM(items) items FROM timings"
                f"{where} GROUP BY stage",
                values,
            )
            return {row["stage"]: (row["seconds"], row["items"]) for row in rows}

    def alarm(self, kind: str, message: str) -> None:
        """Say why work stands still; the same kind is said once."""
        with self.store.write() as db:
            db.execute(
                "INSERT INTO alarms VALUES (?, ?, ?) ON CONFLICT(kind) DO UPDATE"
                " SET message = excluded.message, at = excluded.at",
                (kind, message, time.time()),
            )

    def clear_alarms(self) -> None:
        """Take all alarms back: work goes on."""
        with self.store.read() as db:
            silent = db.execute("SELECT 1 FROM alarms").fetchone() is None
        if not silent:
            with self.store.write() as db:
                db.execute("DELETE FROM alarms")

    def alarms(self) -> dict[str, str]:
        """Return the alarms by kind."""
        with self.store.read() as db:
            return {row["kind"]: row["message"] for row in db.execute("SELECT * FROM alarms")}


def entry_of(row: sqlite3.Row) -> Entry:
    """Return the entry in a row of products joined with its run."""
    return Entry(
        row["id"], row["write_order"], row["run"], row["root"],
        _product(json.loads(row["record"] or "{}") | {"id": row["id"], "version": row["version"]}),
        _pictures(row), row["content"], row["crashes"],
    )  # fmt: skip


def _pictures(row: sqlite3.Row) -> tuple[AcceptedPicture, ...]:
    return tuple(AcceptedPicture(*p) for p in json.loads(row["pictures"]))


def _parts(ids: Sequence[str]) -> list[list[str]]:
    return [list(ids[i : i + MANY]) for i in range(0, len(ids), MANY)]


def _marks(part: Sequence[object]) -> str:
    return ",".join("?" * len(part))


def _product(record: dict[str, Any]) -> Product:
    """Return a product from its own dump without validating it again, which costs 1 ms each."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}
    tags = record.get("attributes", {})
    pictures = [Picture.model_construct(**p) for p in record.get("pictures", ())]
    values["attributes"] = {name: tuple(given) for name, given in tags.items()}
    values["pictures"] = tuple(pictures)
    values["found"] = tuple(ExtractedValue(**one) for one in record.get("found", ()))
    return Product.model_construct(**values)
