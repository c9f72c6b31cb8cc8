"""What a feed says of its store, and what has to be named."""

from dataclasses import replace

import pytest
from iso4217 import Currency

from catalogue.feeds.countries import COUNTRIES, country_of
from catalogue.feeds.terms import FeedFormat, terms_of
from contracts.errors import InvalidField
from tests.catalogue.stored import ENGLISH_STORE, PERSIAN_STORE


@pytest.mark.parametrize(
    ("currency", "country"),
    [("IRT", "IR"), ("تومان", "IR"), ("IRR", "IR"), ("TRY", "TR"), ("JPY", "JP"), ("usn", "US")],
)
def test_the_only_country_of_a_currency_is_certain(currency: str, country: str) -> None:
    """Toman is Iran's."""
    assert country_of(currency) == country


@pytest.mark.parametrize("currency", ["USD", "EUR", "GBP", "XAU", "XXX", "BTC", "", "دلار"])
def test_other_currencies_have_no_certain_country(currency: str) -> None:
    """Several countries have them, or none."""
    assert country_of(currency) is None


def test_every_country_of_a_currency_exists() -> None:
    """There are 249 countries, and a currency's code begins with the letters of its country."""
    assert len(COUNTRIES) == 249
    found = {country_of(currency.value) for currency in Currency} - {None}
    assert len(found) > 100
    assert found <= COUNTRIES


def test_a_country_that_is_not_certain_has_to_be_named() -> None:
    """Targets are the country itself, if no others are named."""
    with pytest.raises(InvalidField) as refused:
        terms_of(ENGLISH_STORE, FeedFormat.OPENAI)
    assert str(refused.value) == (
        "country: the country of the store is not certain from the currency USD;"
        " name it in two letters, such as US"
    )
    with pytest.raises(InvalidField, match="is not known; name it"):
        terms_of(replace(ENGLISH_STORE, currency=""), FeedFormat.OPENAI)
    terms = terms_of(ENGLISH_STORE, FeedFormat.OPENAI, country=" ca ")
    assert (terms.country, terms.targets) == ("CA", ("CA",))
    targets = terms_of(PERSIAN_STORE, FeedFormat.OPENAI, targets=["ir", "TR", "IR"]).targets
    assert targets == ("IR", "TR")


@pytest.mark.parametrize("code", ["UK", "XX", "IRN", "ایران", "", "\u202eRI"])
def test_a_code_that_is_no_country_is_refused(code: str) -> None:
    """The field is named; the United Kingdom is GB."""
    with pytest.raises(InvalidField) as refused:
        terms_of(PERSIAN_STORE, FeedFormat.OPENAI, targets=[code])
    assert refused.value.field == "target"
    assert "is no country; expected two letters" in refused.value.problem


def test_too_many_targets_are_refused() -> None:
    """There are not so many markets."""
    with pytest.raises(InvalidField, match="at most 50"):
        terms_of(PERSIAN_STORE, FeedFormat.OPENAI, targets=["IR"] * 51)


@pytest.mark.parametrize("name", ["", "  ", "<b></b>", "\u200b"])
def test_a_store_without_a_name_has_no_feed(name: str) -> None:
    """Each row names the seller."""
    with pytest.raises(InvalidField) as refused:
        terms_of(replace(PERSIAN_STORE, name=name), FeedFormat.OPENAI)
    assert refused.value.field == "name"


def test_the_seller_is_plain_and_has_a_web_address_or_none() -> None:
    """Also of a hostile owner."""
    store = replace(PERSIAN_STORE, name="<script>x</script>فروشگاه\n\u202eآفتاب" * 9, base_url="javascript:x")
    terms = terms_of(store, FeedFormat.OPENAI)
    assert terms.seller.startswith("فروشگاه آفتاب")
    assert len(terms.seller) <= 70
    assert terms.seller_link == ""
