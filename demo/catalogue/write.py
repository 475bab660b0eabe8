"""Writes the demo catalogue: records and pictures, streaming, resumable, the same for a seed."""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TextIO

from demo.catalogue.pictures import Drawn, write_pictures
from demo.catalogue.plan import Plan, plan_products
from demo.catalogue.progress import LOG, MANIFEST, PRODUCTS, Recipe, resume_drawing
from demo.catalogue.record import Record, make_record
from demo.catalogue.tags import check_tags
from encoders.atomic_io import write_atomically
from mappings.errors import DiskFull, InputError, StackError

MAX_PICTURES = 20
MAX_PRODUCTS = 9_999
Progress = Callable[[int, int], None]


def write_catalogue(
    folder: Path,
    *,
    products: int = 1000,
    pictures: int = 10,
    tags: int = 100,
    seed: int = 7,
    processes: int = 1,
    progress: Progress | None = None,
) -> Path:
    """Writes folder/products.jsonl and folder/pictures/*.jpg, unless they lie there already.

    Args:
        folder: Where; it is made where absent.
        products: How many, 1 to MAX_PRODUCTS.
        pictures: How many a product, 1 to MAX_PICTURES.
        tags: Attribute tags (name=value pairs) a product.
        seed: Any number; the same one gives the same bytes.
        processes: How many draw at the same time.
        progress: Told how many pictures lie there, and how many there will be.

    Returns:
        The path of products.jsonl.

    Raises:
        InputError: A number is out of range, or the folder holds another catalogue.
        DiskFull: No room is left.
        StackError: Another program is writing there, or the folder cannot be written.
    """
    for _ in iter_products(
        folder, products=products, pictures=pictures, tags=tags, seed=seed, processes=processes,
        progress=progress,
    ):  # fmt: skip
        pass
    return folder / PRODUCTS


def iter_products(
    folder: Path,
    *,
    products: int = 1000,
    pictures: int = 10,
    tags: int = 100,
    seed: int = 7,
    processes: int = 1,
    progress: Progress | None = None,
) -> Iterator[Record]:
    """The records of ``write_catalogue``, each as soon as its pictures lie on the disk.

    products.jsonl appears when the last one has been taken; an iteration that is given up is
    continued by the next call. Arguments and errors are those of ``write_catalogue``.

    Raises:
        InputError: A number is out of range, or the folder holds another catalogue.
        DiskFull: No room is left.
        StackError: Another program is writing there, or the folder cannot be written.
    """
    check_tags(tags)
    _check_range("pictures", pictures, MAX_PICTURES)
    _check_range("products", products, MAX_PRODUCTS)
    _check_range("processes", processes, 64)
    recipe = Recipe(products, pictures, tags, seed)
    return _stream(folder, recipe, processes, progress or (lambda done, total: None))


def _check_range(name: str, given: int, most: int) -> None:
    if not 1 <= given <= most:
        raise InputError(
            f"{name} is {given}; 1 to {most} are allowed.", "Give a number in that range."
        )


def _stream(folder: Path, recipe: Recipe, processes: int, progress: Progress) -> Iterator[Record]:
    with ExitStack() as stack:
        stack.enter_context(_named_errors(folder))
        folder.mkdir(parents=True, exist_ok=True)
        stack.enter_context(_alone(folder))
        ready = resume_drawing(folder, recipe)
        log = stack.enter_context((folder / LOG).open("a", encoding="utf-8"))
        plans = list(plan_products(recipe.products, recipe.seed))
        missing = [p for p in plans if p.id not in ready]
        fresh = _draw_all(folder, missing, recipe.pictures, processes, stack)
        records: list[Record] = []
        for number, plan in enumerate(plans, start=1):
            if plan.id not in ready:
                ready[plan.id] = next(fresh)
                _note(log, ready[plan.id])
            records.append(make_record(plan, pictures=recipe.pictures, tags=recipe.tags))
            progress(number * recipe.pictures, recipe.products * recipe.pictures)
            yield records[-1]
        _finish(folder, recipe, records, [ready[p.id] for p in plans])


def _draw_all(
    folder: Path, plans: list[Plan], pictures: int, processes: int, stack: ExitStack
) -> Iterator[Drawn]:
    """The plans' pictures in the plans' order, drawn here or by other processes."""
    draw = partial(write_pictures, folder, pictures=pictures)
    if processes == 1 or len(plans) < 2 * processes:
        return map(draw, plans)
    import multiprocessing

    pool = ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("spawn"), initializer=_die_with_parent
    )
    stack.callback(pool.shutdown, wait=True, cancel_futures=True)
    return pool.map(draw, plans)


def _die_with_parent() -> None:
    """Leaves no orphan behind: Ctrl-C is the parent's to hear, and its death is ours."""
    import multiprocessing
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _note(log: TextIO, drawn: Drawn) -> None:
    log.write(json.dumps(asdict(drawn)) + "\n")
    log.flush()


def _finish(folder: Path, recipe: Recipe, records: list[Record], drawn: list[Drawn]) -> None:
    """Writes products.jsonl and the manifest, unless both lie there and say the same."""
    lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
    manifest = {
        **asdict(recipe),
        **recipe.drawing(),
        "pictures": recipe.pictures,
        "products_sha256": hashlib.sha256(lines.encode()).hexdigest(),
        "pictures_sha256": hashlib.sha256("".join(d.sha256 for d in drawn).encode()).hexdigest(),
    }
    products, text = folder / PRODUCTS, json.dumps(manifest, indent=2) + "\n"
    if not products.exists() or products.read_text(encoding="utf-8") != lines:
        write_atomically(products, lines)
    write_atomically(folder / MANIFEST, text)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the folder against a second program that would draw into it."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                f"Another program is writing the demo catalogue in {folder}.",
                "Wait until it has ended, or name another folder.",
            ) from None
        yield


@contextmanager
def _named_errors(folder: Path) -> Iterator[None]:
    """Turns the disk's errors into ours, with the cure."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"No room is left for the demo catalogue in {folder}.",
                "10,000 pictures take about 150 MB: free some room and start again.",
            ) from error
        raise StackError(
            f"The demo catalogue cannot be written in {folder}: {error.strerror or error}.",
            "Name a folder that this user can write to.",
        ) from error
