import numpy as np
import pytest

from learn.align.measures import auc
from learn.coherence.audit import audit
from learn.coherence.audit_dataset import AuditDataset, claims_of, levels
from learn.coherence.check import fit_check, swapped
from learn.coherence.readers import ClaimReader, ColourReader, TitleReader, regress
from learn.coherence.reasons import reasons
from mappings.errors import InputError
from mappings.product import Product

KINDS, COLOURS = ("Hats", "Shoes", "Bags"), ("red", "green", "blue", "black")


def shop(products: int = 90, seed: int = 0, *, is_coloured: bool = True) -> AuditDataset:
    """Products of a kind and two colours, with a picture of each colour; features are noisy."""
    draw = np.random.default_rng(seed)
    shapes = draw.normal(size=(len(KINDS), 24))
    tints = np.eye(len(COLOURS), 16)
    features, colours, owners, claims, titles = [], [], [], [], []
    for number in range(products):
        kind = number % len(KINDS)
        worn = draw.permutation(len(COLOURS))[:2]
        said = [f"category={KINDS[kind]}", *(f"color={COLOURS[c]}" for c in worn), "season=any"]
        claims.append((*said, f"sku={number}"))
        titles.append(shapes[kind, :8] + draw.normal(0, 0.5, 8))
        for colour in worn:
            features.append(shapes[kind] + draw.normal(0, 0.8, 24))
            colours.append(tints[colour] + draw.normal(0, 0.1, 16))
            owners.append(number)
    unit = np.array(titles) / np.linalg.norm(titles, axis=1, keepdims=True)
    return AuditDataset(
        np.array(features, np.float32), np.array(owners), tuple(claims), unit.astype(np.float32),
        np.array(colours, np.float32) if is_coloured else None,
    )  # fmt: skip


def contents(dataset: AuditDataset) -> list[list[int]]:
    return [dataset.pictures_of(np.array([p])).tolist() for p in range(dataset.products)]


def test_a_check_tells_own_pictures_from_those_of_others() -> None:
    dataset = shop()
    learnt, held = np.arange(60), np.arange(60, 90)
    check = fit_check(dataset, learnt, contents(dataset))
    assert [r.name for r in check.readers] == ["claims", "title", "colour"]
    assert (check.weights >= 0).all()
    said, shown = swapped(held, seed=1)
    chances = check.probability(dataset, said, shown)
    assert ((chances > 0) & (chances < 1)).all()
    assert auc(chances[said == shown], chances[said != shown]) > 0.9
    own, others = chances[said == shown].mean(), chances[said != shown].mean()
    assert own > 0.6 > 0.4 > others  # a probability at even odds, not only an order


def test_without_colours_the_kind_is_still_read() -> None:
    dataset = shop(is_coloured=False)
    check = fit_check(dataset, np.arange(60), contents(dataset))
    assert [r.name for r in check.readers] == ["claims", "title"]
    said, shown = swapped(np.arange(60, 90), seed=1)
    chances = check.probability(dataset, said, shown)
    assert auc(chances[said == shown], chances[said % 3 != shown % 3]) > 0.95


def test_colours_are_read_of_each_picture_though_only_the_products_are_said() -> None:
    dataset = shop()
    reader = ColourReader.fit(dataset, np.arange(90))
    assert reader is not None
    assert dataset.colours is not None
    chances = reader.chances(dataset.colours)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0, atol=1e-9)
    true = [COLOURS[int(row[:4].argmax())] for row in dataset.colours]
    read = [reader.names[int(row.argmax())] for row in chances]
    assert np.mean([a == b for a, b in zip(true, read, strict=True)]) > 0.95


def test_what_all_or_hardly_any_products_say_is_not_read() -> None:
    reader = ClaimReader.fit(shop(), np.arange(90))
    assert reader is not None
    assert {n.partition("=")[0] for n in reader.names} == {"category", "color"}


