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
    tags, brands, options and attributes, and `values` of each option and attribute.
    """

    variants: int
    description: int
    variant_description: int
    images: int
    names: int
    values: int
    link: int


FULL = Extent(
    variants=50, description=4_000, variant_description=300, images=10, names=50, values=100, link=2_000
)
"""For one product."""

BRIEF = Extent(
    variants=5, description=300, variant_description=100, images=1, names=10, values=20, link=2_000
)
"""For a product among others."""

FROM_MOST_TO_LEAST = (
    FULL,
    Extent(variants=50, description=4_000, variant_description=100, images=5, names=20, values=50, link=500),
    Extent(variants=50, description=2_000, variant_description=0, images=1, names=20, values=50, link=300),
    Extent(variants=20, description=1_000, variant_description=0, images=1, names=20, values=20, link=300),
    Extent(variants=5, description=300, variant_description=0, images=1, names=10, values=10, link=300),
    Extent(variants=3, description=150, variant_description=0, images=1, names=5, values=5, link=200),
    Extent(variants=1, description=80, variant_description=0, images=0, names=2, values=2, link=200),
    Extent(variants=1, description=0, variant_description=0, images=0, names=1, values=0, link=100),
)
