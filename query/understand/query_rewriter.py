"""The query rewriter: variants of a query by spelling, pinyin, script and synonyms."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from query.model.understood import Variant
from query.understand.chinese import Chinese, has_cjk, is_cjk
from query.understand.gazetteer import Gazetteer
from query.understand.lexicon import Lexicon, phrase
from query.understand.pinyin import Pinyin
from query.understand.spelling import Speller
from query.understand.tokenizer import LexicalToken
from query.understand.vocabulary import Vocabulary

MAX_VARIANTS = 4
MAX_WINDOW = 3
Others = Mapping[str, tuple[tuple[str, float], ...]]
WEIGHTS = {"spelling": 0.9, "pinyin": 0.9, "script": 1.0, "synonym": 0.7}


@dataclass(frozen=True, slots=True)
class QueryRewriter:
    """Rewrites queries into the words that a catalogue has."""

    speller: Speller
    pinyin: Pinyin
    chinese: Chinese
    synonyms: Others
    traditional: bool

    @classmethod
    def of(cls, lexicon: Lexicon, words: Gazetteer, chinese: Chinese) -> "QueryRewriter":
        """Return the rewriter of a catalogue; without one, of the lexicon's things."""
        known = words.vocabulary
        right = {part for form in lexicon.words for part in form.split() if form.isascii()}
        right |= {part for brand in words.brands for part in brand.split()}
        own = {w: n for w, n in known.words.items() if has_cjk(w)}
        for form, meanings in words.meanings.items():
            if has_cjk(form) and any(m.sense in ("thing", "colour", "brand") for m in meanings):
                own.setdefault(form, 0)
        spelled = Counter(known.words)
        for brand, count in known.brands.items():
            spelled.update({part: count for part in brand.lower().split()})
        return cls(
            Speller(spelled, right), Pinyin(own, chinese), chinese,
            _useful(lexicon, known), known.traditional,
        )  # fmt: skip

    def corrections(
        self, text: str, tokens: list[LexicalToken], words: Gazetteer, traditional: bool
    ) -> tuple[Variant, ...]:
        """Return the query as it must have been meant: one wording with every correction in it.

        Args:
            text: What is searched, as written; the tokens' places are places in it.
            tokens: Its words.
            words: What they may mean.
            traditional: Whether it is written in traditional characters.
        """
        found = [*self._spelt(tokens), *self._sounding(tokens, words)]
        variants = []
        if found:
            better, given, used = _replace(text, [(a, b, w) for a, b, w, _ in found])
            why = "pinyin" if any(kind == "pinyin" for *_, kind in found) else "spelling"
            variants.append(Variant(better, WEIGHTS[why], why, given, used))  # type: ignore[arg-type]
        if has_cjk(text) and (traditional or self.traditional):
            other = self.chinese.simplified(text) if traditional else self.chinese.traditional(text)
            if other != text:
                variants.append(Variant(other, WEIGHTS["script"], "script", text, other))
        return tuple(variants)

    def alternatives(
        self, text: str, tokens: list[LexicalToken], shop: Others
    ) -> Iterator[Variant]:
        """Yield the query with a word replaced by another of its meaning, the shop's own first.

        Args:
            text: The query, as written.
            tokens: Its words.
            shop: The shop's synonyms: folded word to others, each with its weight.
        """
        for table in (shop, self.synonyms):
            for start, end, key in _windows(tokens) if table else ():
                for other, weight in table.get(key, ()):
                    better, given, used = _replace(text, [(start, end, other)])
                    yield Variant(better, weight, "synonym", given, used)

    def _spelt(self, tokens: list[LexicalToken]) -> Iterator[tuple[int, int, str, str]]:
        for run in _latin_runs(tokens, self.speller):
            letters = "".join(p.text for p in run)
            if written := self.pinyin.written(letters):
                yield run[0].start, run[-1].end, "".join(written), "pinyin"
                continue
            spelt = [(p, w) for p in run if (w := self.speller.correct(p.text))]
            if not spelt and (written := self.pinyin.written(letters, slips=True)):
                yield run[0].start, run[-1].end, "".join(written), "pinyin"
            for token, better in spelt:
                yield token.start, token.end, better, "spelling"

    def _sounding(
        self, tokens: list[LexicalToken], words: Gazetteer
    ) -> Iterator[tuple[int, int, str, str]]:
        """Yield Chinese words that nobody knows but that sound like one that the catalogue has."""
        for n, token in enumerate(tokens):
            for end in range(min(len(tokens), n + 3), n, -1):
                window = tokens[n:end]
                word = "".join(p.text for p in window)
                if not _unknown(window, word, words):
                    continue
                if better := self.pinyin.sounds_like(word):
                    yield token.start, window[-1].end, better, "spelling"
                    return


