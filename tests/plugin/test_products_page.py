"""The product list and the editor show what the assistant knows of each product."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.console.screen import HEIGHT, NARROW, WIDE, chromium_running, tab, window
from tests.plugin.service import Response, Service, service
from tests.plugin.shop import PASSWORD, Browser, WordPress

pytestmark = pytest.mark.timeout(240)
TOKEN = "wc_sk_live_" + "a" * 40
STATES = "/api/integrations/woocommerce/products/states/"
EXPLAIN = "/api/integrations/woocommerce/products/"
LIST = "edit.php?post_type=product"
HARMLESS = re.compile(r"^(?!error:)[a-z ]+:|Failed to load resource")
"""What WordPress itself writes to the console of a machine without a network."""

CLEAN = """
    global $wpdb;
    foreach ( get_posts( array( 'post_type' => 'product', 'post_status' => 'any,trash,auto-draft', 'numberposts' => -1, 'fields' => 'ids' ) ) as $id ) {
        wp_delete_post( $id, true );
    }
    Pilito_PS_Changes::flush();
    $wpdb->query( 'TRUNCATE ' . Pilito_PS_Queue::table() );
    foreach ( array( 'state', 'bulk', 'lock', 'exclude', 'setup' ) as $name ) {
        delete_option( 'pilito_ps_' . $name );
    }
    update_option( 'WPLANG', '' );
    return true;"""


@pytest_asyncio.fixture
async def standing(site: WordPress) -> AsyncIterator[Service]:
    """A service that the empty shop is connected to."""
    await site.act(CLEAN)
    async with service() as standing:
        await site.connect(standing.url, TOKEN)
        yield standing


def states(**of: str) -> dict[str, Any]:
    return {"states": {key.strip("_"): {"state": state, "message": state} for key, state in of.items()}}


async def shown(admin: Browser, state: str) -> set[int]:
    """The products that the list shows under a filter."""
    page = await admin.page(f"{LIST}&pilito_ps_state={state}")
    return {int(found) for found in re.findall(r'<tr id="post-(\d+)"', page)}


async def test_the_list_shows_states_and_asks_once(site: WordPress, standing: Service) -> None:
    """The list is shown without a request; its script then asks once for all, and a minute long not again.

    A failure of a product and a waiting change come from the shop's queue; the filter joins both.
    """
    known, hidden, waiting, failed = [
        await site.product(name) for name in ("چراغ", "Lamp", "فرش", "<b>Rug</b>")
    ]
    await site.act("global $wpdb; return $wpdb->query( 'TRUNCATE ' . Pilito_PS_Queue::table() );")
    await site.act(f"""
        global $wpdb;
        Pilito_PS_Queue::add( array( {waiting} => 'updated', {failed} => 'updated' ) );
        return $wpdb->update( Pilito_PS_Queue::table(), array( 'attempts' => 2, 'error' => 'invalid', 'note' => 'product.price <i>' ), array( 'product_id' => {failed} ) );""")
    standing.answers[f"POST {STATES}"] = (200, states(**{f"_{known}": "known", f"_{hidden}": "hidden"}))
    async with site.browser() as admin:
        nonce = await admin.nonce()
        page = await admin.page(LIST)
        assert standing.asked == []
        assert f'data-pilito="{waiting}" data-state="waiting"' in page
        assert f'data-pilito="{failed}" data-state="failed"' in page
        assert "product.price &lt;i&gt;" in page
        assert f'data-pilito="{known}" data-state="" data-ask' in page
        ids = ",".join(map(str, (known, hidden, waiting, failed)))
        for _ in range(2):
            answer = (await admin.ask("states", nonce=nonce, ids=ids)).json()["data"]["states"]
            assert {key: state["state"] for key, state in answer.items()} == {
                str(known): "known",
                str(hidden): "hidden",
                str(waiting): "waiting",
                str(failed): "failed",
            }
        assert [sorted(body["ids"]) for body in standing.bodies(STATES)] == [sorted((known, hidden))]
        assert answer[str(hidden)]["why"] == "hidden."
        persian = await site.act(f"""
            require_once PILITO_PS_DIR . 'admin/load.php';
            add_filter( 'determine_locale', function () {{ return 'fa_IR'; }} );
            return Pilito_PS_Admin_Product_State::of( array( {hidden} ) )[ {hidden} ];""")
        assert (persian["state"], persian["why"], persian["fresh"]) == ("hidden", "", False)
        filtered = {
            state: await shown(admin, state)
            for state in ("known", "hidden", "waiting", "failed", "excluded", "unknown", "nonsense' OR 1")
        }
        assert filtered.pop("nonsense' OR 1") == {known, hidden, waiting, failed}
        assert filtered == {
            "known": {known},
            "hidden": {hidden},
            "waiting": {waiting},
            "failed": {failed},
            "excluded": set(),
            "unknown": set(),
        }
        await site.act("""
            require_once PILITO_PS_DIR . 'includes/class-pilito-known.php';
            global $wpdb;
            return $wpdb->query( 'UPDATE ' . Pilito_PS_Known::table() . ' SET said_at = 1' );""")
        standing.answers[f"POST {STATES}"] = (200, states(**{f"_{known}": "hidden"}))
        found = (await admin.ask("survey", nonce=nonce)).json()["data"]
        assert found == {"more": False, "changed": True}
        assert await shown(admin, "unknown") == {hidden}


async def test_a_product_is_sent_at_once_from_the_list(site: WordPress, standing: Service) -> None:
    """The button of a row sends at once; the action for several queues them; a reader may do neither."""
    one, two = await site.product("کفش"), await site.product("Shoe")
    await site.act("global $wpdb; return $wpdb->query( 'TRUNCATE ' . Pilito_PS_Queue::table() );")
    async with site.browser() as admin:
        nonce = await admin.nonce()
        page = await admin.page(LIST)
        assert f'class="button-link pilito-ps-send" data-id="{one}"' in page
        sent = (await admin.ask("send", nonce=nonce, ids=f"{one},0,x,99999999")).json()
        assert sent["success"], sent
        assert await site.waiting() == {}
        listed = page.split('name="_wpnonce" value="')[1].split('"')[0]
        done = await admin.http.get(
            "/wp-admin/edit.php",
            params={
                "post_type": "product",
                "action": "pilito_ps_send",
                "_wpnonce": listed,
                "post[]": [one, two],
            },
        )
        assert "sent to Pilito now: 2" in done.text
        assert set(await site.waiting()) == {one, two}
    async with site.browser("reader") as reader:
        for action in ("states", "send", "survey", "explain", "exclude", "ask", "later", "finish"):
            assert (await reader.ask(action, nonce=nonce, ids=str(one))).status_code == 403


async def test_the_box_shows_what_is_known(site: WordPress, standing: Service) -> None:
    """The editor shows title, price and text as the service has them, and why it has none; texts are data."""
    product = await site.product("چراغ مطالعه")
    await site.act("global $wpdb; return $wpdb->query( 'TRUNCATE ' . Pilito_PS_Queue::table() );")
    told: dict[str, Any] = {
        "known": True,
        "verdict": "known",
        "message": "The assistant knows it",
        "what_to_do": "Nothing",
        "product": {"updated_at": "2026-11-26T10:00:00Z"},
        "what_is_known": {
            "title": "<script>چراغ",
            "price": "1250000",
            "currency": "IRT",
            "in_stock": True,
            "text": "نور گرم",
        },
    }
    standing.answers[f"GET {EXPLAIN}*"] = (200, told)
    standing.answers[f"POST {STATES}"] = (200, states(**{f"_{product}": "known"}))
    async with site.browser() as admin:
        nonce = await admin.nonce()
        page = await admin.page(f"post.php?post={product}&action=edit")
        assert "What Pilito knows" in page
        assert standing.asked == []
        said = (await admin.ask("explain", nonce=nonce, ids=str(product))).json()["data"]
        assert said["words"] == "The assistant knows it."
        assert said["known"] == {
            "title": "چراغ",
            "price": "1,250,000 toman",
            "stock": "in stock",
            "text": "نور گرم",
        }
        assert [path for path, _ in standing.asked] == [f"{EXPLAIN}{product}/explain/", STATES]
        missing = (await admin.ask("explain", nonce=nonce, ids="99999999")).json()
        assert missing == {
            "success": False,
            "data": {"code": "no_product", "message": "There is no such product."},
        }
        del standing.answers[f"GET {EXPLAIN}*"]
        await site.act(
            "global $wpdb; return $wpdb->query( 'UPDATE ' . Pilito_PS_Known::table() . ' SET said_at = 1' );"
        )
        older = (await admin.ask("explain", nonce=nonce, ids=str(product))).json()
        assert older["data"]["code"] == "not_offered"


async def test_a_product_is_excluded_from_the_box(site: WordPress, standing: Service) -> None:
    """Excluding queues and keeps the product's id; including removes it."""
    product = await site.product("عطر")
    async with site.browser() as admin:
        nonce = await admin.nonce()
        for out, kept, listed in (("1", [product], {product}), ("0", [], set())):
            answer = (await admin.ask("exclude", nonce=nonce, ids=str(product), out=out)).json()["data"]
            assert answer["excluded"] is (out == "1")
            assert (answer["state"]["state"] == "excluded") is (out == "1")
            assert await site.act("return get_option( 'pilito_ps_exclude' )['products'];") == kept
            assert await shown(admin, "excluded") == listed


