"""The details of a product that have meaning, as words: measures, the parts of a set and custom fields."""

from collections.abc import Iterator
from decimal import Decimal

from contracts.products.details import Details, Dimensions, Weight
from knowledge.html import plain_line
from knowledge.normalise import normalise

# fmt: off
_UNITS = {
    "kg": "کیلوگرم", "g": "گرم", "lbs": "پوند", "lb": "پوند", "oz": "اونس",
    "m": "متر", "cm": "سانتی‌متر", "mm": "میلی‌متر", "in": "اینچ", "yd": "یارد",
}
# fmt: on

_SIDES = (("طول", "length"), ("عرض", "width"), ("ارتفاع", "height"))


def measures(details: Details) -> tuple[tuple[str, str], ...]:
    """Returns (name, value) pairs of the weight and the dimensions; a measure without a unit says nothing."""
    return tuple(_measures(details))


def parts(details: Details) -> tuple[str, ...]:
    """Returns the names of the products that a set consists of, sorted."""
    names = {normalise(plain_line(part.name)) for part in details.grouped_children}
    return tuple(sorted(filter(None, names)))


def custom_fields(details: Details) -> tuple[tuple[str, str], ...]:
    """Returns (name, value) pairs of the fields that the owner has chosen, sorted."""
    found = {
        (normalise(plain_line(field.name)), normalise(plain_line(field.value)))
        for field in details.custom_fields
    }
    return tuple(sorted((name, value) for name, value in found if name and value))


def size_of(details: Details) -> int:
    """Returns about how many characters the words of the details have."""
    of_fields = sum(len(field.name) + len(field.value) for field in details.custom_fields)
    return of_fields + sum(len(part.name) for part in details.grouped_children)


def _measures(details: Details) -> Iterator[tuple[str, str]]:
    if details.weight is not None and details.weight.unit:
        yield "وزن", _weight(details.weight)
    if details.dimensions is not None and details.dimensions.unit:
        yield "ابعاد", _dimensions(details.dimensions)


def _weight(weight: Weight) -> str:
    return f"{_digits(weight.value)} {_unit(weight.unit)}"


def _dimensions(dimensions: Dimensions) -> str:
    """Returns all three sides as `10 × 20 × 30 unit`, or the known ones by their names."""
    sides = [(name, getattr(dimensions, side)) for name, side in _SIDES]
    known = [(name, _digits(value)) for name, value in sides if value is not None]
    if len(known) == len(_SIDES):
        return f"{' × '.join(value for _, value in known)} {_unit(dimensions.unit)}"
    return f"{'، '.join(f'{name} {value}' for name, value in known)} {_unit(dimensions.unit)}"


def _unit(unit: str) -> str:
    """Returns a unit in Persian and as the shop writes it, so that both words find it."""
    said = normalise(plain_line(unit))
    persian = _UNITS.get(said.lower())
    return f"{persian} ({said})" if persian else said


def _digits(number: Decimal) -> str:
    return f"{number.normalize():f}"
