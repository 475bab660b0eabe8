"""The ridge projection: against scikit-learn, against brute-force leave-one-out, saved, applied."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Reference  # type: ignore[import-untyped]

from encoders.head import load_head, save_head
from encoders.projection import ProjectedImageEncoder, Projection, fit_ridge
from encoders.registry import load_image_encoder
from encoders.ridge import left_out, solve_fixed, solve_ridge
from mappings.errors import InputError


def pairs(n: int, d_in: int, d_out: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, d_in)) * np.linspace(0.2, 2, d_in)
    y = x @ generator.normal(size=(d_in, d_out)) + generator.normal(size=(n, d_out)) + 3
    return x, y


@pytest.mark.parametrize(("n", "d_in"), [(60, 10), (10, 60), (20, 20)])
def test_the_numbers_are_those_of_scikit_learn(n: int, d_in: int) -> None:
    x, y = pairs(n, d_in, 4)
    ours, theirs = solve_ridge(x, y, 0.7), Reference(alpha=0.7).fit(x, y)
    np.testing.assert_allclose(ours.matrix, theirs.coef_.T, atol=1e-6)
    np.testing.assert_allclose(ours.bias, theirs.intercept_, atol=1e-6)


@pytest.mark.parametrize(("n", "d_in"), [(60, 10), (10, 60), (20, 20)])
def test_one_penalty_by_cholesky_gives_the_same_numbers(n: int, d_in: int) -> None:
    x, y = pairs(n, d_in, 4)
    matrix, bias = solve_fixed(x, y, 0.7)
    slow = solve_ridge(x, y, 0.7)
    np.testing.assert_allclose(matrix, slow.matrix, atol=1e-8)
    np.testing.assert_allclose(bias, slow.bias, atol=1e-8)


@pytest.mark.parametrize(("n", "d_in"), [(25, 6), (12, 30)])
def test_the_leave_one_out_error_is_the_one_of_leaving_rows_out(n: int, d_in: int) -> None:
    x, y = pairs(n, d_in, 3)
    penalty = 2.0
    errors = []
    for row in range(n):
        kept = np.arange(n) != row
        model = Reference(alpha=penalty).fit(x[kept], y[kept])
        errors.append(np.square(model.predict(x[row : row + 1]) - y[row]).mean())
    assert solve_ridge(x, y, penalty).error == pytest.approx(float(np.mean(errors)), rel=1e-6)


def test_the_chosen_penalty_is_no_worse_than_its_neighbours_by_ten() -> None:
    x, y = pairs(80, 100, 5)
    chosen = solve_ridge(x, y, None)
    for factor in (0.1, 10.0):
        assert chosen.error <= solve_ridge(x, y, chosen.penalty * factor).error * 1.0001


def test_a_map_of_1280_numbers_is_found_from_three_thousand_noisy_pictures() -> None:
    generator = np.random.default_rng(1)
    true = generator.normal(size=(1_280, 384))
    x = generator.normal(size=(3_100, 1_280)).astype(np.float32)
    y = x @ true
    noisy = (y + generator.normal(scale=10, size=y.shape)).astype(np.float32)
    fitted = fit_ridge(x[:3_000], noisy[:3_000])
    wanted = y[3_000:] / np.linalg.norm(y[3_000:], axis=1, keepdims=True)
    assert (fitted.apply(x[3_000:]) * wanted).sum(axis=1).mean() > 0.95
    assert fitted.matrix.shape == (1_280, 384)
    assert fitted.matrix.dtype == np.float32


def test_rows_that_are_applied_are_unit_and_near_their_targets() -> None:
    x, y = pairs(200, 8, 5)
    fitted = fit_ridge(x, y)
    rows = fitted.apply(x.astype(np.float32))
    unit = y / np.linalg.norm(y, axis=1, keepdims=True)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert (rows * unit).sum(axis=1).mean() > 0.9
    assert fitted.apply(np.empty((0, 8), np.float32)).shape == (0, 5)


def test_a_saved_projection_is_the_same_and_its_digest_tells_another(tmp_path: Path) -> None:
    x, y = pairs(50, 6, 4)
    fitted = fit_ridge(x, y, source_space="pictures", target_space="texts", seed=7)
    save_head(fitted, tmp_path / "p.safetensors")
    again = load_head(tmp_path / "p.safetensors")
    assert isinstance(again, Projection)
    assert again.digest == fitted.digest
    np.testing.assert_array_equal(again.matrix, fitted.matrix)
    assert (again.source_space, again.seed, again.fitted_on) == ("pictures", 7, 50)
    assert fit_ridge(x, y, ridge=5.0).digest != fitted.digest


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_file_that_is_no_projection_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.safetensors"):
        load_head(path)
    with pytest.raises(InputError, match="missing"):
        load_head(tmp_path / "missing.safetensors")


def test_what_cannot_be_fitted_or_applied_says_so() -> None:
    x, y = pairs(10, 3, 2)
    with pytest.raises(InputError, match="in pairs"):
        fit_ridge(x, y[:5])
    with pytest.raises(InputError, match="1 pairs"):
        fit_ridge(x[:1], y[:1])
    x[0, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        fit_ridge(x, y)
    with pytest.raises(InputError, match="rows of 3"):
        fit_ridge(*pairs(10, 3, 2)).apply(np.zeros((1, 4), np.float32))


def test_a_projected_encoder_is_an_encoder_of_the_text_space() -> None:
    inner = load_image_encoder("hash:32")
    generator = np.random.default_rng(3)
    pictures = list(generator.integers(0, 256, (20, 32, 32, 3)).astype(np.uint8))
    fitted = fit_ridge(
        inner.encode_products(pictures),
        generator.normal(size=(20, 16)),
        source_space=inner.card.space,
        target_space="texts",
    )
    outer = ProjectedImageEncoder(inner, fitted)
    assert (outer.card.space, outer.card.dim, outer.size) == ("texts", 16, inner.size)
    rows = outer.encode_query(pictures[:3])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(rows, outer.encode_products(pictures[:3]))
    with pytest.raises(InputError, match="Fit a projection for this encoder"):
        ProjectedImageEncoder(load_image_encoder("hash:64"), fitted)


@pytest.mark.parametrize(("rows", "columns"), [(30, 5), (6, 9)])
def test_rows_left_out_are_predicted_as_by_a_fit_without_them(rows: int, columns: int) -> None:
    draw = np.random.default_rng(3)
    x, y = draw.normal(size=(rows, columns)) + 1.0, draw.normal(size=(rows, 4)) - 2.0
    found = left_out(x, y, 0.4)
    for row in range(rows):
        others = np.arange(rows) != row
        matrix, bias = solve_fixed(x[others], y[others], 0.4)
        np.testing.assert_allclose(found[row], x[row] @ matrix + bias, atol=1e-8)
