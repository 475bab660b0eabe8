from dataclasses import asdict, fields, replace
from typing import Any

import pytest

from mappings.errors import EXIT_INPUT, IdentityMismatch, InputError
from mappings.identity import ModelIdentity, index_name

ONE = ModelIdentity("t1", "i1", "p1", "a1", 384, "x1")
PARTS = [f.name for f in fields(ModelIdentity)]


def changed(part: str) -> ModelIdentity:
    return replace(ONE, **{part: 512 if part == "dim" else "other"})  # type: ignore[arg-type]


def test_the_digest_is_stable_between_runs_and_machines() -> None:
    assert ONE.digest == "8a7357e080"
    assert ONE.digest == ModelIdentity(**asdict(ONE)).digest


def test_the_digest_changes_with_every_single_part() -> None:
    digests = {ONE.digest, *(changed(part).digest for part in PARTS)}
    assert len(digests) == 1 + len(PARTS)


def test_parts_do_not_run_into_each_other() -> None:
    assert replace(ONE, text="ab", image="c").digest != replace(ONE, text="a", image="bc").digest


def test_the_same_identity_is_let_in() -> None:
    ONE.require(replace(ONE), "Index x")


@pytest.mark.parametrize("part", PARTS)
def test_a_mismatch_names_the_part_and_both_values(part: str) -> None:
    other = changed(part)
    with pytest.raises(IdentityMismatch) as caught:
        ONE.require(other, "Index products-1")
    assert "Index products-1" in caught.value.problem
    assert part in caught.value.problem
    assert repr(getattr(ONE, part)) in caught.value.problem
    assert repr(getattr(other, part)) in caught.value.problem
    assert "shelfsight index create" in caught.value.cure
    assert caught.value.exit_code == EXIT_INPUT


def test_parts_that_agree_are_not_named() -> None:
    with pytest.raises(IdentityMismatch) as caught:
        ONE.require(changed("image"), "Index x")
    assert "projection" not in caught.value.problem


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"identity": None},
        {"identity": {"text": "t"}},
        {"identity": {**asdict(ONE), "colour": "red"}},
        {"identity": "text"},
    ],
)
def test_an_index_without_a_readable_identity_is_refused(meta: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="no model identity"):
        ModelIdentity.from_meta(meta)


def test_meta_and_back() -> None:
    assert ModelIdentity.from_meta({"identity": asdict(ONE)}) == ONE


def test_the_index_name_is_alias_identity_and_generation() -> None:
    assert index_name("shop", ONE, 7) == f"shop-{ONE.digest}-0007"