def test_an_audit_lists_traded_pictures_first_and_says_why() -> None:
    whole = shop()
    bad = np.array([3, 10, 20, 44])  # Hats, Shoes, Bags, Bags
    source = np.arange(90)
    source[bad] = [10, 20, 3, 9]
    rows = [whole.pictures_of(np.array([p])) for p in source]
    order = np.concatenate(rows)
    assert whole.colours is not None
    dataset = AuditDataset(
        whole.features[order], np.repeat(np.arange(90), 2), whole.claims, whole.titles,
        whole.colours[order],
    )  # fmt: skip
    told: list[tuple[int, int]] = []
    given = [whole.pictures_of(np.array([p])).tolist() for p in source]
    found = audit(dataset, given, limit=10, on_fold=lambda *at: told.append(at))
    assert {f.product for f in found[:4]} == set(bad.tolist())
    assert [f.probability for f in found] == sorted(f.probability for f in found)
    assert told[-1] == (5, 5)
    hat = next(f for f in found if f.product == 3)
    kind = next(r for r in hat.reasons if r.attribute == "category")
    assert (kind.says, kind.shows) == (("Hats",), "Shoes")
    assert 0 < kind.strength <= 1
    assert found[0].resembles != found[0].product
    assert audit(dataset, given, limit=10) == found  # seeded


def test_a_colour_on_no_picture_and_a_picture_of_another_colour_are_reasons() -> None:
    dataset = shop()
    check = fit_check(dataset, np.arange(3, 90), contents(dataset))
    first = dataset.claims[0]
    wrong = next(c for c in COLOURS if f"color={c}" not in first)
    claims = (("category=Hats", f"color={wrong}"), *dataset.claims[1:])
    lied = AuditDataset(dataset.features, dataset.owners, claims, dataset.titles, dataset.colours)
    told = dict.fromkeys(("category=Hats", "category=Shoes", "category=Bags"), 1.0)
    found = reasons(check, lied, 0, told)
    assert {(r.attribute, r.says) for r in found} == {("color", (wrong,))}
    seen = {c.partition("=")[2] for c in first if c.startswith("color=")}
    assert {r.shows for r in found} == seen
    assert sorted(row for r in found for row in r.pictures) == [0, 1]
    both = (("category=Hats", *sorted(f"color={c}" for c in {*seen, wrong})), *dataset.claims[1:])
    more = AuditDataset(dataset.features, dataset.owners, both, dataset.titles, dataset.colours)
    (nowhere,) = reasons(check, more, 0, told)
    assert (nowhere.says, nowhere.shows, nowhere.pictures) == ((wrong,), "", ())


def test_a_catalogue_too_small_or_too_silent_is_refused() -> None:
    dataset = shop(12)
    with pytest.raises(InputError, match="12 products have pictures"):
        fit_check(dataset, np.arange(12), contents(dataset))
    whole = shop(60, is_coloured=False)
    silent = AuditDataset(whole.features, whole.owners, ((),) * 60, whole.titles)
    with pytest.raises(InputError, match="say nothing"):
        fit_check(silent, np.arange(60), contents(silent))


def test_data_that_do_not_fit_are_refused() -> None:
    whole = shop(6)
    for owners in (whole.owners[:-1], whole.owners[::-1], whole.owners + 1):
        with pytest.raises(InputError, match="do not fit"):
            AuditDataset(whole.features, owners, whole.claims, whole.titles)


def test_categories_are_said_at_every_level_and_colours_under_one_name() -> None:
    product = Product(
        id="1", title="tee", categories=("Women/Tops > Tees", "女装"),
        attributes={"颜色": ("红色",), "Colour": ("red",), "material": ("wool",)},
    )  # fmt: skip
    assert claims_of(product) == (
        "category=Women",
        "category=Women/Tops",
        "category=Women/Tops/Tees",
        "category=女装",
        "color=红色",
        "color=red",
        "material=wool",
    )
    assert levels("A»B -> C") == ("A", "A/B", "A/B/C")


def test_a_regression_gives_back_what_is_linear() -> None:
    draw = np.random.default_rng(3)
    rows = draw.normal(size=(4_000, 6)).astype(np.float32)
    targets = rows.astype(np.float64) @ draw.normal(size=(6, 2)) + [1.0, -2.0]
    read = regress(rows, targets).read(rows)
    correlation = [np.corrcoef(read[:, t], targets[:, t])[0, 1] for t in range(2)]
    assert min(correlation) > 0.999
    assert TitleReader.fit(shop(3), np.arange(1)) is None
