"""The tokenizer: a query's words in order, each with what it may mean."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from query.understand.chinese import has_cjk, is_cjk
from query.understand.gazetteer import MAX_CJK, MAX_PARTS, Gazetteer
from query.understand.lexicon import Meaning

Tagger = Callable[[str], list[tuple[str, str]]]
_RUN = re.compile(r"[㐀-鿿豈-﫿]+|[^\W_㐀-鿿豈-﫿]+(?:['’][^\W\d_]+)?")
# The last character of a word that names a thing: 跑鞋, 水杯, 支架.
SUFFIXES = frozenset(
    "鞋靴裙裤包衣衫服装帽袜灯壳套架垫巾杯锅桌椅床柜机器笔刀瓶霜膏液油粉茶酒镜链带头纸盒箱袋板车"
    "伞盆碗盘壶枕被毯帘席球拍棒绳钩贴膜牌锁门窗琴鼓画台座罐桶篮筐梳刷仪表线卡片糖饼果环坠钉绒布"
    "奶粮窝汁酱醋汤糕豆枣瓜菜鱼肉蛋"
)
# A word so long that no dictionary has it is jieba's guess; known words inside it count more.
GUESSED = 4
_OWNERS = ("女", "男", "童", "婴")


@dataclass(frozen=True, slots=True)
class LexicalToken:
    """One word of a query.

    Args:
        start: Its first character.
        end: Behind its last one.
        text: The word, folded.
        tag: jieba's part of speech; ``en`` for words of other scripts; ``price`` and ``size``.
        meanings: What it may mean; empty for a word that is not known.
    """

    start: int
    end: int
    text: str
    tag: str
    meanings: tuple[Meaning, ...] = ()

    def has_sense(self, *senses: str) -> bool:
        """Tell whether it has a meaning of one of the senses."""
        return any(m.sense in senses for m in self.meanings)

    @property
    def is_thing(self) -> bool:
        """Whether it names a thing: by the lexicon, by a category, or by how it ends."""
        return self.has_sense("thing", "category") or self.ends_like_thing

    @property
    def ends_like_thing(self) -> bool:
        """Whether it is a Chinese word that ends as things do and means nothing else."""
        if len(self.text) < 2 or self.text[-1] not in SUFFIXES or not is_cjk(self.text[-1]):
            return False
        return not self.has_sense("look", "general", "material", "colour", "brand", "function")


def tokenize(
    text: str, spans: list[tuple[int, int, str]], words: Gazetteer, tagger: Tagger
) -> list[LexicalToken]:
    """Return the words of a text in order; longest known words first.

    Args:
        text: The query, folded: lower case, simplified.
        spans: Prices and sizes that were found before: start, end and ``price`` or ``size``.
        words: What can be known.
        tagger: Segments Chinese, with parts of speech.
    """
    tokens: list[LexicalToken] = []
    position = 0
    for start, end, kind in [*sorted(spans), (len(text), len(text), "")]:
        tokens += _between(text, position, start, words, tagger)
        if kind:
            tokens.append(LexicalToken(start, end, text[start:end], kind))
        position = end
    return _join_compounds(tokens)


def _join_compounds(tokens: list[LexicalToken]) -> list[LexicalToken]:
    """Return the tokens with single characters joined that are parts of names: 耳机|套, 猫|粮."""
    joined_tokens: list[LexicalToken] = []
    for token in tokens:
        before = joined_tokens[-1] if joined_tokens else None
        single = len(token.text) == 1 and is_cjk(token.text) and not token.meanings
        ends = single and (
            token.text in SUFFIXES
            or (before is not None and len(before.text) == 1 and not before.meanings)
        )
        if ends and before and before.end == token.start and _joins(before):
            joined_tokens[-1] = LexicalToken(before.start, token.end, before.text + token.text, "n")
        else:
            joined_tokens.append(token)
    return joined_tokens


def _joins(token: LexicalToken) -> bool:
    if not is_cjk(token.text[-1]) or token.tag in ("price", "size"):
        return False
    return not token.has_sense("colour", "gender", "function", "preposition", "brand", "look")


def _between(
    text: str, position: int, end: int, words: Gazetteer, tagger: Tagger
) -> Iterator[LexicalToken]:
    runs = [m.span() for m in _RUN.finditer(text, position, end)]
    n = 0
    while n < len(runs):
        start, stop = runs[n]
        if is_cjk(text[start]):
            yield from _chinese(text[start:stop], start, words, tagger)
            n += 1
        elif (crossing := _crossing(text, start, stop, end, words)) > stop:
            yield _known_token(text, start, crossing, words, "n")
            while n < len(runs) and runs[n][0] < crossing:
                if runs[n][1] > crossing:
                    runs[n] = (crossing, runs[n][1])
                    break
                n += 1
        else:
            taken = _parts(text, runs, n, words)
            yield _known_token(text, start, runs[n + taken - 1][1], words, "en")
            n += taken


def _crossing(text: str, start: int, stop: int, end: int, words: Gazetteer) -> int:
    """Return the end of a known word of both scripts, such as t恤 or v领; 0 for none."""
    if stop >= end or not is_cjk(text[stop]):
        return 0
    for last in range(min(end, start + MAX_CJK), stop, -1):
        if text[start:last] in words.meanings:
            return last
    return 0


def _parts(text: str, runs: list[tuple[int, int]], n: int, words: Gazetteer) -> int:
    """Return how many words from the n-th on make the longest known phrase."""
    for taken in range(min(MAX_PARTS, len(runs) - n), 1, -1):
        spans = runs[n : n + taken]
        joined = all(text[a[1] : b[0]] in (" ", "-") for a, b in pairwise(spans))
        if joined and " ".join(text[a:b] for a, b in spans) in words.meanings:
            return taken
    return 1


def _known_token(text: str, start: int, end: int, words: Gazetteer, tag: str) -> LexicalToken:
    word = text[start:end]
    key = word if has_cjk(word) else " ".join(word.replace("-", " ").replace("’", "'").split())
    return LexicalToken(start, end, word, tag, words.meanings.get(key, ()))


def _chinese(run: str, offset: int, words: Gazetteer, tagger: Tagger) -> Iterator[LexicalToken]:
    bounds: dict[int, tuple[int, str]] = {}
    position = 0
    for word, tag in tagger(run):
        bounds[position] = (position + len(word), tag)
        position += len(word)
    position = 0
    while position < len(run):
        known = _longest(run, position, len(run), words)
        end, tag = bounds.get(position, (0, "n"))
        whole = run[position:end] in words.meanings or end - position < GUESSED
        if known >= position + 2 and (known >= end or not whole):
            spans = [(position, known, tag)]
        elif end:
            spans = _whole_or_split(run, position, end, tag, words)
        else:
            # Inside a word whose first characters belonged to a known one.
            nearest = min((b for b in bounds if b > position), default=len(run))
            spans = [(position, known or nearest, tag)]
        for start, stop, kind in spans:
            word = run[start:stop]
            found = words.meanings.get(word, ()) + _inside(word, words)
            yield LexicalToken(offset + start, offset + stop, word, kind, found)
        position = spans[-1][1]


def _longest(run: str, position: int, end: int, words: Gazetteer) -> int:
    """Return where the longest known word from ``position`` on ends, 0 for none."""
    for stop in range(min(end, position + MAX_CJK), position, -1):
        if run[position:stop] in words.meanings:
            return stop
    return 0


def _whole_or_split(
    run: str, position: int, end: int, tag: str, words: Gazetteer
) -> list[tuple[int, int, str]]:
    """Return an unknown word whole, or its parts where all of them are known: 红|裙子."""
    if run[position:end] in words.meanings or end - position == 1:
        return [(position, end, tag)]
    parts: list[tuple[int, int, str]] = []
    here = position
    while here < end:
        stop = _longest(run, here, end, words)
        if not stop:
            return [(position, end, tag)]
        parts.append((here, stop, tag))
        here = stop
    # 红茶 is no red tea: of single characters alone a word is not made up.
    return parts if any(stop - start > 1 for start, stop, _ in parts) else [(position, end, tag)]


def _inside(word: str, words: Gazetteer) -> tuple[Meaning, ...]:
    """Return what the beginning of a thing's name says of it: 女包, 皮鞋, 帆布鞋."""
    if len(word) < 2 or word[-1] not in SUFFIXES:
        return ()
    found: list[Meaning] = []
    if word[0] in _OWNERS:
        found += [m for m in words.meanings.get(word[0], ()) if m.sense == "gender"]
    for stop in range(1, len(word)):
        if stop >= 2 or (word[0] == "皮" and len(word) == 2):
            found += [m for m in words.meanings.get(word[:stop], ()) if m.sense == "material"]
    have = words.meanings.get(word, ())
    return tuple(m for m in found if m not in have)
