"""Categories of WooCommerce products: with their parents, and without the one that means none."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationInfo, WithJsonSchema

from connectors.bounds import each
from connectors.fields import Line, entries, identifier, line
from contracts.bounds import ENTRIES
from contracts.catalog import Category

LEVELS = 20
"""Deeper parents are not read."""

# fmt: off
_NO_CATEGORY = (
    "Uncategorized", "Uncategorised", "دسته‌بندی نشده", "بدون دسته‌بندی", "غير مصنف", "غير مصنّف",
    "بدون تصنيف", "غیر زمرہ بند", "Unkategorisiert", "Nicht kategorisiert", "Non classé",
    "Sans catégorie", "Non catégorisé", "Sin categorizar", "Sin categoría", "Senza categoria",
    "Non categorizzato", "Sem categoria", "Não categorizado", "Sense categoria", "Sen categoría",
    "Geen categorie", "Niet gecategoriseerd", "Ongecategoriseerd", "Kategorilenmemiş",
    "Kategorisiz", "Kategorize edilmemiş", "Без категории", "Без рубрики", "Без категорії",
    "Без категория", "Bez kategorii", "Okategoriserad", "Okategoriserade", "Ikke kategoriseret",
    "Ukategoriseret", "Ukategorisert", "Kategorisoimaton", "Luokittelematon", "Nezařazené",
    "Nezařazeno", "Nezaradené", "Nekategorizirano", "Nekategorisano", "Некатегорисано",
    "Kategória nélkül", "Nem kategorizált", "Kategorizálatlan", "Fără categorie", "Necategorizat",
    "Χωρίς κατηγορία", "Μη κατηγοριοποιημένα", "ללא קטגוריה", "未分類", "未分类", "미분류", "Chưa phân loại",
    "Chưa được phân loại", "Tak Berkategori", "Tidak Berkategori", "ไม่มีหมวดหมู่",
    "ไม่ได้จัดหมวดหมู่", "अवर्गीकृत", "Kategorijos nėra", "Be kategorijos", "Kategoriseerimata",
)
# fmt: on


def _folded(name: str) -> str:
    """Returns the letters of a name, in one case and in Persian spelling."""
    spelled = unicodedata.normalize("NFKC", name).casefold().translate({0x64A: 0x6CC, 0x643: 0x6A9})
    return "".join(filter(str.isalnum, spelled))


_FOLDED = frozenset(map(_folded, _NO_CATEGORY))


def is_no_category(name: str) -> bool:
    """Returns whether a name is that of WooCommerce's default category, in any language it is known in.

    The slug does not decide: a shop that renames its default category for its goods keeps the slug.
    """
    return _folded(name) in _FOLDED


@dataclass(frozen=True, slots=True)
class Placed:
    """The names of a product's categories and of their known parents.

    `unplaced` are the numbers of the categories that were sent without their parents.
    """

    names: tuple[str, ...] = ()
    unplaced: tuple[int, ...] = ()


def _path(item: Mapping[str, Any]) -> Sequence[object] | None:
    path = item.get("path")
    return path if isinstance(path, list | tuple) and 0 < len(path) <= LEVELS else None


def _number(item: Mapping[str, Any]) -> int | None:
    try:
        return identifier(item.get("id"))
    except ValueError:
        return None


def _placed(value: object, info: ValidationInfo) -> Placed:
    """Returns categories sent as names or as {id, name, path}; `path` begins at the top."""

    def category(item: object) -> tuple[list[str], int | None]:
        """Returns the names of a category from the top, and its number if it was sent without its path."""
        fields = item if isinstance(item, Mapping) else {"name": item}
        if "name" not in fields:
            raise ValueError("expected a name, or an object with a name")
        path = _path(fields)
        number = _number(fields) if path is None else None
        return [line(name, info) for name in (*(path or ()), fields["name"])], number

    names, unplaced = dict[str, None](), dict[int, None]()
    sent = entries([value] if isinstance(value, str) and value else value, ENTRIES, info, "name")
    for lines, number in each(sent, category, info):
        if lines[-1] and not is_no_category(lines[-1]):
            names |= dict.fromkeys(filter(None, lines))
            if number is not None:
                unplaced[number] = None
    return Placed(tuple(names)[:ENTRIES], tuple(unplaced))


_ENTRY = {
    "description": "A name, or {name, path}; `path` has the names of the categories above it, the outermost"
    " first, and its own. An entry without a readable name is left out."
}

Categories = Annotated[
    Placed,
    BeforeValidator(_placed),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": _ENTRY},
                {"type": "object", "additionalProperties": _ENTRY},
                {"enum": [None, False]},
                {"type": "string"},
            ]
        }
    ),
]


class CategoryTree:
    """The categories of a shop, by which the parents of a product's categories are known."""

    def __init__(self, categories: Iterable[Category] = ()) -> None:
        self._by_id = {category.id: category for category in categories}

    def placed(self, product: dict[str, Any]) -> dict[str, Any]:
        """Returns a product of the REST API with the path of each of its categories that has parents."""
        sent = product.get("categories")
        if not self._by_id or not isinstance(sent, list):
            return product
        return {**product, "categories": [self._with_path(item) for item in sent]}

    def _with_path(self, item: object) -> object:
        number = _number(item) if isinstance(item, dict) else None
        if not isinstance(item, dict) or number is None or "path" in item:
            return item
        parents = self._parents(number)
        return {**item, "path": [*parents, item.get("name")]} if parents else item

    def _parents(self, number: int) -> list[str]:
        names: list[str] = []
        category = self._by_id.get(number)
        while category is not None and len(names) < LEVELS - 1:
            category = self._by_id.get(category.parent)
            if category is not None:
                names.insert(0, category.name)
        return names


class _Named(BaseModel):
    name: Line


def listed(items: Sequence[object]) -> list[Category]:
    """Returns the readable categories of an answer of the REST API."""
    found = []
    for item in items:
        if not isinstance(item, Mapping) or (number := _number(item)) is None:
            continue
        try:
            name = _Named.model_validate(item).name
            parent = identifier(item["parent"]) if item.get("parent") else 0
        except ValueError:
            continue
        found.append(Category(id=number, name=name, parent=parent))
    return found
