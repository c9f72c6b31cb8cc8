"""Tokens in the console: made and shown once, used, changed, switched off and revoked."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
import pytest_asyncio

from contracts.tokens import Token
from database.access import tokens
from tests.console.browser import Browser, open_browser
from tests.support.shop import Shop
from tests.support.system import System

LIST = "/console/tokens/"


@pytest_asyncio.fixture
async def owner(system: System, shop: Shop) -> AsyncIterator[Browser]:
    async with open_browser(system, shop.user_id) as browser:
        yield browser


async def stored(system: System, token_id: int) -> Token | None:
    async with system.database.reading() as connection:
        return await tokens.read(connection, token_id)


async def works(system: System, secret: str) -> bool:
    answer = await system.http.get(
        "/api/integrations/woocommerce/health/", headers={"Authorization": f"Bearer {secret}"}
    )
    return answer.status_code == 200


async def make(browser: Browser, shop: Shop, **fields: str) -> tuple[int, str, httpx2.Response]:
    """Returns the id and the secret of a new token, and the page that shows them."""
    page = await browser.post(f"{LIST}new/", store=str(shop.store_id), **{"name": "افزونه", **fields})
    assert page.status_code == 200, page.text
    [secret] = re.findall(r'id="token"[^>]* value="(wc_sk_live_\w{40})"', page.text)
    [token_id] = map(int, re.findall(r'role="button" href="/console/tokens/(\d+)/"', page.text))
    return token_id, secret, page


async def test_a_token_is_shown_once_and_works(system: System, shop: Shop, owner: Browser) -> None:
    """With the address and where both are pasted; later pages show its preview only."""
    token_id, secret, page = await make(owner, shop)
    assert page.headers["cache-control"] == "no-store"
    assert f'id="api-address" dir="ltr" readonly value="{str(system.http.base_url).rstrip("/")}"' in page.text
    assert "WooCommerce → Pilito Sync" in page.text
    assert page.text.count(secret) == 2
    assert await works(system, secret)
    for path in (LIST, f"{LIST}{token_id}/", f"/console/stores/{shop.store_id}/"):
        shown = await owner.page(path)
        assert secret not in shown
        assert tokens.preview(secret) in shown


async def test_the_terms_of_a_token(system: System, shop: Shop, owner: Browser) -> None:
    """Addresses on lines or with commas, in Persian digits too; an end in days from now."""
    before = datetime.now(UTC)
    addresses = "203.0.113.7، ۱۹۸.۵۱.۱۰۰.۰/۲۴\n 2001:db8::/32 "
    token_id, secret, _ = await make(owner, shop, days="30", allowed_ips=addresses)
    token = await stored(system, token_id)
    assert token
    assert token.allowed_ips == ("203.0.113.7", "198.51.100.0/24", "2001:db8::/32")
    assert token.expires_at
    assert timedelta(days=29) < token.expires_at - before < timedelta(days=31)
    assert not await works(system, secret)
    page = await owner.post(f"{LIST}{token_id}/", name="WordPress", days="keep", allowed_ips="")
    assert "The token is changed" in page.text
    assert await works(system, secret)
    changed = await stored(system, token_id)
    assert changed
    assert (changed.name, changed.allowed_ips, changed.expires_at) == ("WordPress", (), token.expires_at)
    await owner.post(f"{LIST}{token_id}/", name="WordPress", days="", allowed_ips="")
    assert (unending := await stored(system, token_id))
    assert unending.expires_at is None


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"name": " \t "}, "Enter a name"),
        ({"name": "x" * 201}, "Enter a name"),
        ({"allowed_ips": "203.0.113.7\nmy server"}, "One of these is not an IP address."),
        ({"days": "31"}, "Choose how long the token works."),
    ],
)
async def test_terms_that_are_refused_are_named(
    wrong: dict[str, str], problem: str, system: System, shop: Shop, owner: Browser
) -> None:
    """On both forms, and nothing is made or changed."""
    terms = {"store": str(shop.store_id), "name": "Plugin", "days": "", "allowed_ips": "", **wrong}
    for path in (f"{LIST}new/", f"{LIST}{shop.token_id}/"):
        page = await owner.post(path, **terms)
        assert page.status_code == 400
        assert problem in page.text
    assert [
        token["id"] for token in await shop.rows("SELECT id FROM integration_tokens WHERE store_id = :store")
    ] == [shop.token_id]


async def test_a_token_is_switched_off_and_on(system: System, shop: Shop, owner: Browser) -> None:
    """Requests with it are refused while it is off; the list has a filter for both."""
    at = f"{LIST}{shop.token_id}/active/"
    assert "switched off" in (await owner.post(at, active="0")).text
    assert not await works(system, shop.secret)
    assert f"{LIST}{shop.token_id}/" in await owner.page(LIST, state="off")
    assert "There is no token here" in await owner.page(LIST, state="usable")
    assert "works again" in (await owner.post(at, active="1")).text
    assert await works(system, shop.secret)
    assert f"{LIST}{shop.token_id}/" in await owner.page(LIST, state="usable")


async def test_a_token_is_revoked_after_a_question(system: System, shop: Shop, owner: Browser) -> None:
    """The page explains the consequence first; the store and its products stay."""
    await shop.sync({"id": 1, "name": "چراغ"})
    assert "It never works again" in await owner.page(f"{LIST}{shop.token_id}/")
    page = await owner.post(f"{LIST}{shop.token_id}/revoke/")
    assert "revoked for good" in page.text
    assert not await works(system, shop.secret)
    assert await stored(system, shop.token_id) is None
    assert (await owner.get(f"{LIST}{shop.token_id}/")).status_code == 404
    assert await shop.product(1)


async def test_the_tokens_of_another_owner_are_a_404(system: System, shop: Shop, owner: Browser) -> None:
    """Neither shown, changed, switched, revoked nor made for a store of another owner."""
    stranger = await system.shop()
    at = f"{LIST}{stranger.token_id}/"
    assert (await owner.get(at)).status_code == 404
    assert (await owner.get(LIST, store=stranger.store_id)).status_code == 404
    assert (await owner.get(f"{LIST}new/", store=stranger.store_id)).status_code == 404
    for path, form in (
        (at, {"name": "x"}),
        (f"{at}active/", {"active": "0"}),
        (f"{at}revoke/", {}),
        (f"{LIST}new/", {"store": str(stranger.store_id), "name": "x"}),
    ):
        assert (await owner.post(path, **form)).status_code == 404
    assert at not in await owner.page(LIST)
    assert await works(system, stranger.secret)


async def test_an_admin_sees_all_tokens(system: System, shop: Shop) -> None:
    """Of one store, or of all, the newest first, in pages."""
    async with open_browser(system, is_staff=True, language="fa") as admin:
        everything = await admin.page(LIST)
        assert f"{LIST}{shop.token_id}/" in everything
        assert "توکن‌ها" in everything
        other = await system.second_shop(shop.user_id)
        one = await admin.page(LIST, store=other.store_id)
        assert f"{LIST}{other.token_id}/" in one
        assert f"{LIST}{shop.token_id}/" not in one
        assert f"{LIST}{other.token_id}/" not in await admin.page(LIST, before=other.token_id)
