"""Syncs in the console: started with a choice, watched while they run, and read."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest_asyncio

from contracts.syncs import SyncMode
from fakes.woocommerce import unavailable
from tests.console.browser import Browser, open_browser
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.sync.syncs import Synced
from tests.support.system import System


@pytest_asyncio.fixture(loop_scope="session")
async def owner(synced: Synced) -> AsyncIterator[Browser]:
    async with open_browser(synced.system, synced.store.user_id) as browser:
        yield browser


def at(store_id: int) -> str:
    return f"/console/stores/{store_id}/"


async def ended(browser: Browser, started: httpx2.Response) -> str:
    """Returns the page of a sync once it no longer asks to be loaded again."""
    path = str(started.url.path)
    return await eventually(
        lambda: browser.page(path), lambda page: "every 2s" not in page, what="the end of the sync"
    )


async def test_a_sync_is_watched_to_its_end(synced: Synced, owner: Browser) -> None:
    """The page loads itself again while the sync runs, says what it waits for, and stops at the end."""
    synced.shop.add(name="چراغ مطالعه", price="5")
    synced.shop.fail_always(unavailable())
    page = await owner.post(f"{at(synced.store.store_id)}sync/", which="full")
    path = page.url.path
    assert re.fullmatch(rf"/console/stores/{synced.store.store_id}/syncs/\d+/", path)
    assert "The sync has started." in page.text
    waits = await eventually(
        lambda: owner.page(path), lambda page: "temporary problem" in page, what="the reason of the wait"
    )
    assert 'hx-trigger="every 2s"' in waits
    assert "<progress" in waits
    assert "A sync is under way" in await owner.page(at(synced.store.store_id))
    again = await owner.post(f"{at(synced.store.store_id)}sync/", which="incremental")
    assert again.url.path == path
    assert "under way already" in again.text
    synced.shop.fail_always(None)
    done = await ended(owner, page)
    assert "<progress" not in done
    assert "Products brought up to date: 1." in done


async def test_what_differed_is_listed_by_kind(synced: Synced, owner: Browser) -> None:
    """A dry run changes nothing; the full one after it does, and says what to look at."""
    earlier = datetime.now(UTC) - timedelta(minutes=10)
    synced.shop.clock = lambda: earlier
    for name in ("چراغ", "Lamp", "گلدان", "Vase", "میز", "Desk"):
        synced.shop.add(name=name, price="5")
    first, second, *_ = synced.shop.products
    await synced.sync(SyncMode.FULL)
    synced.shop.clock = lambda: earlier + timedelta(minutes=5)
    synced.shop.change(first, name="چراغ تازه")
    synced.shop.delete(second)
    start = f"{at(synced.store.store_id)}sync/"
    dry = await ended(owner, await owner.post(start, which="dry"))
    assert "This was a dry run, so nothing was changed." in dry
    assert len(await synced.indexed()) == 6
    page = await owner.post(start, which="full")
    full = await ended(owner, page)
    assert f">woo_{second}<" in full.replace("\n", "")
    assert "Events of these changes never arrived." in full
    assert len(await synced.indexed()) == 5
    deleted = await owner.page(page.url.path, kind="silent_delete")
    assert deleted.count("Deleted without an event</td>") == 1
    assert "Change that never arrived</td>" not in deleted
    assert "The shop deleted the product and sent no event." in deleted
    store = await owner.page(at(synced.store.store_id))
    assert "The last comparison found 2 products that differed." in store
    listed = await owner.page(f"{at(synced.store.store_id)}syncs/")
    assert len(re.findall(r"/syncs/\d+/", listed)) == 3
    assert "Everything, dry run" in listed
    again = await ended(owner, await owner.post(start, which="full"))
    assert "Nothing differed" in again
    assert "None: the last comparison found no difference." in await owner.page(at(synced.store.store_id))


async def test_a_refused_sync_is_explained_and_permitted(synced: Synced, owner: Browser) -> None:
    """The page leads to the form that permits the removal; no other form offers that."""
    for number in range(10):
        synced.shop.add(name=f"محصول {number}", price="5")
    await synced.sync(SyncMode.FULL)
    for id_ in list(synced.shop.products)[:5]:
        synced.shop.delete(id_)
    start = f"{at(synced.store.store_id)}sync/"
    assert "allow_gone" not in await owner.page(start)
    refused = await ended(owner, await owner.post(start, which="full"))
    assert "no longer lists more than a fifth" in refused
    assert "The last sync was refused" in await owner.page(at(synced.store.store_id))
    assert 'name="allow_gone"' in await owner.page(start, which="full", permit="1")
    done = await ended(owner, await owner.post(start, which="full", allow_gone="1"))
    assert "Products brought up to date: 5." in done


async def test_a_shop_that_cannot_be_read_says_what_is_missing(system: System, shop: Shop) -> None:
    """An owner is sent to the operator, an admin to the settings; a forged form gets a 400."""
    custom = await system.second_shop(shop.user_id, store_type="custom")
    async with open_browser(system, shop.user_id) as browser:
        assert "Give the address and a read key" in await browser.page(f"{at(shop.store_id)}sync/")
        assert "nothing to read" in await browser.page(f"{at(custom.store_id)}sync/")
        assert (await browser.post(f"{at(shop.store_id)}sync/", which="full")).status_code == 400
        assert "There has been no sync yet" in await browser.page(f"{at(shop.store_id)}syncs/")
    async with open_browser(system, is_staff=True) as browser:
        assert f"{at(shop.store_id)}settings/" in await browser.page(f"{at(shop.store_id)}sync/")


async def test_the_syncs_of_another_owner_are_a_404(synced: Synced, owner: Browser) -> None:
    """Also under the address of one's own store."""
    await synced.sync(SyncMode.FULL)
    sync_id = await synced.latest()
    async with open_browser(synced.system, (await synced.system.shop()).user_id) as stranger:
        for path in ("sync/", "syncs/", f"syncs/{sync_id}/"):
            assert (await stranger.get(f"{at(synced.store.store_id)}{path}")).status_code == 404
        forged = await stranger.post(f"{at(synced.store.store_id)}sync/", which="full")
        assert forged.status_code == 404
    own = await synced.system.second_shop(synced.store.user_id)
    assert (await owner.get(f"{at(own.store_id)}syncs/{sync_id}/")).status_code == 404
    assert await synced.latest() == sync_id
