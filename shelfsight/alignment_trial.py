"""The trial of an alignment: every form fitted, measured on products left out, the winner kept."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ingest.catalogue import Catalogue
from mappings.errors import InputError
from shelfsight.alignment import Material, alignment_path, known_before, known_made, make_material
from shelfsight.settings import Settings, cores

if TYPE_CHECKING:
    from encoders.head import Head
    from learn.align.held_out import Measured
    from learn.align.pairs import Pairs
    from learn.align.recipe import Form, Known
    from shelfsight.fitting import Models
    from shelfsight.progress import Steps

READ_AHEAD = 20_000
LEAST = 20
"""Pictures with a text below which nothing can be held out."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One form as it was measured.

    Args:
        form: ``ridge`` or ``contrastive``.
        measures: Measure to mean and interval, over products that the fit had not seen.
        score: The mean of the measures that decide.
        seconds: How long fitting on everything took.
    """

    form: str
    measures: "dict[str, Measured]"
    score: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial found.

    Args:
        products: Products that were learned from.
        pictures: Pictures that were learned from.
        texts: Different texts that are said of them.
        tried: The forms, in the order given.
        winner: The form that is kept.
        digest: Of the head that is kept.
        path: Where it is kept, ``None`` for nowhere.
    """

    products: int
    pictures: int
    texts: int
    tried: tuple[Tried, ...]
    winner: str
    digest: str
    path: Path | None

    def to_json(self) -> dict[str, Any]:
        """Return the trial as a record for programs."""
        return asdict(self) | {"path": str(self.path) if self.path else None}


def try_forms(
    settings: Settings,
    catalogue: Catalogue,
    forms: "Sequence[Form]",
    pictures: int,
    steps: "Steps",
    *,
    is_kept: bool = True,
) -> Trial:
    """Fit and measure the forms on a catalogue's own pairs, and keep the better one.

    Args:
        settings: Which models, whose alias, and the seed.
        catalogue: Where the pairs come from.
        forms: What is tried; the first wins a tie.
        pictures: At most so many pictures are learned from.
        steps: Shows the progress.
        is_kept: Whether the winner is written for the alias's next index.

    Raises:
        InputError: The catalogue holds no product, or too few pictures that have a text, or the
            models share a space already.
        UnknownModel: A model that the settings name cannot be loaded.
    """
    from encoders.head import save_head
    from shelfsight.indices import load_models

    loading = steps.tell(f"loading {settings.text_model} and {settings.image_model}")
    models = load_models(settings)
    loading.done(f"{settings.text_model} and {settings.image_model} are loaded")
    _require_two_spaces(models)
    material = _material(settings, catalogue, models, pictures, steps)
    known = known_before(models.text, models.image)
    if known.texts is None:
        name = models.text.card.name
        reading = steps.tell(f"reading generic names with {name}, for which nothing ships")
        known = known_made(models.text, models.image)
        reading.done(f"generic names are read with {name}")
    found = [_try(material, form, known, models, settings.seed, steps) for form in forms]
    best, head = max(found, key=lambda one: one[0].score)
    path = alignment_path(settings) if is_kept else None
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_head(head, path)
    pairs = material.pairs
    return Trial(
        len(np.unique(pairs.products)), len(pairs.features), len(pairs.vectors),
        tuple(tried for tried, _ in found), best.form, head.digest, path,
    )  # fmt: skip


def _require_two_spaces(models: "Models") -> None:
    if models.image.card.space == models.text.card.space:
        raise InputError(
            f"{models.image.card.name!r} and {models.text.card.name!r} share a space already;"
            " there is nothing to align.",
            "Ingest as it is, or name encoders of two spaces.",
        )


def _material(
    settings: Settings, catalogue: Catalogue, models: "Models", pictures: int, steps: "Steps"
) -> Material:
    from encoders.cache import VectorSpool
    from encoders.concepts.lexicon import load_lexicon
    from shelfsight.fitting import draw_sample, encode_pictures, read_products, through
    from shelfsight.wiring import spool_path

    spool = VectorSpool(spool_path(settings))
    products = read_products(catalogue, READ_AHEAD)
    sample = draw_sample(catalogue, products, pictures, settings.seed, most=pictures)
    owners, features = encode_pictures(sample, models.image, spool, steps)
    encode = through(spool, models.text, steps.step("reading the texts", "texts"))
    made = make_material(sample.products, owners, features, encode, load_lexicon())
    if made is None or len(made.pairs.features) < LEAST:
        raise InputError(
            f"{catalogue.path} gives {len(owners)} pictures of products that have a text;"
            f" {LEAST} are needed to learn from some and measure on others.",
            "Until there are more, `shelfsight ingest` uses the projection that ships.",
        )
    return made


def _try(
    material: Material, form: "Form", known: "Known", models: "Models", seed: int, steps: "Steps"
) -> "tuple[Tried, Head]":
    """Return a form's measures on products left out, and its head fitted on all of them."""
    from learn.align.folds import product_folds
    from learn.align.held_out import FOLDS, Measured, measure_held_out, part, score
    from learn.align.recipe import fit_head

    pairs = material.pairs

    def fit(some: "Pairs", rows: np.ndarray) -> "Head":
        seen = np.unique(some.products)
        titled = seen[material.questions.titled[seen]]
        asked = material.questions.titles[titled] if len(titled) > 1 else some.vectors
        return fit_head(
            some, form, known, asked=asked, groups=material.groups[rows],
            titles=material.questions.titles[some.products],
            spaces=(models.image.card.space, models.text.card.space), seed=seed, threads=cores(),
        )  # fmt: skip

    # Pictures are told apart by their features: equal files must not lie in two folds.
    contents: list[list[bytes]] = [[] for _ in material.questions.category_index]
    for owner, row in zip(pairs.products, pairs.features, strict=True):
        contents[int(owner)].append(row.tobytes())
    folds = product_folds(contents, FOLDS, seed)
    advance = steps.step(f"measuring {form} on products left out", "folds")
    values = measure_held_out(pairs, folds, material.questions, fit, advance)
    reached = score(values)
    started = time.perf_counter()
    head = fit(part(pairs, np.arange(len(pairs.features))), np.arange(len(pairs.features)))
    seconds = time.perf_counter() - started
    measures = {name: Measured.of(one) for name, one in values.items()}
    return Tried(form, measures, reached, seconds), head
