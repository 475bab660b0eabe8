"""Whatever is typed is read without failing, and the reading's parts fit the text."""

import random

import pytest
from query_shop import IDENTITY
from test_query_rewriter import CHINESE, WORDS, read

from mappings.index import CatalogueIndex
from query.model.input_limits import MAX_TEXT, plain_text
from query.model.intent import script_of
from query.model.request import SearchRequest
from query.model.understanding import Understanding
from query.model.understood import KINDS
from query.suggest.completions import Fold
from query.suggest.suggester import Suggester
from query.understand.catalogue_reading import CatalogueReading
from query.understand.lexicon import built_in
from query.understand.live_words import LiveWords

WRITTEN = """
红 紅色 连衣裙 的 女 男士 真皮 500 元 以下 到 - $ ￥ ¥ € 百 千 万 两 二 十 左右 带
ひらがな カタカナ 한국어 🙂
under between and over size xl 42码 ½ ① ﬀ İ ß ſ WH-1000XM5 t-shirt a the of for with lianyiqun drees
'' " \\ {} * <b> .. , 、 。 % 1e309 1. .5 1,000 inf nan 0元 -5元 𠮷 㐂 々 〇 ａ １
"""
ODD = ("e\u0301", "\u200b", "\ufeff", "\u202e", "\u0000", "\t", "\u3000", "9" * 30, "👩\u200d👧")
SCRAPS = (*WRITTEN.split(), *ODD)


def texts(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        glue = rng.choice(("", " ", ""))
        made.append(glue.join(rng.choices(SCRAPS, k=rng.randint(1, 12))))
    return [text for text in made if 0 < len(plain_text(text)) <= MAX_TEXT]


@pytest.mark.parametrize("seed", range(4))
def test_any_text_is_read(seed: int) -> None:
    for text in texts(seed, 250):
        found = read(text)
        plain = plain_text(text)
        assert found.text == plain
        end = 0
        for token in found.tokens:
            assert token.start >= end, text
            end = token.start + len(token.text)
            assert plain[token.start : end] == token.text, text
        for c in found.constraints:
            assert c.kind in KINDS
            assert c.low is None or c.high is None or c.low <= c.high, text
        assert len(found.variants) <= 4
        assert all(0 < len(v.text) <= MAX_TEXT for v in found.variants)
        assert found.searched
        assert found.head in (found.encoded or plain), text
        assert len(found.to_json()) == len(type(found).__slots__)


def test_any_text_makes_an_intent_whose_rescue_ends() -> None:
    reading = CatalogueReading(LiveWords(None, built_in(), CHINESE))
    hard = Understanding(dict.fromkeys(KINDS, "hard"))
    for text in texts(99, 400):
        intent = reading.read_text(SearchRequest(text, understanding=hard), WORDS)
        assert intent.script == script_of(intent.text)
        index = CatalogueIndex("a", "a-1", IDENTITY, None, {})  # type: ignore[arg-type]
        relaxed = list(reading.relaxed_queries(intent, index))
        assert len(relaxed) <= 1 + 6 + 2 * len(intent.understood.hard)
        assert not relaxed or not relaxed[-1].understood.hard
        assert not relaxed or relaxed[-1].request.filters == ()


def test_any_text_is_completed() -> None:
    whole = Suggester(WORDS.completions, Fold(CHINESE.simplified), lambda text: "")
    for text in texts(5, 400):
        answers = whole.suggest(text).suggestions
        assert len(answers) <= 8
        assert all(a.text for a in answers)
