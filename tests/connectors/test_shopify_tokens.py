"""Access tokens that a Shopify app asks for, and answers that say that our release gets too old."""

from collections.abc import Iterator

import orjson
import pytest

from connectors.base import Unreadable
from connectors.http.outbound import Outbound
from connectors.shopify.catalogue import ShopifyCatalogue, ShopifyReader
from connectors.shopify.queries import VERSION
from contracts.errors import ShopAnswersNonsense, ShopDown, ShopRefuses
from contracts.retry import Retry
from fakes.shopify import CLIENT, TOKEN, ShopifyServer, refusal
from fakes.woocommerce import Answered, unavailable
from tests.connectors.test_shopify_catalogue import Requests, reading, simple, variant, webhook


@pytest.fixture
def shop() -> Iterator[ShopifyServer]:
    with ShopifyServer() as opened:
        yield opened


async def test_a_token_is_requested_once_and_again_when_it_is_refused(
    shop: ShopifyServer, outbound: Outbound
) -> None:
    """Requests for tokens wait for the budget too; a token that a visit has is used until it is refused."""
    asked = Requests()
    async with reading(shop, outbound, asked, shop.access_by(CLIENT)) as catalogue:
        assert await catalogue.currency() == await catalogue.currency() == "EUR"
        assert shop.granted == ["client_credentials"]
        shop.tokens.clear()
        assert await catalogue.currency() == "EUR"
    assert shop.granted == ["client_credentials"] * 2
    assert asked.times == len(shop.seen) + 2 == 6


async def test_a_refresh_token_is_replaced_by_the_new_one(shop: ShopifyServer, outbound: Outbound) -> None:
    """Each works once."""
    shop.refresh_tokens = {"shprt_first"}
    credentials = {**CLIENT, "access_token": "shpat_ended", "refresh_token": "shprt_first"}
    async with reading(shop, outbound, access=shop.access_by(credentials)) as catalogue:
        assert await catalogue.currency() == "EUR"
        shop.tokens.clear()
        assert await catalogue.currency() == "EUR"
        shop.tokens.clear()
        shop.refresh_tokens.clear()
        with pytest.raises(ShopRefuses, match="refresh token"):
            await catalogue.currency()
    assert shop.granted == ["refresh_token"] * 3


async def test_a_token_that_is_refused_again_is_not_requested_for_ever(
    shop: ShopifyServer, outbound: Outbound
) -> None:
    """One new token for a request."""
    shop.fail_always(Answered(status=401, body=b"{}"))
    async with reading(shop, outbound, access=shop.access_by(CLIENT)) as catalogue:
        with pytest.raises(ShopRefuses):
            await catalogue.currency()
    assert (len(shop.granted), len(shop.seen)) == (2, 2)


async def test_a_wrong_secret_is_named(shop: ShopifyServer, outbound: Outbound) -> None:
    """The sentence says what to change, and has no secret."""
    wrong = {**CLIENT, "client_secret": "shpss_wrong"}
    async with reading(shop, outbound, access=shop.access_by(wrong)) as catalogue:
        with pytest.raises(ShopRefuses, match="client_id and client_secret") as caught:
            await catalogue.currency()
    failure = ShopifyReader().failure(caught.value)
    assert failure.retry is Retry.BLOCKED
    assert "shpss" not in failure.reason


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (unavailable(), ShopDown),
        ("drop", ShopDown),
        (Answered(body=b"<html>"), ShopAnswersNonsense),
        (Answered(body=b"[]"), ShopAnswersNonsense),
        (Answered(body=b'{"access_token": 7}'), ShopAnswersNonsense),
        (Answered(body=b'{"access_token": "a\\nb"}'), ShopAnswersNonsense),
        (Answered(body=orjson.dumps({"access_token": "x" * 3_000})), ShopAnswersNonsense),
        (Answered(status=404), ShopRefuses),
        (Answered(status=302, headers={"Location": "https://elsewhere.example/"}), ShopRefuses),
    ],
    ids=str,
)
async def test_answers_without_a_token(
    shop: ShopifyServer, outbound: Outbound, answer: Answered, kind: type[Exception]
) -> None:
    """What cannot be sent as a header is no token, and no redirect is followed."""
    shop.fail_next(answer)
    async with reading(shop, outbound, access=shop.access_by(CLIENT)) as catalogue:
        with pytest.raises(kind):
            await catalogue.currency()
        assert not shop.seen
        assert await catalogue.currency() == "EUR"


