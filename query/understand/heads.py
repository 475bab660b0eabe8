"""The head: which word of a query names the thing, and which only say what it is like."""

from query.understand.chinese import is_cjk
from query.understand.lexicon import phrase
from query.understand.tokenizer import LexicalToken

_PROPERTY = ("colour", "material", "gender", "brand", "look", "general", "function", "preposition")
_NO_NOUN = ("y", "ish", "able", "ful", "less", "ed", "ing", "al", "ic", "ous", "ive", "est", "ly")
# Chinese tags that cannot name a thing: function words, verbs, numbers, times, places, adjectives.
_ZH_OTHER = frozenset({"uj", "p", "c", "r", "m", "f", "t", "d", "y", "u", "ul", "uz", "zg", "e"})


def find_head(tokens: list[LexicalToken]) -> LexicalToken | None:
    """Return the token that names the thing, ``None`` where nothing does.

    A noun phrase of either language ends with its head: what is asked for is the last thing that
    is not inside "for …", "with …", 带 … or before the last 的. Where only properties are named,
    a material may be the thing (leather, 帆布), a colour may not.
    """
    words = [p for p in tokens if p.tag not in ("price", "size")]
    phrases = _phrases(words)
    for part in phrases:
        if head := _last(part):
            return _joined(head, part)
    return next(
        (p for p in reversed(words) if p.has_sense("material") and not p.has_sense("colour")), None
    )


def _phrases(tokens: list[LexicalToken]) -> list[list[LexicalToken]]:
    """Return the parts in which the head is sought, the likeliest first."""
    last_de = max((n for n, p in enumerate(tokens) if p.text == "的"), default=-1)
    behind, before = tokens[last_de + 1 :], tokens[: last_de + 1]
    parts: list[list[LexicalToken]] = [[]]
    for n, token in enumerate(behind):
        if _opens(token, behind[n - 1] if n else None, behind[n + 1 : n + 2]):
            parts.append([])
        else:
            parts[-1].append(token)
    return [p for p in (*parts, before) if p]


def _opens(
    token: LexicalToken, previous: LexicalToken | None, following: list[LexicalToken]
) -> bool:
    """Tell whether a token opens a part that is about the thing but does not name it."""
    if not token.has_sense("preposition"):
        return False
    if token.text != "of":
        return not token.is_thing
    return not (previous is not None and previous.has_sense("measure") and following)


def _last(part: list[LexicalToken]) -> LexicalToken | None:
    candidates = [p for n, p in enumerate(part) if _may_be(p, part[n + 1 : n + 2])]
    things = [p for p in candidates if p.is_thing]
    if not things:
        return candidates[-1] if candidates else None
    last, thing = candidates[-1], things[-1]
    if is_cjk(last.text[-1]):
        # 无糖|饼干: how a word ends is a weaker sign than where it stands.
        guessed = not thing.has_sense("thing", "category") and last.start == thing.end
        return last if guessed else thing
    if last is thing:
        return thing
    # "toothbrush replacement heads": a noun behind the thing; "dress cosy" is none.
    return thing if last.text.endswith(_NO_NOUN) or _apart(thing, last, part) else last


def _apart(thing: LexicalToken, last: LexicalToken, part: list[LexicalToken]) -> bool:
    """Tell whether words that are properties stand between the thing and a later word."""
    between = part[part.index(thing) + 1 : part.index(last)]
    return any(p.has_sense(*_PROPERTY) for p in between) or is_cjk(thing.text[-1])


def _may_be(token: LexicalToken, following: list[LexicalToken]) -> bool:
    if following and following[0].text == "of" and token.has_sense("measure"):
        return False
    return names_thing(token)


def names_thing(token: LexicalToken) -> bool:
    """Tell whether a word may name a thing: it is known to, or nothing else is known of it."""
    if token.is_thing:
        return True
    if token.has_sense(*_PROPERTY) or token.text.replace(".", "").isdigit():
        return False
    if is_cjk(token.text[-1]):
        return token.tag not in _ZH_OTHER and len(token.text) >= 2 and token.tag[0] in "nlixj"
    return not any(c.isdigit() for c in token.text) and len(token.text) > 1


def _joined(head: LexicalToken, part: list[LexicalToken]) -> LexicalToken:
    """Return the head with the word before it where it is a single character: 手机|壳."""
    if len(head.text) > 1 or not is_cjk(head.text):
        return head
    at = part.index(head)
    before = part[at - 1] if at else None
    if before is None or before.end != head.start or not is_cjk(before.text[-1]):
        return head
    if before.has_sense("colour", "gender", "function", "preposition", "brand"):
        return head
    return LexicalToken(before.start, head.end, before.text + head.text, "n", head.meanings)


def head_text(head: LexicalToken | None, text: str) -> str:
    """Return the head as it was written; of a category's name in English the last word.

    Args:
        head: The token.
        text: The plain text.
    """
    if head is None:
        return ""
    written = text[head.start : head.end]
    if head.has_sense("category") and not head.has_sense("thing") and " " in phrase(written):
        return written.rsplit(" ", 1)[-1]
    return written
