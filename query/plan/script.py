"""The formula as a script: its text depends on the signals alone, all values are parameters."""

from dataclasses import dataclass
from typing import Any, assert_never

from mappings.calibration import Affine, Raw, Saturation
from query.model.signals import (
    BestPicture,
    Lexical,
    PseudoRelevanceFeedback,
    Signal,
    Similarity,
    Stored,
    VectorSignal,
)

Scale = Affine | Saturation | Raw
MISSING = -1.0e9
"""The raw value of a product that lacks the signal."""
_AGREED = (
    "double agreed(def doc, Map points) { double s = 0.0; for (def column : points.keySet()) {"
    " Map values = (Map) points.get(column); for (def v : doc[column]) {"
    " def p = values.get(v); if (p != null) { s += ((Number) p).doubleValue(); } } } return s; }"
)


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of the formula: weight x scale(signal)."""

    signal: Signal
    weight: float
    scale: Scale

    @property
    def floor(self) -> float:
        """How far below 0 the scaled value may be: raw similarities can be negative."""
        if not isinstance(self.scale, Raw) or isinstance(self.signal, Lexical):
            return 0.0
        # The longest distance of two unit vectors is 2; a little more covers rounding.
        if isinstance(self.signal, VectorSignal | BestPicture):
            return 2.01 if self.signal.similarity == "euclidean" else 1.01
        return 1.01


def root_script(terms: tuple[Term, ...], shift: float) -> dict[str, Any]:
    """Return the script that sums all terms except best-picture ones, shifted to be positive.

    ``_score`` inside it is the BM25 of the wrapped query.

    Args:
        terms: The formula's summands.
        shift: Added to every product's score; engine scores may not be negative.
    """
    lines, params = ["double s = params.shift;"], {"shift": shift}
    named: dict[str, Any] = {}
    for term in terms:
        if isinstance(term.signal, BestPicture):
            continue
        named |= _numbers(term)
        variable = f"r_{term.signal.name}"
        line = f"double {variable} = {_raw(term.signal)};"
        line += f" s += params.w_{term.signal.name} * {_scaled(term, variable)};"
        test = _has(term.signal)
        lines.append(f"if ({test}) {{ {line} }}" if test else line)
    source = " ".join([*_functions(terms), *lines, "return Math.max(s, 0.0);"])
    return {"source": source, "params": {**params, **named}}


def nested_script(term: Term) -> dict[str, Any]:
    """Return the script that scores one picture: its share of the formula, shifted by its floor."""
    assert isinstance(term.signal, BestPicture)
    value = f"params.w_{term.signal.name} * ({_scaled(term, 'r')} + params.floor)"
    source = f"double r = {_raw(term.signal)}; return Math.max({value}, 0.0);"
    return {"source": source, "params": {**_numbers(term), "floor": term.floor}}


def nearest_script(term: Term) -> dict[str, Any]:
    """Return the script that orders a product's pictures by raw similarity, as no scale cuts it."""
    # Similarities of unit vectors are above -2.01, and engine scores may not be negative.
    return {"source": f"return {_raw(term.signal)} + 3.0;", "params": {}}


def raw_script(terms: tuple[Term, ...]) -> dict[str, Any]:
    """Return the script of the page's raw values: one number a term, in order, or ``MISSING``."""
    lines = [
        f"out.add({test} ? (double) {_raw(t.signal)} : (double) params.missing);"
        if (test := _has(t.signal))
        else f"out.add((double) {_raw(t.signal)});"
        for t in terms
    ]
    start = [*_functions(terms), "List out = new ArrayList();"]
    source = " ".join([*start, *lines, "return out;"])
    points = {
        k: v
        for t in terms
        if isinstance(t.signal, PseudoRelevanceFeedback)
        for k, v in _points(t.signal)
    }
    return {"source": source, "params": {"missing": MISSING, **points}}


def vector_param(signal: VectorSignal | BestPicture) -> str:
    """Return the parameter that holds the signal's query vector."""
    return f"q_{signal.side}"


def _functions(terms: tuple[Term, ...]) -> list[str]:
    return [_AGREED] if any(isinstance(t.signal, PseudoRelevanceFeedback) for t in terms) else []


def _points(signal: PseudoRelevanceFeedback) -> list[tuple[str, Any]]:
    return [("agreed", {column: dict(values) for column, values in signal.points.items()})]


def _has(signal: Signal) -> str:
    match signal:
        case Lexical() | PseudoRelevanceFeedback():
            return ""
        case VectorSignal() | Stored():
            return f"doc['{signal.field.name}'].size() > 0"
        case BestPicture():
            return f"doc['{signal.field.vector}'].size() > 0"
    assert_never(signal)


def _raw(signal: Signal) -> str:
    match signal:
        case Lexical():
            return "_score"
        case Stored():
            return f"doc['{signal.field.name}'].value"
        case PseudoRelevanceFeedback():
            return "agreed(doc, params.agreed)"
        case VectorSignal():
            return _similar(signal.similarity, vector_param(signal), signal.field.name)
        case BestPicture():
            return _similar(signal.similarity, vector_param(signal), signal.field.vector)
    assert_never(signal)


def _similar(kind: Similarity, param: str, column: str) -> str:
    both = f"params.{param}, doc['{column}']"
    match kind:
        case "cosine":
            return f"cosineSimilarity({both})"
        case "dot":
            return f"innerProduct({both})"
        case "euclidean":
            return f"-Math.sqrt(Math.max(l2Squared({both}), 0.0))"
    assert_never(kind)


def _scaled(term: Term, raw: str) -> str:
    """Return the scale applied to ``raw``; its numbers are parameters, so the text is fixed."""
    name = term.signal.name
    match term.scale:
        case Affine():
            value = f"Math.max(({raw} - params.low_{name}) * params.per_{name}, 0.0)"
            return f"Math.min({value}, 1.0)" if term.scale.clip else value
        case Saturation():
            return f"(Math.max({raw}, 0.0) / (Math.max({raw}, 0.0) + params.c_{name}))"
        case Raw():
            return f"({raw})"
    assert_never(term.scale)


def _numbers(term: Term) -> dict[str, Any]:
    name = term.signal.name
    numbers: dict[str, Any] = {f"w_{name}": term.weight}
    if isinstance(term.signal, PseudoRelevanceFeedback):
        numbers |= dict(_points(term.signal))
    match term.scale:
        case Affine():
            numbers |= {
                f"low_{name}": term.scale.low,
                f"per_{name}": 1.0 / (term.scale.high - term.scale.low),
            }
        case Saturation():
            numbers |= {f"c_{name}": term.scale.c}
        case Raw():
            pass
    return numbers
