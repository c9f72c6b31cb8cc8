"""Retries of all that a filter finds: what one press started, and what became of it."""

import re

import httpx2
from sqlalchemy import text

from database import retries
from tests.console.browser import Browser, visiting
from tests.console.scene import events
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.network.cable import Cable
from tests.support.shop import Shop
from tests.support.system import System, serving

NEW = "/console/events/retry/"
RETRIES = "/console/events/retries/"
CAUSE = "The shop cannot be reached."


async def test_a_press_tells_its_result_and_keeps_it(system: System, shop: Shop) -> None:
    """Only for the events that were failed then; the page stops loading itself when all have ended."""
    async with await visiting(system, shop.user_id) as browser:
        await events(system, shop.store_id, 3, reason=CAUSE)
        page = await browser.post(NEW, store=shop.store_id)
        path = page.url.path
        assert path.startswith(RETRIES), page.text
        await events(system, shop.store_id, 1, status="unchanged")
        done = await eventually(
            lambda: browser.page(path), lambda seen: "every 2s" not in seen, what="the end of the retries"
        )
        assert "All 3 events have succeeded." in done
        assert "<progress" not in done
        assert path in await browser.page(NEW, store=shop.store_id)


async def begun(
    system: System, user_id: int, store_id: int | None, rows: list[int], *, is_over: bool = False
) -> int:
    """Write a retry of these events that has started none of them. Returns its id."""
    async with system.database.transaction() as connection:
        retry_id = await retries.begin(
            connection, user_id=user_id, store_id=store_id, filters={"reason": CAUSE}, found=len(rows)
        )
        await retries.add(connection, retry_id, rows)
        if is_over:
            await retries.stop(connection, retry_id)
    return retry_id


async def test_what_failed_before_the_press_is_not_a_result(system: System, shop: Shop) -> None:
    """Such an event waits; one that failed later has failed again, and counts by its reason."""
    rows = await events(system, shop.store_id, 4, reason=CAUSE)
    retry_id = await begun(system, shop.user_id, shop.store_id, rows)
    async with system.database.transaction() as connection:
        await connection.execute(
            text("UPDATE events SET finished_at = now() + interval '1 s' WHERE id = ANY(:ids)"),
            {"ids": rows[:2]},
        )
        await connection.execute(
            text("UPDATE events SET status = 'stale', finished_at = now() WHERE id = :id"), {"id": rows[2]}
        )
    async with system.database.reading() as connection:
        result = await retries.result(connection, retry_id)
    assert (result.waiting, result.succeeded, result.failed) == (1, 1, 2)
    assert (result.started, result.ended, result.reasons) == (4, 3, {CAUSE: 2})
    async with await visiting(system, shop.user_id, language="fa") as browser:
        shown = await browser.page(f"{RETRIES}{retry_id}/")
        assert 'max="4" value="3"' in shown
        assert "باز هم ناموفق، به تفکیک علت" in shown
        assert CAUSE not in re.sub(r'href="[^"]*"', "", shown)
        await browser.post(f"{RETRIES}{retry_id}/stop/")
        assert ">ادامه<" not in await browser.page(f"{RETRIES}{retry_id}/")


async def test_a_retry_of_all_stores_is_for_admins(system: System, shop: Shop) -> None:
    retry_id = await begun(system, shop.user_id, None, [])
    for is_staff, expected in ((False, 404), (True, 200)):
        person = None if is_staff else shop.user_id
        async with await visiting(system, person, is_staff=is_staff) as browser:
            assert (await browser.get(f"{RETRIES}{retry_id}/")).status_code == expected


async def _refused(http: httpx2.AsyncClient, browser: Browser, shop: Shop) -> str:
    """Returns the address of a retry that could start nothing."""
    cookies = {"Cookie": f"pilito={browser.http.cookies['pilito']}; pilito_language=fa"}
    headers = {**cookies, "Sec-Fetch-Site": "same-origin"}
    form = {"csrf": browser.csrf, "store": str(shop.store_id)}
    answer = await http.post(NEW, data=form, headers=headers, follow_redirects=False)
    at = answer.headers["location"]
    assert "بخشی از سرویس پاسخ نمی‌دهد" in (await http.get(at, headers=headers)).text
    path: str = at.partition("?")[0]
    part = await http.post(path, data=form, headers={**headers, "HX-Request": "true"})
    assert part.status_code == 503
    assert part.headers["hx-retarget"] == "#trouble"
    return path


async def test_without_temporal_a_retry_goes_on_later(
    system: System, configure: Configure, shop: Shop
) -> None:
    """Nothing counts as started, and a press goes on where Temporal answers again."""
    rows = await events(system, shop.store_id, 2, reason=CAUSE)
    settings = configure()
    host, port = str(settings.temporal_address).rsplit(":", 1)
    async with (
        await visiting(system, shop.user_id) as browser,
        Cable(host, int(port)) as cable,
        serving(configure(temporal_address=f"127.0.0.1:{cable.port}")) as http,
    ):
        await cable.cut()
        path = await _refused(http, browser, shop)
        assert "Started 0 of 2." in await browser.page(path)
        await browser.post(path)
        done = await eventually(
            lambda: browser.page(path), lambda seen: "every 2s" not in seen, what="the end of the retries"
        )
        assert f"All {len(rows)} events have succeeded." in done
