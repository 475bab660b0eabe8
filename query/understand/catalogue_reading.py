"""The catalogue reading: a request's words understood with the live catalogue and its rules."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from mappings.fields import Keyword, Text
from mappings.index import CatalogueIndex
from mappings.schema import BRAND, CATEGORIES, CURRENCY, PRICE, TAGS
from query.model.filters import MAX_FILTERS, AnyOf, Between, Filter, parse_filter
from query.model.input_limits import MAX_TEXT, plain_text
from query.model.intent import Intent, script_of, understand
from query.model.request import SearchRequest
from query.model.understanding import Understanding
from query.model.understood import Constraint, Understood, Variant
from query.rules.book import NO_RULES
from query.rules.live import LiveRules
from query.suggest.completions import Fold
from query.suggest.recorder import QueryRecorder
from query.suggest.suggester import Suggester
from query.suggest.suggestion import Suggestions
from query.understand.chinese import Chinese
from query.understand.english import EnglishParser
from query.understand.lexicon import Lexicon, built_in
from query.understand.live_words import LiveWords, Words
from query.understand.query_rewriter import MAX_VARIANTS, Others
from query.understand.relaxation import relaxed_readings
from query.understand.tokenizer import LexicalToken
from query.understand.words import WordReader, without_price

COLUMNS: dict[str, Text | Keyword] = {f.name: f for f in (BRAND, CATEGORIES, TAGS)}


class CatalogueReading:
    """Understands requests with the lexicon, the live catalogue's words and the shop's rules.

    Making one loads the Chinese dictionaries (0.3 s).

    Args:
        words: The live catalogue's words.
        rules: The shop's live rules, ``None`` without any.
        reader: Reads the words; made from ``words`` when it is not given.
        recorder: Counts what was asked and found, ``None`` to count nothing.
    """

    def __init__(
        self,
        words: LiveWords,
        rules: LiveRules | None = None,
        reader: WordReader | None = None,
        recorder: QueryRecorder | None = None,
    ) -> None:
        self.words, self.rules, self.recorder = words, rules, recorder
        self.reader = reader or WordReader(words.lexicon, words.chinese)

    def read(self, request: SearchRequest, index: CatalogueIndex) -> Intent:
        """Return the request understood; its filters are those given and those read."""
        return self.read_text(request, self.words.of(index.name))

    def read_text(self, request: SearchRequest, words: Words) -> Intent:
        """Return the request understood with the words of some catalogue."""
        text = plain_text(request.text)
        if not request.understanding.enabled or not text:
            return understand(request)
        book = self.rules.book() if self.rules and request.understanding.rules else NO_RULES
        applied = book.matching(text)
        rewritten = plain_text(next((r.rewrite for r in applied if r.rewrite), text))
        understood, tokens = self.reader.read_tokens(rewritten, words.names, request.understanding)
        understood = replace(understood, text=text, rules=applied)
        if request.understanding.variants:
            shop = self.rules.others() if self.rules and book.synonyms else {}
            understood = _with_variants(understood, rewritten, tokens, words, shop)
            understood = self._corrected(understood, words, request.understanding)
        return intent_of(request, understood)

    def forget(self) -> None:
        """Forget the catalogue's words; the next request has them read anew."""
        self.words.forget()

    def record_success(self, request: SearchRequest) -> None:
        """Count the words of a first page that was asked for with nothing but words."""
        worded = request.text and not request.pictures and not request.mixture.like
        if self.recorder is not None and worded and not request.offset and not request.cursor:
            self.recorder.record(plain_text(request.text))

    def suggest(self, typed: str, size: int, index: CatalogueIndex) -> Suggestions:
        """Return completions of what was typed so far.

        Raises:
            InputError: What was typed is too long, or too many suggestions are asked for.
        """
        words = self.words.of(index.name)

        def correct(text: str) -> str:
            return self.read_text(SearchRequest(text), words).understood.encoded

        fold = Fold(self.words.chinese.simplified)
        return Suggester(words.completions, fold, correct).suggest(typed, size)

    def _corrected(
        self, understood: Understood, words: Words, options: Understanding
    ) -> Understood:
        """Return the reading with what its correction asks for: in "blck dres" a colour, a head."""
        if not understood.encoded:
            return understood
        better = self.reader.read(understood.encoded, words.names, options)
        price = [c for c in understood.constraints if c.kind == "price"]
        return replace(
            understood,
            head=better.head,
            thing=better.thing,
            visual_words=better.visual_words,
            constraints=(*price, *(c for c in better.constraints if c.kind != "price")),
        )

    def relaxed_queries(self, intent: Intent, index: CatalogueIndex) -> Iterator[Intent]:
        """Yield the intent with one constraint less each time, in the order of ``relaxation``."""
        if not intent.request.understanding.relax:
            return
        given = tuple(f for f in intent.request.filters if f not in _filters(intent.understood))
        for understood in relaxed_readings(intent.understood):
            yield intent_of(replace(intent.request, filters=given), understood)


