"""Shops in the shapes of real ones: their mappings and bodies from files, documents made up."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attach_workshop import backfill, begin
from augment_shop import document

from mappings.attach import Attachment
from mappings.attach_parallel import find_parallel, show_parallel

BODIES = Path(__file__).parent / "bodies"
COUNT = 240


@dataclass(frozen=True, slots=True)
class ForeignBody:
    """One body of the list.

    Args:
        shop: The file's name, which is the shop's shape.
        name: What it asks.
        source: Where its shape comes from.
        text: What the person typed.
        body: The request.
        refused: A part of the reason, where it cannot be kept.
        refused_extended: The same, where it can be kept but not extended.
    """

    shop: str
    name: str
    source: str
    text: str
    body: dict[str, Any]
    refused: str
    refused_extended: str

    @property
    def label(self) -> str:
        return f"{self.shop}: {self.name}"


def shapes() -> dict[str, dict[str, Any]]:
    """Every file, by its name."""
    return {p.stem: json.loads(p.read_text("utf-8")) for p in sorted(BODIES.glob("*.json"))}


def foreign_bodies() -> list[ForeignBody]:
    """The whole list."""
    return [
        ForeignBody(
            shop,
            b["name"],
            b["source"],
            b["text"],
            b["body"],
            b.get("refused", ""),
            b.get("refused", b.get("refused_extended", "")),
        )
        for shop, shape in shapes().items()
        for b in shape["bodies"]
    ]


def open_foreign_shop(client: Any, shape: str, folder: Path) -> tuple[str, Attachment]:
    """A shop's index as that shop would make it, and the parallel index attached to it."""
    given, name = shapes()[shape], f"augment-{shape}-{uuid.uuid4().hex[:6]}"
    settings = {"index": {"number_of_shards": 1}} | given.get("settings", {})
    client.indices.create(index=name, body={"settings": settings, "mappings": given["mappings"]})
    make, lines = DOCUMENTS[shape], list[Any]()
    for n in range(COUNT):
        lines += [{"index": {"_index": name, "_id": f"p{n:04d}"}}, make(n)]
    reply = client.bulk(body=lines, refresh=True)
    assert not reply["errors"], [i for i in reply["items"] if "error" in i["index"]][:1]
    attached = begin(client, name, "parallel")
    found = backfill(client, attached, folder).run()
    assert found.written == COUNT, found
    show_parallel(client, attached, find_parallel(client, name))
    return name, attached


def _woocommerce(n: int) -> dict[str, Any]:
    d = document(n)
    colour = d["title"].split()[0]
    return {
        "post_id": n,
        "post_type": "product" if n % 9 else "post",
        "post_status": "publish" if n % 11 else "draft",
        "post_title": d["title"],
        "post_excerpt": d["description"],
        "post_content": f"<p>{d['description']}</p>",
        "post_date": d["created"],
        "terms": {
            "product_cat": [{"slug": c, "name": c, "term_id": len(c)} for c in d["categories"]],
            "pa_color": [{"slug": colour, "name": colour.title()}],
            "product_visibility": [{"slug": "exclude-from-search"}] if n % 13 == 0 else [],
        },
        "meta": {
            "_price": [{"double": d["price"], "long": int(d["price"])}],
            "_stock_status": [{"raw": "instock" if d["stock"] else "outofstock"}],
            "total_sales": [{"long": d["stock"] * 7}],
        },
    }


def _magento(n: int) -> dict[str, Any]:
    d = document(n)
    return {
        "name": d["title"],
        "sku": f"MG-{n:05d}",
        "description": d["description"],
        "_search": [d["title"], d["brand"]],
        "status": 1 if d["active"] else 2,
        "visibility": 1 + n % 4,
        "category_ids": [len(c) for c in d["categories"]],
        "color": [1 + len(d["title"].split()[0])],
        "color_value": [d["title"].split()[0]],
        "manufacturer_value": d["brand"],
        "price_0_1": d["price"],
        "is_out_of_stock": int(not d["stock"]),
        "position_category_5": n,
    }


