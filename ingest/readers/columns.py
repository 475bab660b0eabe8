"""Columns: whose name in a feed stands for which of ours, and what becomes of the others."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mappings.errors import InputError

ALIASES: dict[str, tuple[str, ...]] = {
    "id": (
        "id", "sku", "product_id", "item_id", "product_code", "goods_id", "编号", "商品编号",
        "商品id",
    ),
    "title": (
        "title", "name", "product_name", "product_title", "display_name", "product_display_name",
        "item_name", "标题", "商品标题", "名称", "商品名称",
    ),
    "description": (
        "description", "desc", "body_html", "body", "long_description", "product_description",
        "details", "描述", "商品描述", "详情",
    ),
    "brand": ("brand", "manufacturer", "vendor", "brand_name", "品牌"),
    "categories": (
        "categories", "category", "product_type", "category_path", "category_name", "类目",
        "分类", "商品类目",
    ),
    "price": ("price", "unit_price", "amount", "价格", "售价"),
    "currency": ("currency", "price_currency", "币种"),
    "stock": ("stock", "quantity", "qty", "inventory", "inventory_quantity", "库存"),
    "margin": ("margin", "毛利"),
    "added": ("added", "added_at", "date_added", "上架时间", "上架日期"),
    "group": ("group", "group_id", "item_group_id", "parent_sku", "parent_id", "款号"),
    "attributes": ("attributes", "attrs", "properties", "specs", "specifications", "属性"),
    "pictures": (
        "pictures", "images", "picture", "image", "image_link", "image_path", "image_paths",
        "images_by_color", "images_by_colour", "other_images", "additional_images",
        "additional_image_link", "photo", "photos", "main_image", "main_picture", "detail_image",
        "detail_images", "swatch", "swatches", "swatch_image", "swatch_images", "图片", "主图",
        "副图", "细节图", "详情图", "色卡", "色卡图",
    ),
    "version": ("version", "source_version", "revision", "版本"),
    "deleted": (
        "deleted", "is_deleted", "removed", "删除", "已删除", "是否删除", "删除标记", "下架",
        "已下架", "是否下架",
    ),
}  # fmt: skip
REQUIRED = ("id", "title")
MANY = ("pictures",)


def plain(column: str) -> str:
    """Return a column's name as the aliases are written: ``productName`` is ``product_name``."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.strip())
    return re.sub(r"[\s\-.]+", "_", snake.removeprefix("g:")).casefold()


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Our names and the feed's, as ``--column ours=theirs`` gives them; the aliases come after.

    Args:
        overrides: Our name to the feed's.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: Sequence[str]) -> "ColumnMap":
        """Return the map that ``ours=theirs`` options ask for.

        Raises:
            InputError: An option has no ``=``, or our side is not a name of ours.
        """
        overrides: dict[str, str] = {}
        for option in options:
            ours, sign, theirs = option.partition("=")
            if not sign or not theirs or ours not in ALIASES:
                raise InputError(
                    f"--column {option!r} is not understood.",
                    f"Write OURS=THEIRS, where OURS is one of {', '.join(ALIASES)}.",
                )
            overrides[ours] = theirs
        return cls(overrides)

    def bind(self, found: Sequence[str]) -> "Binding":
        """Return which of the feed's columns stands for which of ours.

        Args:
            found: The feed's columns.

        Raises:
            InputError: No column for the id or the title, or an override names none.
        """
        bound: dict[str, str] = {}
        for ours, theirs in self.overrides.items():
            if theirs not in found:
                raise InputError(
                    f"The feed has no column {theirs!r} (--column {ours}={theirs}).",
                    f"Its columns are {_listed(found)}.",
                )
            bound[theirs] = ours
        by_plain = {plain(c): c for c in reversed(found)}
        for ours, aliases in ALIASES.items():
            theirs_found = [by_plain[a] for a in aliases if a in by_plain]
            theirs_found = [c for c in theirs_found if c not in bound]
            if ours in self.overrides:
                continue
            for theirs in theirs_found if ours in MANY else theirs_found[:1]:
                bound[theirs] = ours
        # A feed that only takes products out needs no titles.
        required = ("id",) if "deleted" in bound.values() else REQUIRED
        lacking = [ours for ours in required if ours not in bound.values()]
        if lacking:
            raise InputError(
                f"The feed has no column for {' and '.join(repr(c) for c in lacking)}. Its columns"
                f" are {_listed(found)}; looked for {_looked_for(lacking)}.",
                f"Name it: --column {lacking[0]}=THEIR_COLUMN.",
            )
        return Binding(bound)


@dataclass(frozen=True, slots=True)
class Binding:
    """The feed's column names, each with ours."""

    ours: Mapping[str, str]

    def split(
        self, record: Mapping[str, Any]
    ) -> tuple[dict[str, list[tuple[str, Any]]], dict[str, Any]]:
        """Return the record's values by our names (with their column), and the unknown columns."""
        known: dict[str, list[tuple[str, Any]]] = {}
        unknown: dict[str, Any] = {}
        for column, value in record.items():
            ours = self.ours.get(column)
            if ours is None:
                unknown[column] = value
            else:
                known.setdefault(ours, []).append((column, value))
        return known, unknown


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(c) for c in list(columns)[:40])
    return f"{shown} and {len(columns) - 40} more" if len(columns) > 40 else shown or "none"


def _looked_for(lacking: Sequence[str]) -> str:
    return "; ".join(", ".join(ALIASES[ours]) for ours in lacking)
