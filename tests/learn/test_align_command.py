"""`shelfsight align fit` on a drawn catalogue: measured, kept, and used by what comes after it."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from encoders.cache import VectorSpool
from encoders.head import load_head, save_head
from encoders.head_aligned import AlignedHead
from encoders.projection import ProjectedImageEncoder, fit_ridge
from ingest.catalogue import open_catalogue
from mappings.errors import InputError
from shelfsight.cli import app
from shelfsight.fitting import Models, fit_space
from shelfsight.indices import load_models
from shelfsight.progress import Steps
from shelfsight.settings import read_settings

COLOURS = {
    "red": (200, 20, 20),
    "blue": (20, 20, 200),
    "green": (20, 160, 20),
    "grey": (99, 99, 99),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHELFSIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHELFSIGHT_TEXT_MODEL", "hash:32")
    monkeypatch.setenv("SHELFSIGHT_IMAGE_MODEL", "hash:64")
    return tmp_path / "home"


def write_shop(folder: Path, products: int = 64, only_picture: str = "") -> Path:
    """Write products of four colours with two pictures each, a category and an attribute."""
    draw = np.random.default_rng(0)
    folder.mkdir()
    lines = []
    for n in range(products):
        colour = list(COLOURS)[n % 4]
        for k in range(2):
            pixels = np.full((32, 32, 3), COLOURS[colour]) + draw.integers(-9, 9, (32, 32, 3))
            pixels[8:24, 4 + n % 7 : 20] = 30 * k + draw.integers(0, 200, 3)
            out = io.BytesIO()
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(out, "PNG")
            (folder / f"{n}-{k}.png").write_bytes(out.getvalue())
        own = [f"{n}-{k}.png" for k in range(2)]
        record = {
            "id": f"p{n}", "title": f"{colour} thing {n}", "categories": [f"{colour} things"],
            "attributes": {"colour": colour}, "pictures": [only_picture] if only_picture else own,
        }  # fmt: skip
        lines.append(json.dumps(record) + "\n")
    (folder / "products.jsonl").write_text("".join(lines))
    return folder


def test_both_forms_are_measured_on_products_left_out_and_the_better_is_kept(
    home: Path, tmp_path: Path
) -> None:
    shop = write_shop(tmp_path / "shop")
    said = CliRunner().invoke(app, ["align", "fit", "--catalogue", str(shop), "--json"])
    assert said.exit_code == 0, said.output
    found = json.loads(said.stdout)
    assert (found["products"], found["pictures"]) == (64, 128)
    assert [one["form"] for one in found["tried"]] == ["ridge", "contrastive"]
    for one in found["tried"]:
        measure = one["measures"]["precision@10 of category"]
        assert measure["low"] <= measure["mean"] <= measure["high"]
        assert measure["mean"] > 0.6  # by chance: 0.25
        assert one["measures"]["title finds own picture"]["count"] == 64
    best = max(found["tried"], key=lambda one: one["score"])
    assert found["winner"] == best["form"]
    head = load_head(Path(found["path"]))
    assert isinstance(head, AlignedHead)
    assert head.gain == 1.0  # the generic names, read here, leave directions for a visual part
    assert head.digest == found["digest"]
    assert Path(found["path"]) == home / "alignments" / "products.safetensors"


def test_a_dry_run_keeps_nothing_and_says_what_it_measured(home: Path, tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop")
    words = ["align", "fit", "--catalogue", str(shop), "--method", "ridge", "--dry-run"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
    assert "128 pictures of 64 products" in said.stdout
    assert "contrastive" not in said.stdout
    assert "nothing was kept" in said.stdout
    assert not (home / "alignments").exists()


def test_what_was_kept_is_what_a_new_index_is_made_with(home: Path, tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop")
    words = ["align", "fit", "--catalogue", str(shop), "--method", "contrastive", "--json"]
    found = json.loads(CliRunner().invoke(app, words).stdout)
    kept = Path(found["path"])
    with Steps() as steps:
        space = fit_space(
            open_catalogue(shop), load_models(read_settings()), VectorSpool(home / "spool"),
            read=100, pictures=100, seed=7, steps=steps, kept=kept,
        ).space  # fmt: skip
    assert isinstance(space.image, ProjectedImageEncoder)
    assert space.identity.projection == found["digest"]


def test_a_head_of_other_encoders_is_named_and_not_used(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = write_shop(tmp_path / "shop", 12)
    draw = np.random.default_rng(0)
    other = fit_ridge(draw.normal(size=(9, 8)), draw.normal(size=(9, 32)), source_space="other")
    save_head(other, tmp_path / "kept.safetensors")
    models: Models = load_models(read_settings())
    with Steps() as steps:
        space = fit_space(
            open_catalogue(shop), models, VectorSpool(home / "spool"), read=100, pictures=100,
            seed=7, steps=steps, kept=tmp_path / "kept.safetensors",
        ).space  # fmt: skip
    assert isinstance(space.image, ProjectedImageEncoder)
    assert isinstance(space.image.projection, AlignedHead)
    assert space.image.projection.fitted_on == 24
    assert "was fitted for other" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--method", "magic"], "There is no method 'magic'"),
        ([], "20 are needed"),
    ],
)
def test_what_cannot_be_aligned_says_why(
    words: list[str], message: str, home: Path, tmp_path: Path
) -> None:
    shop = write_shop(tmp_path / "shop", 4)
    said = CliRunner().invoke(app, ["align", "fit", "--catalogue", str(shop), *words])
    assert said.exception is not None
    assert message in str(said.exception)


def test_products_that_all_show_one_picture_cannot_be_measured(home: Path, tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop", 24, "0-0.png")
    said = CliRunner().invoke(app, ["align", "fit", "--catalogue", str(shop), "--method", "ridge"])
    assert isinstance(said.exception, InputError)
    assert "Nothing can be measured on products left out" in str(said.exception)
    assert not (home / "alignments").exists()
