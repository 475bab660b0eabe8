"""The space folder: saved by names, loaded to the same identity, refused when it is another."""

import json
from pathlib import Path

import numpy as np
import pytest

from encoders.attributes import AttributeWeights
from encoders.projection import ProjectedImageEncoder, fit_ridge
from encoders.registry import load_image_encoder, load_text_encoder
from encoders.space import Space, load_space
from mappings.errors import IdentityMismatch, InputError

WEIGHTS = AttributeWeights(2, {"colour=red": 1})


def space(seed: int = 0) -> Space:
    text, image = load_text_encoder("hash:32"), load_image_encoder("hash:64")
    generator = np.random.default_rng(seed)
    pictures = list(generator.integers(0, 256, (12, 32, 32, 3)).astype(np.uint8))
    fitted = fit_ridge(
        image.encode_products(pictures),
        text.encode_products([f"product {n}" for n in range(12)]),
        source_space=image.card.space,
        target_space=text.card.space,
    )
    return Space(text, ProjectedImageEncoder(image, fitted), WEIGHTS)


def test_a_saved_space_is_the_same_space(tmp_path: Path) -> None:
    made = space()
    made.save(tmp_path / "space")
    again = load_space(tmp_path / "space")
    assert again.identity == made.identity
    pixels = [np.full((32, 32, 3), 90, np.uint8)]
    assert made.image is not None
    assert again.image is not None
    np.testing.assert_array_equal(again.image.encode_query(pixels), made.image.encode_query(pixels))


def test_the_identity_names_every_part() -> None:
    made, other = space().identity, space(seed=1).identity
    assert made.projection != other.projection
    assert (made.text, made.image, made.attributes) == (other.text, other.image, other.attributes)
    assert made.dim == 32
    assert made.preprocessing


def test_a_space_without_pictures(tmp_path: Path) -> None:
    made = Space(load_text_encoder("hash:16"), None, WEIGHTS)
    made.save(tmp_path)
    assert load_space(tmp_path).identity == made.identity
    assert (made.identity.image, made.identity.projection) == ("", "")


def test_encoders_of_two_spaces_are_refused() -> None:
    with pytest.raises(InputError, match="Fit a projection"):
        Space(load_text_encoder("hash:32"), load_image_encoder("hash:32"), WEIGHTS)


def test_a_folder_whose_files_do_not_belong_together_is_refused(tmp_path: Path) -> None:
    space().save(tmp_path)
    record = json.loads((tmp_path / "space.json").read_text())
    record["identity"]["text"] = "0" * 12
    (tmp_path / "space.json").write_text(json.dumps(record))
    with pytest.raises(IdentityMismatch, match="text"):
        load_space(tmp_path)


@pytest.mark.parametrize("content", [None, "", "[]", "{}"])
def test_a_folder_that_holds_no_space_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "space.json").write_text(content)
    with pytest.raises(InputError, match="No space can be read"):
        load_space(tmp_path)