def _latin_runs(tokens: list[LexicalToken], speller: Speller) -> Iterator[list[LexicalToken]]:
    """Yield the runs of neighbouring words of Latin letters that are not known."""
    run: list[LexicalToken] = []
    for token in [*tokens, None]:
        odd = (
            token is not None
            and token.tag == "en"
            and not token.meanings
            and token.text.isascii()
            and token.text.isalpha()
            and not speller.knows(token.text)
        )
        if odd and token is not None and (not run or token.start - run[-1].end <= 1):
            run.append(token)
            continue
        if run:
            yield run
        run = [token] if odd and token is not None else []


def _windows(tokens: list[LexicalToken]) -> Iterator[tuple[int, int, str]]:
    """Yield every run of up to three neighbouring words, longest first: its place and its key."""
    for n, token in enumerate(tokens):
        for end in range(min(len(tokens), n + MAX_WINDOW), n, -1):
            window = tokens[n:end]
            if all(b.start - a.end <= 1 for a, b in pairwise(window)):
                texts = [p.text for p in window]
                glue = "" if has_cjk(texts[0]) else " "
                yield token.start, window[-1].end, phrase(glue.join(texts))


def _unknown(window: list[LexicalToken], word: str, words: Gazetteer) -> bool:
    """Tell whether neighbouring tokens may be one misspelt word: some of them known to nobody.

    Of two characters too many words sound alike.
    """
    if not 3 <= len(word) <= 6 or not all(is_cjk(c) for c in word):
        return False
    if any(a.end != b.start for a, b in pairwise(window)):
        return False
    known = words.vocabulary.words
    if word in known or word in words.meanings:
        return False
    return any(
        not p.has_sense("function", "preposition") and (len(p.text) == 1 or p.text not in known)
        for p in window
        if not p.meanings or len(p.text) == 1
    )


def _replace(text: str, parts: list[tuple[int, int, str]]) -> tuple[str, str, str]:
    """Return the text with parts replaced, and what was given and used."""
    better = text
    for start, end, word in sorted(parts, reverse=True):
        better = better[:start] + word + better[end:]
    ordered = sorted(parts)
    given = " ".join(text[a:b] for a, b, _ in ordered)
    return better, given, " ".join(word for *_, word in ordered)


def _useful(lexicon: Lexicon, known: Vocabulary) -> Others:
    """Return the built-in synonyms that help: of words that the catalogue lacks, those it has."""
    if not known.words:
        return {}
    found: dict[str, tuple[tuple[str, float], ...]] = {}
    for row in lexicon.synonyms:
        have = tuple(w for w in row if _has(known.words, w))
        if not have:
            continue
        for word in row:
            if word not in have:
                best = sorted(have, key=partial(_order, known, word))
                found[word] = tuple((w, WEIGHTS["synonym"]) for w in best[:2])
    return found


def _has(words: Mapping[str, int], form: str) -> bool:
    return all(w in words or f"{w}s" in words for w in form.split())


def _order(known: Vocabulary, word: str, other: str) -> tuple[bool, int]:
    """Return where another word stands: of the same script first, then by how many have it."""
    return has_cjk(other) != has_cjk(word), -known.words.get(other, 0)
