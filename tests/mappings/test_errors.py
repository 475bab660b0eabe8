import inspect
import pickle
import re

import pytest

import mappings.errors as errors
from mappings.errors import (
    EXIT_ENVIRONMENT,
    EXIT_INPUT,
    EXIT_OK,
    EXIT_PARTLY,
    InputError,
    ShelfsightError,
    StackError,
)

TREE = [
    error
    for _, error in inspect.getmembers(errors, inspect.isclass)
    if issubclass(error, ShelfsightError)
]


def test_the_exit_codes_are_the_promised_ones() -> None:
    assert (EXIT_OK, EXIT_PARTLY, EXIT_INPUT, EXIT_ENVIRONMENT) == (0, 1, 2, 3)


@pytest.mark.parametrize("error", TREE)
def test_every_error_survives_a_process_border(error: type[ShelfsightError]) -> None:
    made = error("Es fehlt 'titel' (第3行).", "Add it.")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        back = pickle.loads(pickle.dumps(made, protocol))
        assert type(back) is error
        assert (back.problem, back.cure, str(back), back.exit_code) == (
            made.problem,
            made.cure,
            str(made),
            made.exit_code,
        )


@pytest.mark.parametrize("error", TREE)
def test_every_branch_has_the_exit_code_of_its_kind(error: type[ShelfsightError]) -> None:
    expected = EXIT_ENVIRONMENT if issubclass(error, StackError) else EXIT_INPUT
    assert error.exit_code == expected


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    assert errors.__doc__ is not None
    drawn = set(re.findall(r"\b(ShelfsightError|[A-Z]\w+) {2,}", errors.__doc__))
    assert drawn == {error.__name__ for error in TREE}


@pytest.mark.parametrize(
    ("problem", "cure", "shown"),
    [("A.", "B.", "A. B."), ("A.", "", "A."), ("", "", "")],
)
def test_the_text_is_problem_then_cure(problem: str, cure: str, shown: str) -> None:
    assert str(InputError(problem, cure)) == shown