@pytest.mark.parametrize("seconds", ["soon", None, True, -5, 1e300])
async def test_any_life_of_a_token_is_accepted(
    shop: ShopifyServer, outbound: Outbound, seconds: object
) -> None:
    """A token is used until it is refused, also if its life is unknown."""
    shop.fail_next(Answered(body=orjson.dumps({"access_token": TOKEN, "expires_in": seconds})))
    async with reading(shop, outbound, access=shop.access_by(CLIENT)) as catalogue:
        assert await catalogue.currency() == "EUR"


@pytest.mark.parametrize("fails", ["failing", "denied"])
async def test_one_product_that_fails_is_found_and_the_others_are_read(
    shop: ShopifyServer, outbound: Outbound, fails: str
) -> None:
    """A query that fails is asked again for fewer products, down to the one."""
    shop.load(*(simple(id_ * 10) for id_ in range(1, 21)))
    setattr(shop, fails, {70, 110})
    ids = [f"shopify_{id_ * 10}" for id_ in range(1, 21)]
    async with reading(shop, outbound) as catalogue:
        found = await catalogue.fetch([*ids, "shopify_5"])
        alone = await catalogue.fetch(["shopify_70"])
    unreadable = {id_ for id_, body in found.items() if isinstance(body, Unreadable)}
    assert unreadable == {"shopify_70", "shopify_110"}
    assert set(found) == set(ids)
    assert isinstance(alone["shopify_70"], Unreadable)
    assert alone["shopify_70"] == found["shopify_70"]
    assert "temporary" not in alone["shopify_70"].reason


async def test_a_product_with_variants_that_fail_is_found(shop: ShopifyServer, outbound: Outbound) -> None:
    """The further variants of a product are requested separately."""
    shop.load(webhook(70, *(variant(7_000 + at) for at in range(30))), simple(80))
    shop.before("MoreVariants", lambda: shop.failing.add(70))
    async with reading(shop, outbound) as catalogue:
        found = await catalogue.fetch(["shopify_70", "shopify_80"])
    assert [isinstance(found[id_], Unreadable) for id_ in ("shopify_70", "shopify_80")] == [True, False]


async def test_a_shop_that_fails_as_a_whole_condemns_no_product(
    shop: ShopifyServer, outbound: Outbound
) -> None:
    """Products are unreadable only while the shop answers other questions."""
    shop.load(*(simple(id_ * 10) for id_ in range(1, 9)))
    shop.fail_always(refusal("INTERNAL_SERVER_ERROR"))
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopDown):
            await catalogue.fetch([f"shopify_{id_ * 10}" for id_ in range(1, 9)])
        shop.fail_always(None)
        shop.fail_next(refusal("INTERNAL_SERVER_ERROR"))
        found = await catalogue.fetch(["shopify_10"])
    assert not isinstance(found["shopify_10"], Unreadable), "a passing failure"


async def test_a_query_that_shopify_no_longer_knows_is_final(shop: ShopifyServer, outbound: Outbound) -> None:
    """Only a newer release helps, so there is no retry, and the reason says it."""
    shop.fail_always(refusal("undefinedField"))
    async with reading(shop, outbound) as catalogue:
        with pytest.raises(ShopRefuses, match="update Pilito Sync") as caught:
            await catalogue.manifest(None)
    assert ShopifyReader().failure(caught.value).retry is Retry.BLOCKED


async def test_another_version_is_noticed(shop: ShopifyServer, outbound: Outbound) -> None:
    """So is a deprecation; the version that was asked for is no notice, and a strange header is none."""
    async with reading(shop, outbound) as catalogue:
        assert isinstance(catalogue, ShopifyCatalogue)
        for version in (VERSION, "<b>", ""):
            shop.served = {"X-Shopify-API-Version": version}
            await catalogue.currency()
        assert not list(catalogue.notices)
        shop.served = {
            "X-Shopify-API-Version": "2027-07",
            "X-Shopify-API-Deprecated-Reason": "https://x.example",
        }
        await catalogue.currency()
        await catalogue.currency()
        served, deprecated = catalogue.notices
        assert "2027-07" in served
        assert "update Pilito Sync" in served
        assert "update Pilito Sync" in deprecated
