"""The filters of a lookup, which narrow the variants of products that are known already."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from api.assistants.ucp.messages import filters_ignored, price_filter_ignored
from api.assistants.ucp.requests import Context, UcpFilters
from catalogue.money import iso_code, minor_limit, shop_amount
from catalogue.ucp import Message, Price, Variant
from contracts.stored import StoredProduct
from knowledge.search.keys import compact


def folded(values: Iterable[str]) -> frozenset[str]:
    """Returns the letters and digits of values, in one spelling."""
    return frozenset(filter(None, map(compact, values)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Filters that a product and one of its variants must pass.

    The limits of prices are in `currency`, as the shop writes it; without one, in that of each product.
    """

    currency: str = ""
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool | None = None
    categories: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    no_categories: frozenset[str] = frozenset()
    no_brands: frozenset[str] = frozenset()
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()

    def product(self, product: StoredProduct) -> bool:
        """Returns whether a product passes; its variants are asked apart."""
        categories, brands = folded(product.categories), folded(product.brands)
        return (
            (not self.categories or bool(categories & self.categories))
            and (not self.brands or bool(brands & self.brands))
            and not categories & self.no_categories
            and not brands & self.no_brands
        )

    def variant(self, variant: Variant, product: StoredProduct) -> bool:
        """Returns whether a variant passes; an attribute that it has no option for is the product's."""
        return (
            self._has_price(variant.price, product)
            and self.in_stock in (None, variant.availability.available)
            and all(_has(name, values, variant, product) for name, values in self.attributes.items())
        )

    def _has_price(self, price: Price, product: StoredProduct) -> bool:
        """Returns whether a price is within the limits; one in another currency is not."""
        if self.min_price is None and self.max_price is None:
            return True
        currency = self.currency or product.currency
        lowest, highest = (
            None if limit is None else minor_limit(limit, currency)
            for limit in (self.min_price, self.max_price)
        )
        return (
            price.currency == iso_code(currency)
            and (lowest is None or price.amount >= lowest)
            and (highest is None or price.amount <= highest)
        )


def _has(name: str, values: frozenset[str], variant: Variant, product: StoredProduct) -> bool:
    own = {compact(option.name): compact(option.label) for option in variant.options or ()}
    if name in own:
        return own[name] in values
    listed = [one for one in product.attributes if compact(str(one.get("name", ""))) == name]
    options = (one.get("options") for one in listed)
    return any(folded(map(str, each)) & values for each in options if isinstance(each, list))


def narrowing(filters: UcpFilters | None, context: Context | None, currency: str) -> Narrowing:
    """Returns the filters of a request to a store with this currency."""
    if filters is None:
        return Narrowing()
    messages = []
    own = iso_code(currency)
    lowest, highest = [filters.min_price], [filters.max_price]
    if filters.price:
        asked = (context.currency if context else None) or own or ""
        if own is not None and asked.upper() == own:
            for limits, minor in ((lowest, filters.price.min), (highest, filters.price.max)):
                limits.append(None if minor is None else shop_amount(minor, own, currency))
        else:
            messages.append(price_filter_ignored(asked, own))
    if unknown := filters.unknown():
        messages.append(filters_ignored(unknown))
    return Narrowing(
        currency=currency,
        min_price=max((one for one in lowest if one is not None), default=None),
        max_price=min((one for one in highest if one is not None), default=None),
        in_stock=filters.in_stock,
        categories=folded(filters.categories),
        brands=folded(filters.brands),
        no_categories=folded(filters.exclude.categories),
        no_brands=folded(filters.exclude.brands),
        attributes={compact(name): folded(values) for name, values in filters.attributes.items()},
        messages=tuple(messages),
    )
