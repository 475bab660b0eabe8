"""The catalogue's record of one product, as products.jsonl holds it."""

from random import Random
from typing import TypedDict

from demo.catalogue.brands import BRANDS
from demo.catalogue.kinds import categories
from demo.catalogue.plan import Plan
from demo.catalogue.shots import role_of
from demo.catalogue.tags import attributes
from demo.catalogue.wording import description, title


class PictureRow(TypedDict):
    """A picture: its path relative to products.jsonl, and main, alternative, detail or swatch."""

    path: str
    role: str


class Record(TypedDict):
    """One line of products.jsonl; ``group`` is empty where the product has no variants."""

    id: str
    title: str
    description: str
    brand: str
    categories: list[str]
    price: float
    currency: str
    stock: int
    group: str
    attributes: dict[str, list[str]]
    pictures: list[PictureRow]


def picture_name(plan: Plan, number: int) -> str:
    """The picture's path relative to products.jsonl."""
    return f"pictures/{plan.id}-{number}.jpg"


def make_record(plan: Plan, *, pictures: int, tags: int) -> Record:
    """The record of one product.

    Args:
        plan: The product.
        pictures: How many it has.
        tags: How many attribute tags it has.

    Raises:
        InputError: ``tags`` is out of range.
    """
    zh, en = categories(plan.kind)
    brand_zh, brand_en = BRANDS[plan.brand]
    rows: list[PictureRow] = [
        {"path": picture_name(plan, n), "role": role_of(n)} for n in range(pictures)
    ]
    return {
        "id": plan.id,
        "title": title(plan),
        "description": description(plan),
        "brand": {"zh": brand_zh, "en": brand_en}.get(plan.language, f"{brand_zh} {brand_en}"),
        "categories": {"zh": [zh], "en": [en]}.get(plan.language, [zh, en]),
        "price": _price(plan),
        "currency": "CNY",
        "stock": plan.rng("stock").choice((0, 3, 8, 15, 24, 40, 66, 120, 200)),
        "group": plan.group,
        "attributes": attributes(plan, tags),
        "pictures": rows,
    }


def _price(plan: Plan) -> float:
    low, high = plan.kind.price
    # Variants of a group cost the same; most things are nearer to the low end.

    share = Random(f"{plan.shape}:price").random() ** 1.7
    return float(round((low + (high - low) * share) / 10) * 10 - 1)
