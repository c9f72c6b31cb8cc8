"""Stores in the console: the list, one of them, what assistants may read, and the forms of admins."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from contracts.stores import PluginEvent, Store
from database.access import plugins, stores
from fakes.woocommerce import KEY, SECRET
from tests.console.browser import Browser, open_browser
from tests.support.shop import Shop
from tests.support.system import System

LIST = "/console/stores/"


@pytest_asyncio.fixture
async def owner(system: System, shop: Shop) -> AsyncIterator[Browser]:
    async with open_browser(system, shop.user_id) as browser:
        yield browser


@pytest_asyncio.fixture
async def admin(system: System) -> AsyncIterator[Browser]:
    async with open_browser(system, is_staff=True) as browser:
        yield browser


async def stored(system: System, store_id: int) -> Store:
    async with system.database.reading() as connection:
        store = await stores.read(connection, store_id)
    assert store
    return store


def listed(page: str) -> list[int]:
    return [int(id_) for id_ in re.findall(r'<th scope="row"><a href="/console/stores/(\d+)/">', page)]


async def test_an_owner_sees_their_own_stores_and_an_admin_all(
    system: System, shop: Shop, owner: Browser, admin: Browser
) -> None:
    """The newest first; admins find a store by its name, its address or its owner."""
    second = await system.second_shop(shop.user_id)
    stranger = await system.shop()
    assert listed(await owner.page(LIST)) == [second.store_id, shop.store_id]
    shown = listed(await admin.page(LIST))
    assert shown[:3] == [stranger.store_id, second.store_id, shop.store_id]
    name = (await stored(system, second.store_id)).name
    assert second.store_id in listed(await admin.page(LIST, part=name.upper()))
    assert "There is no store here" in await admin.page(LIST, part="no such shop")


async def test_the_page_of_a_store_counts_what_search_knows(shop: Shop, owner: Browser) -> None:
    """Products that are known, wait, are hidden, or have a failed change."""
    await shop.sync({"id": 1, "name": "چراغ مطالعه"})
    await shop.sync({"id": 2, "name": "Reading lamp"})
    await shop.sync({"id": 3, "name": "پیش‌نویس", "status": "draft"})
    await shop.rows("UPDATE products SET knowledge_hash = NULL WHERE external_id = 'woo_2' RETURNING id")
    await shop.rows(
        "UPDATE events SET status = 'failed', reason = 'No' WHERE store_id = :store"
        " AND external_id = 'woo_1' RETURNING id"
    )
    page = await owner.page(f"{LIST}{shop.store_id}/")
    counts = dict(re.findall(r"state=(\w+)\">(\d+)<", page))
    assert counts == {"known": "1", "waiting": "1", "hidden": "1", "failed": "1"}
    assert "Not known: no sync has compared everything yet." in page
    assert f"/api/integrations/woocommerce/webhook/{shop.store_id}/" in page


async def test_the_page_of_a_store_names_a_plugin_that_is_gone_and_a_silent_shop(
    system: System, shop: Shop, owner: Browser
) -> None:
    """The first explains the second, so only one of them is said."""
    at = f"{LIST}{shop.store_id}/"
    assert "Plugin in the shop" not in await owner.page(at)
    await shop.rows("UPDATE stores SET created_at = now() - interval '9 days' WHERE id = :store RETURNING id")
    assert "The last news of the shop came" in await owner.page(at)
    async with system.database.transaction() as connection:
        await plugins.note(connection, shop.store_id, PluginEvent.DEACTIVATED, version="2.0.0")
    page = await owner.page(at)
    assert "The plugin was switched off in the shop" in page
    assert "2.0.0" in page
    assert "The last news of the shop came" not in page


async def test_persian_has_its_digits_and_no_english_words(system: System, shop: Shop) -> None:
    """Names and codes stay as they are."""
    await shop.sync({"id": 1, "name": "چراغ مطالعه"})
    async with open_browser(system, shop.user_id, language="fa") as browser:
        page = await browser.page(f"{LIST}{shop.store_id}/")
    assert '<html lang="fa" dir="rtl"' in page
    assert 'state=known">۱<' in page
    assert "دستیارها می‌شناسند" in page


async def test_an_owner_says_what_assistants_may_read(system: System, shop: Shop, owner: Browser) -> None:
    """Any of the three, from the next request on; anything else is refused."""
    for access in ("public", "off", "token"):
        page = await owner.post(f"{LIST}{shop.store_id}/access/", assistant_access=access)
        assert "the new rule holds from now on" in page.text
        assert (await stored(system, shop.store_id)).assistant_access == access
    assert (await owner.post(f"{LIST}{shop.store_id}/access/", assistant_access="all")).status_code == 400
    assert (await owner.post(f"{LIST}{shop.store_id}/access/")).status_code == 400
    assert (await stored(system, shop.store_id)).assistant_access == "token"


async def test_the_store_of_another_owner_is_a_404(system: System, owner: Browser) -> None:
    """As an id that no store has, so that the answer does not reveal which stores exist."""
    stranger = await system.shop()
    for store_id in (stranger.store_id, 10**15):
        at = f"{LIST}{store_id}/"
        assert (await owner.get(at)).status_code == 404
        assert (await owner.post(f"{at}access/", assistant_access="public")).status_code == 404
    assert (await stored(system, stranger.store_id)).assistant_access == "token"


async def test_settings_are_for_admins(system: System, shop: Shop, owner: Browser) -> None:
    """An owner gets a 403 for each of their pages and forms."""
    for path in (f"{LIST}new/", f"{LIST}{shop.store_id}/settings/"):
        assert (await owner.get(path)).status_code == 403
        assert (await owner.post(path, name="x", type="custom")).status_code == 403
    assert (await stored(system, shop.store_id)).name != "x"


async def test_an_admin_makes_a_store_for_its_owner(system: System, shop: Shop, admin: Browser) -> None:
    """Its webhook secret is on the page that follows, and nowhere else."""
    async with system.database.reading() as connection:
        store = await stores.read(connection, shop.store_id)
    assert store
    page = await admin.post(
        f"{LIST}new/", type="custom", name=" فروشگاه چوبی ", owner=store.user_email, currency="IRT"
    )
    assert page.status_code == 200, page.text
    [secret] = re.findall(r'value="(whsec_\w+)"', page.text)
    [made] = map(int, re.findall(r"/console/tokens/new/\?store=(\d+)", page.text))
    after = await stored(system, made)
    assert (after.name, after.user_id, after.currency) == ("فروشگاه چوبی", shop.user_id, "IRT")
    assert secret not in await admin.page(f"{LIST}{made}/")
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("field", "wrong", "problem"),
    [
        ("name", {"name": " "}, "Enter a name of 1 to 200 characters."),
        ("owner", {"owner": "nobody@example.com"}, "There is no account with this email."),
        ("base_url", {"base_url": "http://127.0.0.1:1/"}, "This address cannot be used."),
        ("base_url", {"base_url": "ftp://shop.example"}, "This address cannot be used."),
        ("currency", {"currency": "I R T"}, "Enter a short code"),
        ("consumer_key", {"consumer_key": KEY}, "These keys do not fit together."),
    ],
)
async def test_a_field_that_is_refused_is_named(
    field: str, wrong: dict[str, str], problem: str, admin: Browser
) -> None:
    """In words, with what was entered still there, but no key."""
    entered = {"type": "woocommerce", "name": "Lamps", "currency": "EUR", **wrong}
    page = await admin.post(f"{LIST}new/", **entered)
    assert page.status_code == 400
    assert problem in page.text
    assert f'name="{field}"' in page.text
    assert KEY not in page.text
    assert f'value="{entered["currency"]}"' in page.text


async def test_settings_change_what_was_changed(system: System, shop: Shop, admin: Browser) -> None:
    """Numbers may be Persian; an empty key keeps the stored one, another host and a tick remove it."""
    at = f"{LIST}{shop.store_id}/settings/"
    base: dict[str, Any] = {"name": "چراغ‌ها", "base_url": "https://shop.example", "currency": "IRT"}
    hours = {"incremental_hours": "۱۲", "full_days": ""}
    page = await admin.post(at, **base, **hours, consumer_key=KEY, consumer_secret=SECRET, paused="1")
    assert "The settings of the store are saved." in page.text
    store = await stored(system, shop.store_id)
    assert (store.name, store.base_url, store.has_credentials) == ("چراغ‌ها", "https://shop.example", True)
    assert (store.schedule.incremental_hours, store.schedule.full_days) == (12, None)
    assert store.schedule.paused
    page = await admin.post(at, **base, incremental_hours="12", full_days="", paused="1")
    assert (await stored(system, shop.store_id)).has_credentials
    shown = await admin.page(at)
    assert KEY not in shown
    assert 'value="12"' in shown
    refused = await admin.post(at, **base, incremental_hours="9999", paused="1")
    assert refused.status_code == 400
    assert "Enter 1 to 168 hours" in refused.text
    await admin.post(at, **base, paused="1", remove_key="1")
    assert not (await stored(system, shop.store_id)).has_credentials


@pytest.mark.parametrize("query", ["part=%00", "before=0", "before=9999999999999999999", "before=x"])
async def test_an_address_with_other_filters_is_a_400(query: str, owner: Browser) -> None:
    """A page says so, and is no error of ours."""
    page = await owner.get(f"{LIST}?{query}")
    assert page.status_code == 400
    assert "This cannot be read" in page.text


async def test_a_form_from_elsewhere_is_refused(system: System, shop: Shop, owner: Browser) -> None:
    """Without the token of the session, with another one, and from another site."""
    at = f"{LIST}{shop.store_id}/access/"
    form = {"assistant_access": "public"}
    assert (await owner.http.post(at, data=form)).status_code == 403
    assert (await owner.http.post(at, data={**form, "csrf": "0" * 64})).status_code == 403
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert (
        await owner.http.post(at, data={**form, "csrf": owner.csrf}, headers=elsewhere)
    ).status_code == 403
    assert (await stored(system, shop.store_id)).assistant_access == "token"


async def test_a_new_secret_is_shown_once_beside_the_old_one(
    system: System, shop: Shop, owner: Browser
) -> None:
    """The owner chooses for how long the previous one is accepted; a secret of the shop's own is taken."""
    at = f"{LIST}{shop.store_id}/"
    await owner.post(f"{at}secret/", overlap_hours="24")
    page = await owner.post(f"{at}secret/", overlap_hours="۲۴")
    [secret] = re.findall(r'value="(whsec_\w+)"', page.text)
    assert "The old one is accepted until" in page.text
    assert (await stored(system, shop.store_id)).old_secret_until
    shown = await owner.page(at)
    assert secret not in shown
    assert "Previous secret accepted until" in shown
    page = await owner.post(f"{at}secret/", overlap_hours="0", webhook_secret="of-the-shop-itself")
    assert 'value="of-the-shop-itself"' in page.text
    assert (await stored(system, shop.store_id)).old_secret_until is None
    for wrong in ({"overlap_hours": "9999"}, {"overlap_hours": "x"}, {"webhook_secret": "short"}):
        refused = await owner.post(f"{at}secret/", **wrong)
        assert refused.status_code == 400
        assert 'role="alert"' in refused.text


async def test_a_store_is_removed_by_its_name(system: System, shop: Shop, admin: Browser) -> None:
    """Spelled in another way too, but with nothing else; its retries go with it."""
    at = f"{LIST}{shop.store_id}/"
    name = "فروشگاه‌ی كتاب"
    await admin.post(f"{at}settings/", name=name)
    await shop.sync({"id": 1, "name": "چراغ مطالعه"})
    for typed in ("", " ", "فروشگاه"):
        refused = await admin.post(f"{at}remove/", typed=typed)
        assert refused.status_code == 400
        assert "This is not the name of the store." in refused.text
    page = await admin.post(f"{at}remove/", typed="فروشگاه ی کتاب")
    assert page.url.path == LIST
    assert "The store is removed" in page.text
    assert (await admin.get(at)).status_code == 404