def catalogue_reading(
    client: object,
    alias: str,
    *,
    wait: float = 1.0,
    lexicon: Lexicon | None = None,
    parse_english: bool = False,
    record: bool = False,
) -> CatalogueReading:
    """Return the reading of an alias's live catalogue and rules.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        alias: Whose rules.
        wait: Seconds that the first search waits for the catalogue's words.
        lexicon: In place of the one that the package brings.
        parse_english: Whether spaCy parses English phrases whose head no rule knows.
        record: Whether searches that found something are counted, to be suggested.

    Raises:
        InputError: spaCy's model is wanted and not installed.
    """
    from query.rules.store import RuleStore
    from query.suggest.popular import QueryCounts

    counts = QueryCounts(client, alias)
    words = LiveWords(client, lexicon or built_in(), Chinese(), wait=wait, popular=counts.popular)
    parser = EnglishParser() if parse_english else None
    reader = WordReader(words.lexicon, words.chinese, parser)
    recorder = QueryRecorder(counts) if record else None
    return CatalogueReading(words, LiveRules(RuleStore(client, alias)), reader, recorder)


def intent_of(request: SearchRequest, understood: Understood) -> Intent:
    """Return the intent: the request with the filters that its words and rules ask for.

    Past the limit of 32 filters, what the words ask for only adds points.
    """
    filters = _filters(understood)
    if len(request.filters) + len(filters) > MAX_FILTERS:
        understood = replace(
            understood, constraints=tuple(replace(c, hard=False) for c in understood.constraints)
        )
        filters = ()
    new = tuple(f for f in filters if f not in request.filters)
    bound = replace(request, filters=(*request.filters, *new)) if new else request
    return Intent(bound, understood.searched, script_of(understood.searched), understood)


def _filters(understood: Understood) -> tuple[Filter, ...]:
    filters = [f for c in understood.hard for f in constraint_filters(c)]
    filters += [parse_filter(text) for rule in understood.rules for text in rule.filters]
    return tuple(dict.fromkeys(filters))


def constraint_filters(constraint: Constraint) -> tuple[Filter, ...]:
    """Return the filters that a constraint means; none where the catalogue does not know it."""
    if constraint.kind == "price":
        if not constraint.column:
            return ()
        price = Between(PRICE, constraint.low, constraint.high)
        return (price, AnyOf(CURRENCY, constraint.values)) if constraint.values else (price,)
    if not constraint.values:
        return ()
    return (AnyOf(COLUMNS[constraint.column], constraint.values),)


def _with_variants(
    understood: Understood, text: str, tokens: list[LexicalToken], words: Words, shop: Others
) -> Understood:
    """Return the reading with the other wordings: corrections, the shop's synonyms, ours."""
    price = next((c.text for c in understood.constraints if c.kind == "price"), "")
    price = price if price not in understood.searched else ""
    corrected = words.rewriter.corrections(text, tokens, words.names, understood.traditional)
    others = words.rewriter.alternatives(text, tokens, shop)
    seen = {understood.searched}
    variants: list[Variant] = []
    for variant in (*corrected, *islice(others, MAX_VARIANTS)):
        other = without_price(variant.text, price)
        if other not in seen and len(other) <= MAX_TEXT and len(variants) < MAX_VARIANTS:
            seen.add(other)
            variants.append(replace(variant, text=other))
    return replace(understood, variants=tuple(variants), encoded=_encoded(variants))


def _encoded(variants: list[Variant]) -> str:
    return next((v.text for v in variants if v.why in ("spelling", "pinyin")), "")
