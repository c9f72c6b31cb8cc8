"""The purchasable items of a stored product, as both formats show them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from catalogue import codes
from catalogue.feeds.gaps import Gap
from catalogue.hygiene import cut, line, paragraph, web_link
from catalogue.money import Money, has_iso, minor_units
from catalogue.options import names_of, properties, selected
from catalogue.prices import price_of, regular_price_of
from contracts.stored import StoredProduct, StoredVariation

TITLE_CHARACTERS = 150
DESCRIPTION_CHARACTERS = 5_000
BRAND_CHARACTERS = 70
VARIANT_CHARACTERS = 80
"""The options at the end of a variation's title."""

MOST_IMAGES = 10
"""In addition to the main one."""

MOST_CATEGORIES = 5
MOST_PROPERTIES = 50
LONGEST_ID = 100

COLOURS = frozenset(("رنگ", "رنگ بندی", "رنگبندی", "color", "colour", "pa_color"))
SIZES = frozenset(("سایز", "اندازه", "size", "pa_size"))
"""Names of options, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A row before its format; texts are plain and bounded, links http or https or empty.

    `group` is the id of the product of a variation, empty without one. `price` is the regular price if `sale`
    is a lower one. `gaps` are what both formats ask for and the shop did not send.
    """

    id: str
    group: str
    title: str
    description: str
    link: str
    image: str
    images: tuple[str, ...]
    brand: str
    gtin: str
    price: Money | None
    sale: Money | None
    availability: str
    options: Mapping[str, str]
    categories: tuple[str, ...]
    colour: str
    size: str
    gaps: frozenset[Gap]


def items(product: StoredProduct, currency: str) -> Iterator[Item]:
    """Yields an item for each variation of a product, or one for a product without variations.

    `currency` is that of the store, for products without their own.
    """
    shared = _Shared(product, product.currency or currency)
    for variation in product.variations or (None,):
        yield shared.item(variation)


class _Shared:
    """What the items of a product have in common; each text is cleaned once."""

    def __init__(self, product: StoredProduct, currency: str) -> None:
        self._product = product
        self._currency = currency
        self._title = line(product.title, TITLE_CHARACTERS)
        self._description = paragraph(product.description, DESCRIPTION_CHARACTERS) or paragraph(
            product.short_description, DESCRIPTION_CHARACTERS
        )
        self._group = product.external_id if _fits(product.external_id) else ""
        self._link = web_link(product.link)
        self._images = _links((product.image, *product.gallery))
        self._brand = next(filter(None, (line(brand, BRAND_CHARACTERS) for brand in product.brands)), "")
        self._categories = tuple(names_of(product.categories, MOST_CATEGORIES))
        attributes = properties(product, names=MOST_PROPERTIES, values=2)
        self._properties = {name: values[0] for name, values in attributes.items() if len(values) == 1}

    def item(self, variation: StoredVariation | None) -> Item:
        """Returns the item of a variation, or of a product without variations."""
        product = self._product
        source = product if variation is None else variation
        options = selected(variation.options) if variation else {}
        known = {name.casefold(): value for name, value in {**self._properties, **options}.items()}
        images = _links((variation.image, *self._images)) if variation else self._images
        price, sale = self._prices(variation)
        gtin = codes.gtin(source.gtin)
        title = self._titled(" / ".join(options.values()))
        description = self._described(variation.description if variation else "")
        link = (web_link(variation.link) if variation else "") or self._link
        gaps = {
            Gap.ID: not _fits(source.external_id),
            Gap.TITLE: not title,
            Gap.DESCRIPTION: not description,
            Gap.LINK: not link,
            Gap.IMAGE: not images,
            Gap.PRICE: price is None and (has_iso(self._currency) or not price_of(product, variation)),
            Gap.CURRENCY: not has_iso(self._currency),
            Gap.BRAND: not self._brand,
            Gap.GTIN: not gtin and not source.gtin.strip(),
            Gap.GTIN_CHECK: not gtin and bool(source.gtin.strip()),
        }
        return Item(
            id=source.external_id,
            group=self._group if variation and self._group != variation.external_id else "",
            title=title,
            description=description,
            link=link,
            image=images[0] if images else "",
            images=images[1 : MOST_IMAGES + 1],
            brand=self._brand,
            gtin=gtin,
            price=price,
            sale=sale,
            availability=source.availability,
            options=options,
            categories=self._categories,
            colour=_first(known, COLOURS),
            size=_first(known, SIZES),
            gaps=frozenset(gap for gap, lacks in gaps.items() if lacks),
        )

    def _titled(self, variant: str) -> str:
        variant = cut(variant, VARIANT_CHARACTERS)
        if not self._title or not variant:
            return self._title
        return f"{cut(self._title, TITLE_CHARACTERS - len(variant) - 3)} – {variant}"

    def _described(self, own: str) -> str:
        """Returns the description of a variation, followed by that of its product."""
        text = paragraph(own, DESCRIPTION_CHARACTERS) if own else ""
        return cut("\n\n".join(filter(None, (text, self._description))), DESCRIPTION_CHARACTERS)

    def _prices(self, variation: StoredVariation | None) -> tuple[Money | None, Money | None]:
        """Returns the regular price, and that of a sale if it is lower; free goods have no price here."""
        asked = price_of(self._product, variation)
        price = minor_units(asked, self._currency) if asked else None
        usual = regular_price_of(self._product, variation)
        regular = minor_units(usual, self._currency) if usual else None
        if price is None or regular is None or regular.amount <= price.amount:
            return price, None
        return regular, price


def _fits(id_: str) -> bool:
    """Returns whether an id can be written as it is."""
    return bool(id_) and line(id_, LONGEST_ID) == id_


def _links(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(web_link, urls))))


def _first(options: Mapping[str, str], names: Iterable[str]) -> str:
    return next((options[name] for name in options if name in names), "")