OUTAGES: dict[str, tuple[Response, str, str]] = {
    "down": ((503, {"error": "down"}), "outage", "Nothing is lost"),
    "something else": ((200, {"hello": 1}), "outage", "Nothing is lost"),
    "token": ((401, {"detail": "Invalid token"}), "token_unknown", "does not know this token"),
    "refused": ((400, {"error": "query: too long"}), "refused", "in other words"),
    "slow down": ((429, {"error": "Too many"}), "busy", "wait a little"),
}


async def test_an_unanswered_question_is_explained(site: WordPress, standing: Service) -> None:
    """Every reason is one sentence for the owner, without the hosting being blamed."""
    async with site.browser() as admin:
        nonce = await admin.nonce()
        for response, code, words in OUTAGES.values():
            standing.answers = {"*": response}
            data = (await admin.ask("ask", nonce=nonce, question="چراغ")).json()["data"]
            assert data["code"] == code, data
            assert words in data["message"]
            assert "hosting" not in data["message"]
        empty = (await admin.ask("ask", nonce=nonce, question=" ")).json()["data"]
        assert empty["code"] == "no_question"


async def test_an_owner_is_set_up_in_a_browser(site: WordPress, standing: Service) -> None:
    """Token, first sync, first question; then the list gets its states, and nothing is wider than a phone."""
    product = await site.product("چراغ مطالعه")
    await site.act("""
        global $wpdb;
        foreach ( array( 'token', 'secret', 'api_url', 'on', 'state', 'setup' ) as $name ) { delete_option( 'pilito_ps_' . $name ); }
        return $wpdb->query( 'TRUNCATE ' . Pilito_PS_Queue::table() );""")
    hit = {
        "external_id": f"woo_{product}",
        "title": "چراغ",
        "price": "10",
        "currency": "IRT",
        "in_stock": True,
    }
    standing.answers["POST /api/v1/knowledge/search/"] = (200, {"results": [{"product": hit}]})
    standing.answers[f"POST {STATES}"] = (200, states(**{f"_{product}": "known"}))
    async with (
        chromium_running() as chromium,
        window(chromium, site.url) as opened,
        tab(opened, site.url) as screen,
    ):
        page = screen.page
        await screen.open("/wp-login.php")
        await page.fill("#user_login", "admin")
        await page.fill("#user_pass", PASSWORD)
        await page.click("#wp-submit")
        await screen.open("/wp-admin/index.php")
        await page.click("#pilito-ps-notice a")
        await page.click("#pilito-ps-connection details summary")
        await page.fill("#pilito-ps-url", standing.url)
        await page.fill("#pilito-ps-token", TOKEN)
        await page.click("#pilito-ps-test")
        await expect(page.locator(".pilito-ps-steps .is-past").first).to_be_visible()
        await site.act("for ( $i = 0; $i < 4; $i++ ) { Pilito_PS_Worker::run(); } return true;")
        await screen.open("/wp-admin/admin.php?page=pilito-product-sync")
        await page.click(".pilito-ps-chip")
        await expect(page.locator("#pilito-ps-found li")).to_contain_text("10 toman")
        assert await narrow(page)
        await page.click("#pilito-ps-finish")
        await expect(page.locator("#pilito-ps")).to_have_attribute("data-step", "done")
        await page.click("#pilito-ps-sync")
        await page.click("#pilito-ps-no")
        await expect(page.locator("#pilito-ps-really")).to_be_hidden()
        assert await narrow(page)
        await screen.open(f"/wp-admin/{LIST}")
        await expect(page.locator(f'[data-pilito="{product}"]')).to_have_attribute("data-state", "known")
        assert await narrow(page)
        assert [message for message in screen.messages if not HARMLESS.search(message)] == []


async def narrow(page: Page) -> bool:
    """Returns whether the page fits a phone."""
    await page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    fits: bool = await page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    await page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    return fits
