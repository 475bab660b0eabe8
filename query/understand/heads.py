"""The head: which word of a query names the thing, and which only say what it is like."""

from query.understand.chinese import is_cjk
from query.understand.lexicon import phrase
from query.understand.pieces import Piece

_PROPERTY = ("colour", "material", "gender", "brand", "look", "general", "function", "preposition")
_NO_NOUN = ("y", "ish", "able", "ful", "less", "ed", "ing", "al", "ic", "ous", "ive", "est", "ly")
# Chinese tags that cannot name a thing: function words, verbs, numbers, times, places, adjectives.
_ZH_OTHER = frozenset({"uj", "p", "c", "r", "m", "f", "t", "d", "y", "u", "ul", "uz", "zg", "e"})


def find_head(pieces: list[Piece]) -> Piece | None:
    """Return the piece that names the thing, ``None`` where nothing does.

    A noun phrase of either language ends with its head: what is asked for is the last thing that
    is not inside "for …", "with …", 带 … or before the last 的. Where only properties are named,
    a material may be the thing (leather, 帆布), a colour may not.
    """
    worded = [p for p in pieces if p.tag not in ("price", "size")]
    phrases = _phrases(worded)
    for part in phrases:
        if head := _last(part):
            return _joined(head, part)
    return next((p for p in reversed(worded) if p.is_("material") and not p.is_("colour")), None)


def _phrases(pieces: list[Piece]) -> list[list[Piece]]:
    """Return the parts in which the head is sought, the likeliest first."""
    last_de = max((n for n, p in enumerate(pieces) if p.text == "的"), default=-1)
    behind, before = pieces[last_de + 1 :], pieces[: last_de + 1]
    parts: list[list[Piece]] = [[]]
    for n, piece in enumerate(behind):
        if _opens(piece, behind[n - 1] if n else None, behind[n + 1 : n + 2]):
            parts.append([])
        else:
            parts[-1].append(piece)
    return [p for p in (*parts, before) if p]


def _opens(piece: Piece, previous: Piece | None, following: list[Piece]) -> bool:
    """Tell whether a piece opens a part that is about the thing but does not name it."""
    if not piece.is_("preposition"):
        return False
    if piece.text != "of":
        return not piece.is_thing
    return not (previous is not None and previous.is_("measure") and following)


def _last(part: list[Piece]) -> Piece | None:
    candidates = [p for n, p in enumerate(part) if _may_be(p, part[n + 1 : n + 2])]
    things = [p for p in candidates if p.is_thing]
    if not things:
        return candidates[-1] if candidates else None
    last, thing = candidates[-1], things[-1]
    if is_cjk(last.text[-1]):
        # 无糖|饼干: how a word ends is a weaker sign than where it stands.
        guessed = not thing.is_("thing", "category") and last.start == thing.end
        return last if guessed else thing
    if last is thing:
        return thing
    # "toothbrush replacement heads": a noun behind the thing; "dress cosy" is none.
    return thing if last.text.endswith(_NO_NOUN) or _apart(thing, last, part) else last


def _apart(thing: Piece, last: Piece, part: list[Piece]) -> bool:
    """Tell whether words that are properties stand between the thing and a later word."""
    between = part[part.index(thing) + 1 : part.index(last)]
    return any(p.is_(*_PROPERTY) for p in between) or is_cjk(thing.text[-1])


def _may_be(piece: Piece, following: list[Piece]) -> bool:
    if following and following[0].text == "of" and piece.is_("measure"):
        return False
    return names_thing(piece)


def names_thing(piece: Piece) -> bool:
    """Tell whether a word may name a thing: it is known to, or nothing else is known of it."""
    if piece.is_thing:
        return True
    if piece.is_(*_PROPERTY) or piece.text.replace(".", "").isdigit():
        return False
    if is_cjk(piece.text[-1]):
        return piece.tag not in _ZH_OTHER and len(piece.text) >= 2 and piece.tag[0] in "nlixj"
    return not any(c.isdigit() for c in piece.text) and len(piece.text) > 1


def _joined(head: Piece, part: list[Piece]) -> Piece:
    """Return the head with the word before it where it is a single character: 手机|壳."""
    if len(head.text) > 1 or not is_cjk(head.text):
        return head
    at = part.index(head)
    before = part[at - 1] if at else None
    if before is None or before.end != head.start or not is_cjk(before.text[-1]):
        return head
    if before.is_("colour", "gender", "function", "preposition", "brand"):
        return head
    return Piece(before.start, head.end, before.text + head.text, "n", head.meanings)


def head_text(head: Piece | None, text: str) -> str:
    """Return the head as it was written; of a category's name in English the last word.

    Args:
        head: The piece.
        text: The plain text.
    """
    if head is None:
        return ""
    written = text[head.start : head.end]
    if head.is_("category") and not head.is_("thing") and " " in phrase(written):
        return written.rsplit(" ", 1)[-1]
    return written
