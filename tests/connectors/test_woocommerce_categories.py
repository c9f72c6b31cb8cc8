"""Categories of WooCommerce products, with the categories above them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bounds import Cuts
from connectors.woocommerce.fields.categories import LEVELS, CategoryTree, is_no_category, listed
from connectors.woocommerce.parse import parse
from contracts.catalog import Category, Product
from contracts.errors import InvalidField
from contracts.events import EventType
from tests.support.plugins.examples import examples


def _product(categories: object, cuts: Cuts | None = None) -> Product:
    product = parse(EventType.UPDATED, {"id": 5, "name": "Hoodie", "categories": categories}, cuts)
    assert isinstance(product, Product)
    return product


@pytest.mark.parametrize(
    ("sent", "names", "unplaced"),
    [
        ([{"id": 17, "name": "Hoodies", "path": ["Clothing", "Hoodies"]}], ("Clothing", "Hoodies"), ()),
        ([{"name": "A &amp; B", "path": ["Top", "A &amp; B"]}, "C"], ("Top", "A & B", "C"), ()),
        (
            [{"id": 1, "name": "B", "path": ["A", "B"]}, {"id": 2, "name": "C", "path": ["A", "C"]}],
            ("A", "B", "C"),
            (),
        ),
        ([{"id": 17, "name": "Hoodies", "slug": "hoodies"}], ("Hoodies",), (17,)),
        ([{"id": "17", "name": "Hoodies", "path": "Clothing"}], ("Hoodies",), (17,)),
        ([{"id": 17, "name": "Hoodies", "path": ["x"] * (LEVELS + 1)}], ("Hoodies",), (17,)),
        ({"0": {"name": "A"}, "2": "B"}, ("A", "B"), ()),
        ("A", ("A",), ()),
        ([{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}], (), ()),
        ([{"id": 15, "name": "دسته\u200cبندی نشده", "path": ["دسته\u200cبندی نشده"]}], (), ()),
        ([{"id": 15, "name": "Everything", "slug": "uncategorized"}], ("Everything",), (15,)),
        (None, (), ()),
    ],
)
def test_parents_are_categories_too(sent: object, names: tuple[str, ...], unplaced: tuple[int, ...]) -> None:
    """A path adds the names above; WooCommerce's default category is none, unless the shop renamed it."""
    product = _product(sent)
    assert (product.categories, product.unplaced) == (names, unplaced)


@pytest.mark.parametrize(
    "bad", [{"id": 17}, ["x"], {"name": ["x"]}, {"name": "A", "path": [{}]}, "x" * 6_000]
)
def test_an_entry_without_a_readable_name_is_left_out(bad: Any) -> None:
    """The others stay, and the event notes which one it was."""
    cuts = Cuts()
    kept = _product(["Before", bad, "After"], cuts).categories
    assert (kept[0], kept[-1]) == ("Before", "After")
    assert len(kept) == (3 if isinstance(bad, str) else 2), "a long name is cut"
    assert len(cuts.notes) == 1
    if isinstance(bad, str):
        with pytest.raises(InvalidField, match="5,000 characters"):
            _product(["Before", bad, "After"])
    else:
        assert _product(["Before", bad, "After"]).categories == ("Before", "After")


@pytest.mark.parametrize(
    "name",
    [
        "uncategorized",
        "UNCATEGORISED",
        "دسته بندی نشده",
        "دسته‌بندي نشده",
        "Non classé",
        "غير مصنف",
        "未分類",
        "ไม่มีหมวดหมู่",
    ],
)
def test_default_categories_are_known_in_many_spellings(name: str) -> None:
    """Case, spaces, half-spaces and Arabic letters do not matter."""
    assert is_no_category(name)


@pytest.mark.parametrize("name", ["", "دسته", "بدون دسته", "Sin azúcar", "All"])
def test_other_categories_stay(name: str) -> None:
    """A name is compared whole."""
    assert not is_no_category(name)


TREE = CategoryTree([Category(id=1, name="Clothing"), Category(id=2, name="Hoodies", parent=1)])


def test_a_tree_places_the_categories_of_a_product() -> None:
    """A product of the REST API gets paths, for its text and its fingerprint; other fields stay."""
    sent = {"id": 5, "name": "x", "categories": [{"id": 2, "name": "Hoodies"}, {"id": 9, "name": "New"}, 7]}
    placed = TREE.placed(sent)
    assert placed == {
        **sent,
        "categories": [
            {"id": 2, "name": "Hoodies", "path": ["Clothing", "Hoodies"]},
            {"id": 9, "name": "New"},
            7,
        ],
    }
    assert TREE.placed(placed) == placed
    assert CategoryTree().placed(sent) is sent
    assert TREE.placed({"id": 5, "categories": "Hoodies"}) == {"id": 5, "categories": "Hoodies"}


@examples(100)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), max_size=12), st.lists(st.integers(1, 12)))
def test_no_tree_is_without_an_end(edges: list[tuple[int, int]], of_product: list[int]) -> None:
    """Categories above themselves end at a bound, and each path ends with the category itself."""
    tree = CategoryTree(Category(id=id_, name=f"c{id_}", parent=parent) for id_, parent in edges)
    placed = tree.placed({"categories": [{"id": id_, "name": f"c{id_}"} for id_ in of_product]})
    for item in placed["categories"]:
        path = item.get("path", [item["name"]])
        assert path[-1] == item["name"]
        assert len(path) <= LEVELS


def test_only_readable_categories_of_an_answer_are_known() -> None:
    """Others are skipped; a parent may be 0, missing or text."""
    items: list[object] = [
        {"id": 1, "name": "A &amp; B", "parent": 0},
        {"id": "2", "name": "C", "parent": "1"},
        {"id": 3, "name": "D"},
        {"id": 0, "name": "x"},
        {"id": 4, "name": ["x"]},
        {"id": 5, "name": "x", "parent": "y"},
        None,
        7,
    ]
    assert listed(items) == [
        Category(id=1, name="A & B"),
        Category(id=2, name="C", parent=1),
        Category(id=3, name="D"),
    ]
