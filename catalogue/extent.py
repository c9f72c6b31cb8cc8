"""How much a response says of each product."""

from dataclasses import dataclass

TITLE_CHARACTERS = 150
NAME_CHARACTERS = 100
"""Of a category, a tag, a brand, an option or an attribute."""

CODE_CHARACTERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The most that is said of a product.

    Descriptions are in characters, and so is `link`: longer links are left out. `names` are of categories,
    tags, brands, options and attributes, and `values` of each option and attribute. `variant_links` is
    whether variants have links and images of their own.
    """

    variants: int
    description: int
    variant_description: int
    images: int
    names: int
    values: int
    link: int = 2_000
    variant_links: bool = True


FULL = Extent(variants=50, description=4_000, variant_description=300, images=10, names=50, values=100)
"""For one product."""

LOOKUP = Extent(variants=50, description=1_000, variant_description=200, images=3, names=20, values=20)
"""For a product that was asked for with others, of which only the variants that are meant are sent."""

BRIEF = Extent(
    variants=5, description=300, variant_description=0, images=1, names=10, values=20, variant_links=False
)
"""For a result of search."""


def _least(variants: int, description: int, names: int, values: int, images: int = 1) -> Extent:
    return Extent(
        variants=variants,
        description=description,
        variant_description=0,
        images=images,
        names=names,
        values=values,
        link=300,
        variant_links=False,
    )


FROM_MOST_TO_LEAST = (
    Extent(variants=50, description=4_000, variant_description=100, images=5, names=20, values=50, link=500),
    Extent(variants=50, description=2_000, variant_description=0, images=1, names=20, values=50, link=300),
    _least(50, 1_000, names=20, values=20),
    _least(20, 300, names=10, values=20),
    _least(5, 200, names=5, values=10),
    _least(3, 150, names=3, values=5),
    _least(2, 100, names=2, values=3),
    _least(1, 80, names=2, values=2),
    _least(1, 0, names=1, values=0, images=0),
    _least(1, 0, names=0, values=0, images=0),
)
"""How a response is cut that is too large."""
