"""The sentences of explanations, in Chinese and in English."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Wording(Protocol):
    """Says the parts of an explanation in one language."""

    def opening(self, rank: int, score: float, reasons: Sequence[str]) -> str:
        """Say place, score and what gave the score; reasons come with their shares."""

    def reason(self, signal: str, share: float, words: str) -> str:
        """Say what a signal found; ``share`` of the signals' points, in [0, 1]."""

    def words(self, by_column: Mapping[str, Sequence[str]]) -> str:
        """Say which words matched in which columns; empty for none."""

    def picture(self, path: str, role: str) -> str:
        """Say which picture matched."""

    def lacks(self, signals: Sequence[str]) -> str:
        """Say what the product has nothing for."""

    def boost(self, name: str, points: float) -> str:
        """Say what a boost added or took."""

    def placed(self, why: str) -> str:
        """Say who put the product where it stands."""

    def join(self, parts: Sequence[str]) -> str:
        """Return the parts as one text."""


EN_REASONS = {
    "lexical": "its words match yours",
    "text": "its text means what you wrote",
    "image": "its pictures show what you wrote",
    "attribute": "its attributes are what you wrote",
    "coherence": "its pictures show what its attributes say",
    "agreement": "it has what the best hits have in common",
    "picture_image": "it looks like your picture",
    "picture_attribute": "its attributes describe your picture",
}
_EN_NAMES = {
    "lexical": "your words",
    "text": "a text to compare",
    "image": "pictures to compare",
    "attribute": "attributes to compare",
    "coherence": "both pictures and attributes",
    "agreement": "what the best hits have in common",
    "picture_image": "pictures to compare with yours",
    "picture_attribute": "attributes to compare with your picture",
}
_EN_COLUMNS = {"tag_words": "attributes"}
_ZH_REASONS = {
    "lexical": "文字与查询匹配",
    "text": "文本含义与查询相符",
    "image": "图片与查询相符",
    "attribute": "属性与查询相符",
    "coherence": "图片与属性一致",
    "agreement": "具有最佳结果的共同特征",
    "picture_image": "与您的图片相似",
    "picture_attribute": "属性与您的图片相符",
}
_ZH_NAMES = {
    "lexical": "查询中的文字",
    "text": "可比较的文本",
    "image": "可比较的图片",
    "attribute": "可比较的属性",
    "coherence": "图片和属性两者",
    "agreement": "最佳结果的共同特征",
    "picture_image": "可与您的图片比较的图片",
    "picture_attribute": "可与您的图片比较的属性",
}
_ZH_COLUMNS = {
    "title": "标题",
    "brand": "品牌",
    "categories": "类目",
    "tag_words": "属性",
    "description": "描述",
}
_ZH_ROLES = {"main": "主图", "alternative": "附图", "detail": "细节图", "swatch": "色卡"}
_ZH_BOOSTS = {"stock": "库存", "new": "新品", "margin": "毛利", "price": "价格"}


class English:
    """Plain English."""

    def opening(self, rank: int, score: float, reasons: Sequence[str]) -> str:
        """Say place, score and what gave the score."""
        reason_text = "; ".join(reasons) or "nothing speaks for it but that it is among the nearest"
        return f"Number {rank} with {score:.3f} points: {reason_text}."

    def reason(self, signal: str, share: float, words: str) -> str:
        """Say what a signal found."""
        matched = f", {words}" if words else ""
        return f"{EN_REASONS.get(signal, signal)} ({share:.0%} of its points{matched})"

    def words(self, by_column: Mapping[str, Sequence[str]]) -> str:
        """Say which words matched in which columns."""
        return ", ".join(
            f"“{'”, “'.join(words)}” in its {_EN_COLUMNS.get(column, column)}"
            for column, words in by_column.items()
        )

    def picture(self, path: str, role: str) -> str:
        """Say which picture matched."""
        return f"The picture that matched is {path}{f' ({role})' if role else ''}."

    def lacks(self, signals: Sequence[str]) -> str:
        """Say what the product has nothing for."""
        return f"It lacks {', '.join(_EN_NAMES.get(s, s) for s in signals)}."

    def boost(self, name: str, points: float) -> str:
        """Say what a boost added or took."""
        what = name.removeprefix("boost: ")
        return f"{'Raised' if points > 0 else 'Lowered'} by {abs(points):.3f} for: {what}."

    def placed(self, why: str) -> str:
        """Say who put the product where it stands."""
        return f"It stands there because it is {why}."

    def join(self, parts: Sequence[str]) -> str:
        """Return the parts as one text."""
        return " ".join(parts)


class Chinese:
    """Plain Chinese."""

    def opening(self, rank: int, score: float, reasons: Sequence[str]) -> str:
        """Say place, score and what gave the score."""
        reason_text = "；".join(reasons) or "除了与查询相近，没有其他依据"
        return f"第 {rank} 名，{score:.3f} 分：{reason_text}。"

    def reason(self, signal: str, share: float, words: str) -> str:
        """Say what a signal found."""
        matched = f"，{words}" if words else ""
        return f"{_ZH_REASONS.get(signal, signal)}（占 {share:.0%}{matched}）"

    def words(self, by_column: Mapping[str, Sequence[str]]) -> str:
        """Say which words matched in which columns."""
        return "，".join(
            f"{_ZH_COLUMNS.get(column, column)}中的“{'”“'.join(words)}”"
            for column, words in by_column.items()
        )

    def picture(self, path: str, role: str) -> str:
        """Say which picture matched."""
        return f"最匹配的图片：{path}{f'（{_ZH_ROLES.get(role, role)}）' if role else ''}。"

    def lacks(self, signals: Sequence[str]) -> str:
        """Say what the product has nothing for."""
        return f"缺少{'、'.join(_ZH_NAMES.get(s, s) for s in signals)}。"

    def boost(self, name: str, points: float) -> str:
        """Say what a boost added or took."""
        what = name.removeprefix("boost: ")
        return (
            f"因“{_ZH_BOOSTS.get(what, what)}”{'加' if points > 0 else '减'} {abs(points):.3f} 分。"
        )

    def placed(self, why: str) -> str:
        """Say who put the product where it stands."""
        what, _, by = why.partition(" by ")
        who = "本次请求" if by == "the request" else f"规则 {by.removeprefix('rule ')} "
        return f"位置由{who}{'置顶' if what == 'pinned' else '置底'}。"

    def join(self, parts: Sequence[str]) -> str:
        """Return the parts as one text."""
        return "".join(parts)


EN: Wording = English()
ZH: Wording = Chinese()