def _vendure(n: int) -> dict[str, Any]:
    d = document(n)
    return {
        "sku": f"V{n}",
        "productId": n // 3,
        "productName": document(n // 3 * 3)["title"],
        "productVariantName": d["title"],
        "description": d["description"],
        "slug": d["title"].replace(" ", "-"),
        "price": int(d["price"] * 100),
        "priceWithTax": int(d["price"] * 120),
        "collectionIds": [str(len(c)) for c in d["categories"]],
        "facetValueIds": [str(1 + len(t)) for t in d["tags"]],
        "enabled": d["active"],
        "productEnabled": n % 10 != 0,
        "channelId": 1 + n % 2,
        "languageCode": "en",
        "inStock": d["stock"] > 0,
        "productInStock": d["stock"] > 2,
    }


def _searchkick(n: int) -> dict[str, Any]:
    d = document(n)
    return {
        "name": d["title"],
        "description": d["description"],
        "brand": d["brand"],
        "taxon_names": d["categories"],
        "price": d["price"],
        "orders_count": d["stock"] * 3,
        "in_stock": d["stock"] > 0,
        "available_on": d["created"],
        "location": d["place"],
        "store_ids": [n % 3],
    }


def _shopware(n: int) -> dict[str, Any]:
    d = document(n)
    lang = "2fbb5fe2e29a4d70aa5854ce7ce3e20b"
    colour, stuff = d["title"].split()[:2]
    return {
        "id": f"{n:032x}",
        "name": {lang: d["title"]},
        "description": {lang: d["description"]},
        "manufacturer": {"id": d["brand"], "name": {lang: d["brand"]}},
        "properties": [{"id": colour, "groupId": "colour"}, {"id": stuff, "groupId": "stuff"}],
        "visibilities": [{"salesChannelId": f"c{n % 2}", "visibility": 10 * (1 + n % 3)}],
        "categoryTree": d["categories"],
        "price": {"c_eur": {"gross": d["price"], "net": d["price"] / 1.19}},
        "active": d["active"],
        "isCloseout": n % 7 == 0,
        "stock": d["stock"],
        "displayGroup": f"g{n // 4}",
        "ratingAverage": d.get("rating"),
        "sales": d["stock"],
        "releaseDate": d["created"],
    }


def _sylius(n: int) -> dict[str, Any]:
    d = document(n)
    colour, stuff = d["title"].split()[:2]
    return {
        "code": f"S{n}",
        "enabled": d["active"],
        "name": [{"en_US": d["title"]}],
        "description": [{"en_US": d["description"]}],
        "product-taxons": [{"taxon-code": c, "position": n} for c in d["categories"]],
        "channels": ["WEB"] if n % 5 else ["POS"],
        "product-attributes": [
            {"code": "colour", "value": colour},
            {"code": "stuff", "value": stuff},
        ],
        "variants": [{"price": {"amount": int(d["price"] * 100)}, "on-hand": d["stock"]}],
        "product-created-at": d["created"],
    }


def _plain(n: int) -> dict[str, Any]:
    return document(n)


_ZH = {"red": "红色", "blue": "蓝色", "green": "绿色", "black": "黑色", "cotton": "纯棉",
       "oak": "橡木", "steel": "不锈钢", "wool": "羊毛", "dress": "连衣裙", "shirt": "衬衫",
       "lamp": "台灯", "chair": "椅子", "watch": "手表"}  # fmt: skip


def _chinese(n: int) -> dict[str, Any]:
    d = document(n)
    colour, stuff, kind = (_ZH[w] for w in d["title"].split()[:3])
    return {
        "标题": f"{colour}{stuff}{kind} {n % 23}号",
        "品牌": d["brand"],
        "类目": [kind],
        "价格": d["price"],
        "属性": [{"名称": "颜色", "值": colour}, {"名称": "材质", "值": stuff}],
        "销量": d["stock"],
        "上架": d["active"],
    }


DOCUMENTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "woocommerce": _woocommerce,
    "magento": _magento,
    "vendure": _vendure,
    "searchkick": _searchkick,
    "shopware": _shopware,
    "sylius": _sylius,
    "plain": _plain,
    "chinese": _chinese,
}


def removing(client: Any, names: list[str]) -> Iterator[None]:
    """Delete shops and what was attached to them, afterwards."""
    yield
    for name in names:
        client.indices.delete(index=f"{name}*")
