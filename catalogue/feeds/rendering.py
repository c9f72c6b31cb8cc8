"""Products as rows of a feed, some products at a time, so that the memory stays the same for any store."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from catalogue.feeds.formats import FORMATS
from catalogue.feeds.gaps import Gap, ProductGaps
from catalogue.feeds.items import TITLE_CHARACTERS, items
from catalogue.feeds.terms import FeedFormat, FeedTerms
from catalogue.hygiene import line, web_link
from contracts.stored import StoredProduct


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The rows of some products, and the products among them that lack something."""

    products: int
    rows: Sequence[bytes]
    gaps: Sequence[ProductGaps]


def render(products: Sequence[StoredProduct], kind: FeedFormat, terms: FeedTerms) -> Rendered:
    """Returns the rows of products in a format; rows that lack a required value are left out."""
    form = FORMATS[kind]
    rows: list[bytes] = []
    gaps: list[ProductGaps] = []
    for product in products:
        lacks: Counter[Gap] = Counter()
        total = left_out = 0
        for item in items(product, terms.currency):
            missing = form.gaps(item)
            lacks.update(missing)
            total += 1
            if missing & form.required:
                left_out += 1
            else:
                rows.append(form.row(item, terms))
        if lacks:
            gaps.append(
                ProductGaps(
                    id=product.external_id,
                    title=line(product.title, TITLE_CHARACTERS),
                    link=web_link(product.link),
                    rows=total,
                    left_out=left_out,
                    lacks={gap: lacks[gap] for gap in Gap if gap in lacks},
                )
            )
    return Rendered(products=len(products), rows=rows, gaps=gaps)


def weight(products: Sequence[StoredProduct]) -> int:
    """Returns about how many characters `render` reads."""
    return sum(
        1_000
        + len(product.description)
        + len(product.short_description)
        + sum(500 + len(variation.description) for variation in product.variations)
        for product in products
    )
