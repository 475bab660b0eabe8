"""A query's words read: language, words, head and properties, from the text and a gazetteer."""

from dataclasses import dataclass

from query.model.intent import script_of
from query.model.understanding import Understanding
from query.model.understood import Constraint, Kind, Language, Role, Token, Understood
from query.understand.chinese import Chinese, has_cjk
from query.understand.english import EnglishParser
from query.understand.gazetteer import Gazetteer
from query.understand.heads import find_head, head_text, names_thing
from query.understand.lexicon import Lexicon
from query.understand.price import PriceSpan, find_price
from query.understand.sizes import SizeSpan, find_model_number, find_sizes
from query.understand.tokenizer import LexicalToken, tokenize

_NAMED: tuple[Kind, ...] = ("brand", "colour", "material", "gender", "category")
_TAGS = {"n": "noun", "v": "other", "a": "adjective", "m": "number", "price": "number"}


@dataclass(frozen=True, slots=True)
class WordReader:
    """Reads the words of a query.

    Args:
        lexicon: What is known without a catalogue.
        chinese: Segmentation and script conversion.
        parser: Parses English phrases whose head no rule knows, ``None`` to guess it by its place.
    """

    lexicon: Lexicon
    chinese: Chinese
    parser: EnglishParser | None = None

    def read(self, text: str, words: Gazetteer, options: Understanding) -> Understood:
        """Return what a plain text of at most 200 characters says; see ``read_tokens``."""
        return self.read_tokens(text, words, options)[0]

    def read_tokens(
        self, text: str, words: Gazetteer, options: Understanding
    ) -> tuple[Understood, list[LexicalToken]]:
        """Return what a plain text of at most 200 characters says, and the words it was cut into.

        Args:
            text: In NFKC.
            words: The lexicon and the catalogue's names.
            options: Which kinds of property are read, and how they are treated.
        """
        folded, traditional = self.folded(text)
        price = (
            find_price(folded, self.lexicon.currencies) if options.of("price") != "off" else None
        )
        taken = [(price.start, price.end, "price")] if price else []
        if options.of("size") != "off":
            free = (s for s in find_sizes(folded) if not price or not _overlap(s, price))
            taken += [(s.start, s.end, "size") for s in free]
        tokens = tokenize(folded, taken, words, self.chinese.tag)
        head = self._head(text, tokens)
        found = Understood(
            text=text,
            searched=without_price(
                text, text[price.start : price.end] if price and price.firm else ""
            ),
            language=_language(text),
            traditional=traditional,
            tokens=tuple(_described(p, text, head) for p in tokens),
            head=head_text(head, text),
            thing=_thing(head),
            constraints=_constraints(text, folded, price, tokens, words, options),
            visual_words=tuple(
                text[p.start : p.end] for p in tokens if p.has_sense("colour", "look")
            ),
            model_number=find_model_number(text, [(a, b) for a, b, _ in taken]),
        )
        return found, tokens

    def _head(self, text: str, tokens: list[LexicalToken]) -> LexicalToken | None:
        head = find_head(tokens)
        if self.parser is None or (head is not None and _thing(head)) or has_cjk(text):
            return head
        words = [
            p for p in tokens if p.tag == "en" and names_thing(p) and not p.has_sense("measure")
        ]
        place = self.parser.head(text) if len(words) > 1 else None
        parsed = (p for p in words if place and p.start <= place[0] < p.end)
        return next(parsed, head)

    def folded(self, text: str) -> tuple[str, bool]:
        """Return the text in lower case and simplified, and whether it was traditional.

        Every character keeps its place.
        """
        lower = "".join(low if len(low := c.lower()) == 1 else c for c in text)
        if not has_cjk(lower):
            return lower, False
        simple = self.chinese.simplified(lower)
        return (simple, simple != lower) if len(simple) == len(lower) else (lower, False)


def _overlap(size: SizeSpan, price: PriceSpan) -> bool:

    return size.start < price.end and price.start < size.end


def _language(text: str) -> Language:
    """Return the script of the letters; digits are of every language."""
    letters = "".join(c for c in text if not c.isdecimal())
    return script_of(letters if any(c.isalnum() for c in letters) else text)


def _thing(head: LexicalToken | None) -> str:
    meanings = head.meanings if head else ()
    return next((m.value for m in meanings if m.sense in ("thing", "category")), "")


def without_price(text: str, price: str) -> str:
    """Return a text without its price phrase; where nothing else is left, the text."""
    if not price or price not in text:
        return text
    before, _, behind = text.partition(price)
    before, behind = before.rstrip(" ,，、"), behind.lstrip(" ,，、的")
    for word in (" for", " in", " at", " priced"):
        before = before.removesuffix(word)
    rest = f"{before} {behind}".strip()
    return rest if any(c.isalnum() for c in rest) else text


def _described(token: LexicalToken, text: str, head: LexicalToken | None) -> Token:
    inside = head is not None and head.start <= token.start and token.end <= head.end
    role: Role = "plain"
    if inside:
        role = "head"
    elif token.tag == "price":
        role = "price"
    elif token.tag == "size" or token.has_sense("colour", "material", "gender", "brand", "look"):
        role = "property"
    elif token.has_sense("function", "preposition"):
        role = "function"
    tag = "function" if role == "function" else _TAGS.get(token.tag[0], _TAGS.get(token.tag, ""))
    if not tag:
        tag = "noun" if token.is_thing or inside else "other"
    return Token(text[token.start : token.end], token.start, tag, role)


def _constraints(
    text: str,
    folded: str,
    price: PriceSpan | None,
    tokens: list[LexicalToken],
    words: Gazetteer,
    options: Understanding,
) -> tuple[Constraint, ...]:
    found: list[Constraint] = [] if price is None else [_price(text, price, words, options)]
    for token in tokens:
        written = text[token.start : token.end]
        if token.tag == "size":
            value = find_sizes(folded[token.start : token.end])[0].value
            found.append(_named("size", written, value, words, options))
        for kind in _NAMED:
            if options.of(kind) == "off":
                continue
            for meaning in token.meanings:
                if meaning.sense == kind:
                    found.append(_named(kind, written, meaning.value, words, options))
    kept: dict[tuple[str, str], Constraint] = {}
    for constraint in found:
        kept.setdefault((constraint.kind, constraint.value), constraint)
    return tuple(kept.values())


def _named(
    kind: Kind, text: str, value: str, words: Gazetteer, options: Understanding
) -> Constraint:
    """Return a constraint; it can only be hard where the catalogue has the property."""
    column, values = words.column(kind, value)
    hard = options.of(kind) == "hard" and bool(values)
    return Constraint(kind, text, value, column, values, hard)


def _binds(price: PriceSpan, options: Understanding) -> bool:
    """Tell whether a price must be met; a bare amount only where the caller asks for it."""
    return options.of("price") == "hard" and (price.firm or "price" in options.treat)


def _price(text: str, price: PriceSpan, words: Gazetteer, options: Understanding) -> Constraint:
    """Return the price; in a currency that the catalogue does not have it binds nothing."""
    known = words.vocabulary.currencies
    foreign = bool(price.currency and known and price.currency not in known)
    return Constraint(
        "price",
        text[price.start : price.end],
        column="" if foreign else "price",
        values=(price.currency,) if price.currency in known and len(known) > 1 else (),
        hard=not foreign and _binds(price, options),
        low=price.low,
        high=price.high,
        currency=price.currency,
    )
