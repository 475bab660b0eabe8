"""The query tests' shop with variants, stock, margins and days, in an index of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from query_shop import BLEND, CALIBRATION, DIM, IDENTITY, WORDS, FakeDecoder, FakeImages, Shop, shop
from unhurried import PATIENT

from mappings.body import render
from mappings.index import create
from mappings.product import Product
from mappings.schema import Schema
from query.engine import SearchEngine
from query.plan.budget import Budget, Depth

COUNT = 600
SCHEMA = Schema(DIM, BLEND)
EVERY = Budget(blend=Depth(COUNT, COUNT, COUNT), legs=Depth(COUNT, COUNT, COUNT))
"""A budget with which the match set and the window are all products."""


def contract_shop(count: int = COUNT) -> Shop:
    """Groups of four with every ninth product alone; some lack stock, price, margin or day."""
    made = shop(count)
    return replace(made, products=tuple(_dressed(n, p) for n, p in enumerate(made.products)))


def _dressed(n: int, product: Product) -> Product:
    more: dict[str, Any] = {
        "group": "" if n % 9 == 0 else f"g{n // 4:03d}",
        "price": None if n % 23 == 0 else product.price,
        "stock": None if n % 10 == 0 else float(n % 4),
        "margin": None if n % 8 == 0 else (n % 11) / 10,
        "added": None if n % 6 == 0 else f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}T00:00:00Z",
        "brand": product.brand if product.brand == "Twin" else f"Brand{n % 5}",
    }
    return product.model_copy(update=more)


@contextmanager
def shelf_of(client: Any, alias: str, made: Shop, shards: int = 1) -> Iterator[str]:
    """Give an alias whose new index holds the products and a tombstone that kept its words."""
    client.indices.delete(index=f"{alias}-*", ignore=404)
    body = render(SCHEMA, IDENTITY, CALIBRATION)
    body["settings"]["index"]["number_of_shards"] = shards
    name = create(client, alias, IDENTITY, body)
    documents = dict(made.documents(SCHEMA))
    ghost = documents[made.ids[-1]] | {
        "deleted": True, "title": "红色连衣裙 red dress ghost", "key": "ghost",
    }  # fmt: skip
    lines: list[dict[str, Any]] = []
    for key, document in [*documents.items(), ("ghost", ghost)]:
        lines += [{"index": {"_index": name, "_id": key}}, document]
    assert not client.bulk(body=lines)["errors"]
    client.indices.refresh(index=name)
    yield alias
    client.indices.delete(index=f"{alias}-*")


def engine_of(client: Any, alias: str, budget: Budget = Budget(), **more: Any) -> SearchEngine:  # noqa: B008
    """Return an engine over the alias that is never in a hurry."""
    return SearchEngine(
        client, alias, IDENTITY, text=WORDS, image=FakeImages(), decoder=FakeDecoder(),
        patience=PATIENT, budget=replace(budget, seconds=30.0), **more,
    )  # fmt: skip
