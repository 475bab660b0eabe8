"""The shop lexicon: concepts in English and Chinese, written for this project."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from encoders.image.object_class import chinese_names

_WORD = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]+")
EN_BEFORE = ("women's", "men's", "kids'", "red", "black", "blue", "cotton", "casual", "vintage")
EN_AFTER = ("for women", "for men", "with pockets", "for summer", "in black", "on sale")
ZH_BEFORE = ("女士", "男士", "儿童", "红色", "黑色", "蓝色", "纯棉", "休闲", "复古", "夏季", "新款")


@dataclass(frozen=True, slots=True)
class Concept:
    """A category of things that shops sell.

    Args:
        name: Its key.
        broader: The key of the wider concept, or empty.
        english: Terms; the first is the name.
        chinese: Terms; the first is the name.
        imagenet_classes: Names of ImageNet classes that pictures of it fall into, with weights.
    """

    name: str
    broader: str
    english: tuple[str, ...]
    chinese: tuple[str, ...]
    imagenet_classes: tuple[tuple[str, float], ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """Both languages' terms."""
        return self.english + self.chinese


def load_lexicon(excluding: Iterable[str] = ()) -> tuple[Concept, ...]:
    """Return the concepts that ship.

    Args:
        excluding: Terms to leave out, whatever their case, plural or hyphens: a measurement with
            unseen words names them here.
    """
    unseen = {key(term) for term in excluding}
    text = (files("encoders.concepts") / "lexicon.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return tuple(_concept(line, unseen) for line in lines)


def imagenet_chinese() -> tuple[str, ...]:
    """Return the Chinese names of the 1,000 ImageNet classes, in the order of the classes."""
    return chinese_names()


def key(term: str) -> str:
    """Return a term without case, width, hyphens, spaces and English plural endings."""
    words = _WORD.findall(unicodedata.normalize("NFKC", term).casefold())
    return "".join(w[:-1] if w.endswith("s") and len(w) > 3 else w for w in words)


def concept_of(text: str, concepts: Sequence[Concept]) -> Concept | None:
    """Return the concept that a category's name is a term of, or ``None``.

    The concept whose *name* it is comes first, so that ``hoodie`` is no long-sleeved top.
    """
    wanted = key(text)
    named = [c for c in concepts if wanted in {key(t) for t in (c.english[:1] + c.chinese[:1])}]
    other = [c for c in concepts if wanted in {key(t) for t in c.terms}]
    return (named + other)[0] if named or other else None


def query_phrases(concept: Concept, *, composed: bool = True) -> tuple[str, ...]:
    """Return the concept's terms, each once alone and once with a property such as a colour.

    The composed ones teach that the head noun decides the concept, not the colour or the season.

    Args:
        concept: Which.
        composed: Whether to compose at all.
    """
    found = list(concept.terms)
    if composed:
        for i, term in enumerate(concept.english):
            found.append(f"{EN_BEFORE[i % len(EN_BEFORE)]} {term}")
            found.append(f"{term} {EN_AFTER[i % len(EN_AFTER)]}")
        for i, term in enumerate(concept.chinese):
            found.append(ZH_BEFORE[i % len(ZH_BEFORE)] + term)
    return tuple(dict.fromkeys(found))


def _concept(line: str, unseen: set[str]) -> Concept:
    name, broader, english, chinese, looks = (part.strip() for part in line.split("|"))
    pairs = [p.strip().partition("*") for p in looks.split(",") if p.strip()]
    return Concept(
        name,
        broader,
        _terms(english, unseen),
        _terms(chinese, unseen),
        tuple((word.strip(), float(weight or 1)) for word, _, weight in pairs),
    )


def _terms(cell: str, unseen: set[str]) -> tuple[str, ...]:
    terms = [term.strip() for term in cell.split(";")]
    return tuple(t for t in terms if t and key(t) not in unseen)
