"""What a feed says of the store itself, in every row."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from catalogue.feeds.countries import COUNTRIES, country_of
from catalogue.hygiene import line, web_link
from contracts.errors import InvalidField
from contracts.stores import OpenStore

SELLER_CHARACTERS = 70
MOST_TARGETS = 50


class FeedFormat(StrEnum):
    """Which feeds exist."""

    OPENAI = "openai"
    GOOGLE = "google"


class Condition(StrEnum):
    """The condition of all goods of a store, by the words of both formats."""

    NEW = "new"
    REFURBISHED = "refurbished"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTerms:
    """What a feed says of a store.

    `currency` is that of products without their own, as the shop writes it; it may be empty. Countries are
    codes of two letters; feeds of Google name none. With `own_goods`, products without a GTIN
    are said to have none, because the shop makes them itself.
    """

    seller: str
    seller_link: str
    currency: str
    country: str
    targets: tuple[str, ...]
    condition: Condition | None
    own_goods: bool


def terms_of(
    store: OpenStore,
    kind: FeedFormat,
    *,
    country: str | None = None,
    targets: Sequence[str] = (),
    condition: Condition | None = None,
    own_goods: bool = False,
) -> FeedTerms:
    """Returns the terms of a store's feed; raises InvalidField for `country`, `target` or `name`.

    Without `country` it is the only country of the store's currency, without `targets` this country.
    """
    seller = line(store.name, SELLER_CHARACTERS)
    if not seller:
        raise InvalidField("name", "the store has no name; give it one, because each row names the seller")
    home = ""
    if kind is FeedFormat.OPENAI:
        home = _checked("country", country) if country else _home(store.currency)
    if len(targets) > MOST_TARGETS:
        raise InvalidField("target", f"expected at most {MOST_TARGETS} countries")
    named = dict.fromkeys(_checked("target", target) for target in targets)
    return FeedTerms(
        seller=seller,
        seller_link=web_link(store.base_url),
        currency=store.currency,
        country=home,
        targets=(tuple(named) or (home,)) if home else (),
        condition=condition,
        own_goods=own_goods,
    )


def _checked(field: str, code: str) -> str:
    country = code.strip().upper()
    if country not in COUNTRIES:
        shown = line(code, 20)
        raise InvalidField(field, f"{shown!r} is no country; expected two letters of ISO 3166-1, such as IR")
    return country


def _home(currency: str) -> str:
    country = country_of(currency)
    if country is None:
        why = f"is not certain from the currency {line(currency, 20)}" if currency else "is not known"
        raise InvalidField("country", f"the country of the store {why}; name it in two letters, such as US")
    return country
