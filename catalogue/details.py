"""Details of a stored product as plain text."""

from decimal import Decimal

from catalogue.hygiene import line
from catalogue.options import names_of
from contracts.products.details import Details

UNIT_CHARACTERS = 20


def weight_text(details: Details) -> str:
    """Returns the weight with its unit, such as `1.2 kg`; empty if one of them is not known."""
    weight = details.weight
    unit = "" if weight is None else line(weight.unit, UNIT_CHARACTERS)
    return "" if weight is None or not unit else f"{_digits(weight.value)} {unit}"


def dimensions_text(details: Details) -> str:
    """Returns the sides with their unit, such as `8 × 9 × 10 cm`; empty unless all of it is known."""
    dimensions = details.dimensions
    if dimensions is None:
        return ""
    unit = line(dimensions.unit, UNIT_CHARACTERS)
    sides = [dimensions.length, dimensions.width, dimensions.height]
    known = [_digits(side) for side in sides if side is not None]
    return f"{' × '.join(known)} {unit}" if unit and len(known) == len(sides) else ""


def rating_of(details: Details) -> float | None:
    """Returns the average rating from 0 to 5; None without any."""
    rating = details.average_rating
    return float(rating) if rating is not None and details.rating_count > 0 else None


def parts_of(details: Details, count: int) -> list[str]:
    """Returns the names of the first products of a set."""
    return names_of((part.name for part in details.grouped_children), count)


def _digits(number: Decimal) -> str:
    return f"{number.normalize():f}"
