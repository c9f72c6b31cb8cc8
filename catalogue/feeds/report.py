"""What the products of a feed lack, counted while the feed is written."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from catalogue.feeds.gaps import Gap, ProductGaps
from catalogue.feeds.rendering import Rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """How many rows, of how many products, lack something."""

    gap: Gap
    products: int
    rows: int


class Report:
    """Counts products, rows, rows that are left out, and what they lack."""

    def __init__(self) -> None:
        self.products = self.rows = self.left_out = 0
        self._products: Counter[Gap] = Counter()
        self._rows: Counter[Gap] = Counter()

    def add(self, rendered: Rendered) -> None:
        """Count some more products."""
        self.products += rendered.products
        self.rows += len(rendered.rows)
        for product in rendered.gaps:
            self.left_out += product.left_out
            self._products.update(product.lacks.keys())
            self._rows.update(product.lacks)

    def lacking(self) -> Iterator[Lacking]:
        """Yields what is lacking, in the order of `Gap`."""
        for gap in Gap:
            if gap in self._rows:
                yield Lacking(gap=gap, products=self._products[gap], rows=self._rows[gap])


def report_line(product: ProductGaps) -> bytes:
    """Returns the line of a product in the file of the report."""
    fields = {
        "id": product.id,
        "title": product.title,
        "link": product.link,
        "rows": product.rows,
        "left_out": product.left_out,
        "lacks": product.lacks,
    }
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
