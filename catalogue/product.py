"""A stored product as UCP's product: what the shop sent, and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from catalogue import ucp
from catalogue.codes import gtin, isbn10
from catalogue.details import dimensions_text, parts_of, rating_of, weight_text
from catalogue.extension import Attribute, Extension, Metadata, Why
from catalogue.extent import BRIEF, CODE_CHARACTERS, FULL, LOOKUP, TITLE_CHARACTERS, Extent
from catalogue.hygiene import cut, line, paragraph, web_link
from catalogue.language import language_of
from catalogue.money import minor_units
from catalogue.options import joined, names_of, properties, selected
from catalogue.prices import currency_of, price_of, price_range, price_text, regular_price_of
from contracts.stored import StoredProduct, StoredVariation
from contracts.stores import OpenStore


def ucp_product(
    product: StoredProduct, store: OpenStore, *, extent: Extent = BRIEF, why: Why | None = None
) -> ucp.Product | None:
    """Returns a product as UCP shows it, with its variants in their order.

    Returns None if no variant has a price in an ISO currency: UCP has no product without a price, and
    `price_unavailable` says so instead.
    """
    title = line(product.title, TITLE_CHARACTERS) or line(product.external_id, TITLE_CHARACTERS)
    sold: Sequence[StoredVariation | None] = product.variations or (None,)
    chosen = [{} if variation is None else selected(variation.options) for variation in sold]
    variants: dict[str, ucp.Variant] = {}
    for variation, options in zip(sold, chosen, strict=True):
        variant = _variant(product, variation, options, store, title, extent)
        if variant is not None:
            variants.setdefault(variant.id, variant)
    if not variants:
        return None
    return ucp.Product(
        id=product.external_id,
        title=title,
        description=ucp.Description(plain=_description(product, extent)),
        url=web_link(product.link) or None,
        categories=[ucp.Category(value=name) for name in names_of(product.categories, extent.names)] or None,
        price_range=_price_range(product, store, list(variants.values())),
        media=_media((product.image, *product.gallery), title, extent),
        options=_options(product, chosen, extent),
        variants=list(variants.values())[: extent.variants],
        tags=names_of(product.tags, extent.names) or None,
        metadata=Metadata(pilito=_extension(product, store, extent, why)),
    )


def price_unavailable(product: StoredProduct, store: OpenStore) -> ucp.Message:
    """Returns the message about a product that UCP cannot show, in the language of its title."""
    title = line(product.title, TITLE_CHARACTERS)
    identifier = line(product.external_id, CODE_CHARACTERS)
    language = language_of([title])
    is_known = any(price_of(product, one) is not None for one in product.variations or (None,))
    said = price_text(product, store, language) if is_known else ""
    if language == "fa":
        reason = f"قیمت «{said}» به ارز استاندارد نیست" if said else "قیمت ندارد"
        content = f"«{title}» {reason}؛ از فروشگاه بپرسید. شناسه: {identifier}"
    else:
        reason = f"has the price {said}, in no ISO 4217 currency" if said else "has no price"
        content = f"“{title}” {reason}; ask the shop. Id: {identifier}"
    return ucp.Message(type="warning", code="price_unavailable", content=content)


def _variant(
    product: StoredProduct,
    variation: StoredVariation | None,
    options: Mapping[str, str],
    store: OpenStore,
    title: str,
    extent: Extent,
) -> ucp.Variant | None:
    """Returns a variation, or a product without variations, as a variant; None without a price."""
    price = _price(price_of(product, variation), product, store)
    if price is None:
        return None
    regular = _price(regular_price_of(product, variation), product, store)
    item = product if variation is None else variation
    own = variation if extent.variant_links else None
    return ucp.Variant(
        id=item.external_id,
        sku=line(item.sku, CODE_CHARACTERS) or None,
        barcodes=_barcodes(item.gtin),
        title=cut(" / ".join(options.values()), TITLE_CHARACTERS) or title,
        description=ucp.Description(
            plain="" if variation is None else line(variation.description, extent.variant_description)
        ),
        url=None if own is None else web_link(own.link) or None,
        price=price,
        list_price=regular if regular is not None and regular.amount > price.amount else None,
        availability=_availability(item),
        options=[ucp.SelectedOption(name=name, label=label) for name, label in options.items()] or None,
        media=None if own is None else _media((own.image,), "", extent),
    )


def _price(amount: Decimal | None, product: StoredProduct, store: OpenStore) -> ucp.Price | None:
    money = None if amount is None else minor_units(amount, currency_of(product, store))
    return None if money is None else ucp.Price.of(money)


def _price_range(product: StoredProduct, store: OpenStore, variants: Sequence[ucp.Variant]) -> ucp.PriceRange:
    """Returns the range of all variations, of which `variants` are some."""
    ends = [_price(end, product, store) for end in price_range(product) or ()]
    prices = [*(variant.price for variant in variants), *(end for end in ends if end is not None)]
    ordered = sorted(prices, key=lambda price: price.amount)
    return ucp.PriceRange(min=ordered[0], max=ordered[-1])


def _availability(item: StoredProduct | StoredVariation) -> ucp.Availability:
    if not item.in_stock:
        return ucp.Availability(available=False, status="out_of_stock")
    return ucp.Availability(
        available=True, status="backorder" if item.availability == "backorder" else "in_stock"
    )


def _barcodes(code: str) -> list[ucp.Barcode] | None:
    if number := gtin(code):
        return [ucp.Barcode(type="GTIN", value=number)]
    if number := isbn10(code):
        return [ucp.Barcode(type="ISBN", value=number)]
    return None


def _description(product: StoredProduct, extent: Extent) -> str:
    """Returns the short description and the long one; only one of them where there is little room."""
    short = paragraph(product.short_description, extent.description)
    if short and extent.description < LOOKUP.description:
        return short
    long = paragraph(product.description, extent.description)
    if not short or not long or long.startswith(short):
        return long or short
    return cut(f"{short}\n\n{long}", extent.description)


def _options(
    product: StoredProduct, chosen: Iterable[Mapping[str, str]], extent: Extent
) -> list[ucp.ProductOption] | None:
    """Returns the options of the variations; where not all of them were read, also values of attributes."""
    found = joined(chosen)
    if len(product.variations) < product.variations_total:
        known = properties(product, names=FULL.names, values=FULL.values)
        found = {name: list(dict.fromkeys([*labels, *known.get(name, ())])) for name, labels in found.items()}
    return [
        ucp.ProductOption(
            name=name, values=[ucp.OptionValue(label=label) for label in labels[: extent.values]]
        )
        for name, labels in list(found.items())[: extent.names]
    ] or None


def _media(addresses: Iterable[str], alt_text: str, extent: Extent) -> list[ucp.Media] | None:
    links = dict.fromkeys(link for address in addresses if (link := web_link(address)))
    return [ucp.Media(url=link, alt_text=alt_text or None) for link in list(links)[: extent.images]] or None


def _extension(product: StoredProduct, store: OpenStore, extent: Extent, why: Why | None) -> Extension:
    return Extension(
        price_text=price_text(product, store, language_of([product.title])),
        currency=line(currency_of(product, store), CODE_CHARACTERS),
        brands=names_of(product.brands, extent.names) or None,
        attributes=[
            Attribute(name=name, values=values)
            for name, values in properties(product, names=extent.names, values=extent.values).items()
        ]
        or None,
        weight=weight_text(product.details) or None,
        dimensions=dimensions_text(product.details) or None,
        parts=parts_of(product.details, extent.names) or None,
        rating=rating_of(product.details),
        rating_count=product.details.rating_count or None,
        sale_ends=None if product.details.sale_end is None else _utc(product.details.sale_end),
        price_includes_tax=product.details.price_includes_tax,
        variants_total=product.variations_total,
        known_at=None if product.known_at is None else _utc(product.known_at),
        facts_at=_utc(product.facts_at),
        score=None if why is None else _rounded(why.score),
        similarity=None if why is None else _rounded(why.similarity),
        matched_share=None if why is None else _rounded(why.share),
        missing_words=None if why is None else names_of(why.missing, extent.names) or None,
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
