"""Every number of docs/formula.md, computed anew and looked up in the page."""

import re
from pathlib import Path

import numpy as np
import pytest

from mappings.calibration import Affine, Worded
from mappings.errors import InputError
from query.encode.query_vectors import require_vector
from query.model.profiles import BUILT_IN, DEFAULT, weigh
from query.model.signals import NAMES
from query.plan.reference import score, similarity
from query.plan.scales import for_euclidean

PAGE = (Path(__file__).parents[2] / "docs" / "formula.md").read_text("utf-8")
Q = np.array([[0.5, 0.3, -0.2, 0.8], [0.7, 0.6, -0.3, 0.4], [0.2, 0.4, 0.1, 0.9]])
PICTURES = np.array([[0.3, 0.5, -0.1, 0.7], [0.4, 0.2, -0.6, 0.8], [0.1, 0.3, 0.5, -0.4]])
PRINTED_Q = np.array([1.2, 0.9, -0.2, 1.7], np.float32)
PRINTED_I = np.array([0.8, 0.9, -0.3, 1.1], np.float32)
WORDS = ("lexical", "text", "image", "attribute", "coherence")


def vector(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    return "[" + ", ".join(f"{v:.1f}" for v in values).replace("-", "−") + "]"


def row(start: str) -> list[str]:
    """The cells of the table row that starts so."""
    (line,) = [x for x in PAGE.splitlines() if x.startswith(f"| {start}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def two_term_score(s_qi: float, s_ia: float = 1.0) -> float:
    """r = alpha S_qi + beta S_ia by our own formula, with the profile's weights and scales."""
    weights = weigh(BUILT_IN["two-term"], {}, ("image", "coherence"))
    from mappings.calibration import Raw

    raw = {"image": np.array([s_qi]), "coherence": np.array([s_ia])}
    return float(score(raw, weights, {"image": Raw(), "coherence": Raw()})[0])


def dot(q: np.ndarray[tuple[int, ...], np.dtype[np.float32]], i: object) -> float:
    return float(similarity(q, np.asarray(i, np.float32)[None], "dot")[0])


def test_the_sums_of_the_first_example() -> None:
    assert row("q = q₁")[1:] == [vector(PRINTED_Q.astype(float)), vector(Q.sum(axis=0))]
    assert row("i = i₁")[1:] == [vector(PRINTED_I.astype(float)), vector(PICTURES.sum(axis=0))]
    for part in (*Q, *PICTURES):
        assert vector(part) in PAGE.replace("\n", " ")
    assert Q.sum(axis=0) == pytest.approx([1.4, 1.3, -0.4, 2.1])
    assert PICTURES.sum(axis=0) == pytest.approx([0.8, 1.0, -0.2, 1.1])


def test_the_scores_of_the_first_example() -> None:
    printed = dot(PRINTED_Q, PRINTED_I)
    assert row("S_qi from the printed vectors")[1:] == ["3.3", f"{printed:.2f}"]
    assert row("r = 0.5·S_qi")[1:] == ["2.65", f"{two_term_score(printed):.2f}"]
    assert row("the same with the printed")[1:] == ["2.65", f"{two_term_score(3.3):.2f}"]
    right = dot(Q.sum(axis=0).astype(np.float32), PICTURES.sum(axis=0))
    assert row("S_qi, fully corrected")[2] == f"{right:.2f}" == "4.81"
    assert row("r, fully corrected")[2] == f"{two_term_score(right):.3f}" == "2.905"


def test_the_second_example_is_an_error_that_names_both_dimensions() -> None:
    with pytest.raises(InputError, match=r"6 dimensions.*have 4"):
        require_vector(np.ones(6, np.float32), 4)
    assert "q has 6 dimensions and i has 4" in PAGE


def test_the_sums_of_the_second_example() -> None:
    assert f"r = 0.5·1.10 + 0.5·1.0 = {two_term_score(1.10):.2f}" in PAGE
    assert f"0.5·1.3 + 0.5·1.0 is {two_term_score(1.3):.2f}" in PAGE


def test_the_weights_on_the_page_are_the_default_profiles() -> None:
    for name in NAMES:
        weight = DEFAULT.weights.get(name)
        assert row(f"`{name}`")[2] == ("–" if weight is None else f"{weight:.2f}")
    assert sum(DEFAULT.weights[n] for n in WORDS) == pytest.approx(1.0)
    assert "their weights add up to 1.00" in PAGE
    picture = weigh(DEFAULT, {}, ("picture_image", "picture_attribute", "coherence"))
    for weight in picture.values():
        assert f"{weight:.4f}" in PAGE
    assert f"of {sum(DEFAULT.weights.values()):.2f} in all" in PAGE.replace("\n", " ")
    assert BUILT_IN["two-term"].weights["image"] == BUILT_IN["two-term"].weights["coherence"] == 0.5


def test_the_calibration_examples() -> None:
    affine = Affine(0.78, 0.90)
    assert f"0.87 is {float(affine(np.array(0.87))):.4f}" in PAGE
    assert float(affine(np.array(0.75))) == 0.0
    words = Worded(0.0, 1.0, True, 4.0, 4.0, 0.75)
    assert f"BM25 of 6 is {float(words.at(2, 0)(np.array(6.0))):.4f} for two words" in PAGE
    assert f"and {float(words.at(4, 0)(np.array(6.0))):.4f} for four" in PAGE
    distance = -np.sqrt(2 - 2 * 0.84)
    carried = for_euclidean(affine)
    ends = [float(carried(np.array(-np.sqrt(2 - 2 * c)))) for c in (0.78, 0.90)]
    assert ends == pytest.approx([0.0, 1.0])
    assert 0.0 < float(carried(np.array(distance))) < 1.0


def test_every_signal_of_the_code_is_on_the_page_and_no_other() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert named == set(NAMES)
