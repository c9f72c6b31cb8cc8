"""No change is lost between WordPress and the API, through failures of either."""

import asyncio
import base64
import html
import re

import pytest
from standardwebhooks.webhooks import Webhook

from database.access import stores
from embedded.ports import free_ports
from tests.plugin.shop import WordPress, arrived, php
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System

pytestmark = pytest.mark.timeout(240)

ANSWERS = """
    add_filter( 'pre_http_request', function () {
        return array( 'headers' => array( %s ), 'body' => %s,
            'response' => array( 'code' => %d, 'message' => '' ), 'cookies' => array(), 'filename' => null );
    } );
    Pilito_PS_Worker::run();
    return Pilito_PS_State::get();"""


def answering(status: int, body: str = "", **headers: str) -> str:
    told = ", ".join(f"{php(name.replace('_', '-'))} => {php(value)}" for name, value in headers.items())
    return ANSWERS % (told, php(body), status)


async def events(shop: Shop) -> int:
    row = await shop.one("SELECT count(*) AS number FROM events WHERE store_id = :store")
    assert row is not None
    number: int = row["number"]
    return number


async def test_a_process_killed_after_the_answer_repeats_the_event_id(
    wordpress: WordPress, shop: Shop
) -> None:
    """A process killed between the answer and its note sends the change again under the same event id."""
    product = await wordpress.product("ساعت")
    await wordpress.pass_time(31)
    await wordpress.act(
        "add_action( 'http_api_debug', function () { posix_kill( getmypid(), 9 ); } ); return Pilito_PS_Worker::run();",
        dies=True,
    )
    assert (await wordpress.waiting())[product]["error"] == "interrupted"
    assert await wordpress.act("return Pilito_PS_Lock::is_held();")
    await wordpress.pass_time(300)
    assert await wordpress.act("return Pilito_PS_Worker::run();") == 1
    await arrived(shop, product, 1)
    assert await wordpress.waiting() == {}


async def test_a_change_during_a_delivery_is_sent_after_it(wordpress: WordPress, shop: Shop) -> None:
    """A change that comes while an older one is under way is sent after it, under an id of its own."""
    product = await wordpress.product("پتو", regular_price="1")
    await wordpress.pass_time(31)
    await wordpress.act(f"""
        add_action( 'http_api_debug', function () {{
            WC_Product::write( array( 'ID' => {product} ), array( 'regular_price' => '2' ) );
        }} );
        return Pilito_PS_Worker::run();""")
    assert list(await wordpress.waiting()) == [product]
    await wordpress.send()
    first, second = await arrived(shop, product, 2)
    assert [event["payload"]["regular_price"] for event in (first, second)] == ["1", "2"]
    assert first["event_id"] != second["event_id"]


async def test_a_retry_with_another_body_has_another_event_id(wordpress: WordPress, shop: Shop) -> None:
    """Where the product was changed past every hook between two tries, the second has another id."""
    product = await wordpress.product("فرش", regular_price="1")
    ids = await wordpress.act(f"""
        global $wpdb;
        $key = $wpdb->get_var( 'SELECT change_key FROM ' . Pilito_PS_Queue::table() );
        $id  = function () use ( $key ) {{
            wp_cache_flush();
            list( $kind, $product ) = Pilito_PS_Payload::read( {product}, 'updated' );
            return Pilito_PS_Api::event_id( $kind, $product, $key );
        }};
        $ids = array( $id(), $id() );
        $wpdb->update( $wpdb->postmeta, array( 'meta_value' => '2' ), array( 'post_id' => {product}, 'meta_key' => '_regular_price' ) );
        return array_merge( $ids, array( $id() ) );""")
    assert ids[0] == ids[1] != ids[2]


async def test_a_product_that_crashes_php_blocks_no_other(wordpress: WordPress, shop: Shop) -> None:
    """A product that crashes PHP does not block others; at the second time its shortcodes are left out."""
    bad = await wordpress.product("خراب", description="پارچهٔ نخی [poison]")
    good = await wordpress.product("سالم")
    poison = "add_shortcode( 'poison', function () { %s } ); return Pilito_PS_Worker::run();"
    await wordpress.pass_time(31)
    await wordpress.act(poison % "set_time_limit( 1 ); while ( true );", dies=True)
    assert not await wordpress.act("return Pilito_PS_Lock::is_held();")
    assert await wordpress.act("return Pilito_PS_Worker::run();") == 1
    await arrived(shop, good)
    row = (await wordpress.waiting())[bad]
    assert (row["attempts"], row["deaths"], row["error"]) == ("1", "1", "interrupted")
    await wordpress.pass_time(300)
    assert await wordpress.act(poison % "throw new Error( 'of another plugin' );") == 1
    (event,) = await arrived(shop, bad)
    assert "پارچهٔ نخی" in event["payload"]["description"]
    assert "poison" not in event["payload"]["description"]


async def test_a_shortcode_that_exits_holds_no_scheduled_action(wordpress: WordPress, shop: Shop) -> None:
    """A product is read after Action Scheduler has finished, and sent without its shortcodes once one exits twice.

    After an exit another process goes on with the other products at once.
    """
    bad = await wordpress.product("تغییر مسیر", description="چرم طبیعی [leave]")
    good = await wordpress.product("ساده")
    tick = """
        add_shortcode( 'leave', function () { exit; } );
        as_unschedule_all_actions( 'pilito_ps_run_soon' );
        do_action( 'pilito_ps_run_soon' );
        return array( 'the next action runs', Pilito_PS_Lock::is_held() );"""
    await wordpress.pass_time(31)
    deaths: list[dict[int, str]] = []
    for _ in range(3):
        assert await wordpress.act(tick) == ["the next action runs", False]
        if not deaths:
            soon, now = await wordpress.act("""
                $soon = wp_list_filter( test_actions(), array( 'hook' => 'pilito_ps_run_soon' ) );
                return array( array_values( wp_list_pluck( $soon, 'at' ) ), time() );""")
            assert min(soon) <= now
        assert not await wordpress.act("return Pilito_PS_Lock::is_held();")
        deaths.append({product: row["deaths"] for product, row in (await wordpress.waiting()).items()})
        await wordpress.pass_time(61)
    assert deaths == [{bad: "1", good: "0"}, {bad: "2"}, {}]
    (event,) = await arrived(shop, bad)
    assert "چرم طبیعی" in event["payload"]["description"]
    await arrived(shop, good)


async def test_changes_wait_while_the_service_is_down(
    wordpress: WordPress, shop: Shop, system: System
) -> None:
    """What cannot be sent waits with growing pauses, and all of it goes once the first is taken."""
    products = [await wordpress.product(f"کالا {number}") for number in range(5)]
    (closed,) = free_ports(1)
    await wordpress.connect(f"http://127.0.0.1:{closed}", shop.secret)
    assert await wordpress.send() == 0
    state = await wordpress.act("return Pilito_PS_State::get();")
    assert (state["problem"], state["outages"]) == ("refused", 1)
    pauses = []
    for _ in range(7):
        await wordpress.pass_time(3600)
        before = await wordpress.act("return time();")
        assert await wordpress.act("return Pilito_PS_Worker::run();") == 0
        pauses.append((await wordpress.act("return Pilito_PS_State::get();"))["pause_until"] - before)
    planned = [60, 120, 240, 480, 900, 900, 900]
    assert all(0 <= pause - plan < 30 for pause, plan in zip(pauses, planned, strict=True)), pauses
    assert sorted(await wordpress.waiting()) == products
    await wordpress.connect(str(system.http.base_url), shop.secret)
    await wordpress.pass_time(3600)
    assert await wordpress.act("return Pilito_PS_Worker::run();") == 5
    for product in products:
        await arrived(shop, product)


async def test_a_refused_token_stops_deliveries(wordpress: WordPress, shop: Shop) -> None:
    """At 401 sending stops with a notice, and goes on once the token is good again, without a click."""
    product = await wordpress.product("کتاب")
    switch = f"UPDATE integration_tokens SET is_active = %s WHERE id = {shop.token_id}"
    async with shop.database.transaction() as connection:
        await connection.exec_driver_sql(switch % "false")
    assert await wordpress.send() == 0
    assert (await wordpress.act("return Pilito_PS_State::get();"))["stopped"] == "token_inactive"
    async with wordpress.browser() as admin:
        assert "has stopped sending products" in await admin.page("index.php")
        assert "switched off in Pilito" in await admin.page()
    assert await wordpress.act("return Pilito_PS_Worker::run();") == 0
    await wordpress.pass_time(301)
    now = await wordpress.act("return time();")
    assert await wordpress.act("return Pilito_PS_Worker::run();") == 0
    state = await wordpress.act("return Pilito_PS_State::get();")
    assert (state["stopped"], state["probes"]) == ("token_inactive", 1)
    assert 600 <= state["probe_at"] - now < 630
    async with shop.database.transaction() as connection:
        await connection.exec_driver_sql(switch % "true")
    await wordpress.pass_time(601)
    assert await wordpress.act("return Pilito_PS_Worker::run();") == 1
    async with wordpress.browser() as admin:
        assert "has stopped sending products" not in await admin.page("index.php")
    await arrived(shop, product)


async def test_a_401_of_another_server_is_an_outage(wordpress: WordPress) -> None:
    """A proxy that asks for a password stops nothing for longer than its own mishap.

    The page says nothing of one mishap, and says until the next try that an outage lasts.
    """
    product = await wordpress.product("کلاه")
    await wordpress.pass_time(31)
    state = await wordpress.act(answering(401, "<h1>Authorization Required</h1>"))
    assert state["stopped"] == ""
    row = (await wordpress.waiting())[product]
    assert (row["attempts"], row["error"]) == ("1", "proxy")
    assert (await wordpress.act("return Pilito_PS_Status::now();"))["mood"] == "good"
    await wordpress.pass_time(61)
    await wordpress.act(answering(401, "<h1>Authorization Required</h1>"))
    for seconds in (0, 31):
        await wordpress.pass_time(seconds)
        shown = await wordpress.act("return Pilito_PS_Status::now();")
        assert (shown["mood"], shown["code"]) == ("bad", "proxy")
    await wordpress.pass_time(121)
    assert await wordpress.act("return Pilito_PS_Worker::run();") == 1
    assert (await wordpress.act("return Pilito_PS_Status::now();"))["mood"] == "good"


async def test_a_wrong_clock_is_named(wordpress: WordPress) -> None:
    """Both times are shown, and sending goes on once the clocks agree."""
    await wordpress.product("ساعت دیواری")
    await wordpress.pass_time(31)
    refusal = (
        '{"error": "Clock skew", "server_time": "2026-01-01T10:00:00Z", "sent_time": "2026-01-01T10:20:00Z"}'
    )
    assert (await wordpress.act(answering(401, refusal)))["stopped"] == "clock"
    shown = await wordpress.act("return Pilito_PS_Status::now();")
    assert shown["mood"] == "bad"
    assert "2026-01-01T10:00:00Z" in shown["problem"]
    assert "2026-01-01T10:20:00Z" in shown["problem"]
    await wordpress.pass_time(301)
    health = '{"status": "ok", "user": {}, "token": {}, "server_time": "2026-01-01T11:00:00Z"}'
    state = await wordpress.act(answering(200, health))
    assert state["stopped"] == "clock"
    assert "2026-01-01T11:00:00Z" in state["stopped_note"]
    await wordpress.pass_time(601)
    assert await wordpress.act("return Pilito_PS_Worker::run();") == 1


async def test_retry_after_pauses_all_deliveries(wordpress: WordPress) -> None:
    """Retry-After pauses all deliveries for exactly so long and counts as no failure."""
    product = await wordpress.product("کفش")
    await wordpress.pass_time(31)
    now = await wordpress.act("return time();")
    state = await wordpress.act(answering(429, retry_after="120"))
    assert 120 <= state["pause_until"] - now < 150
    assert (await wordpress.waiting())[product]["attempts"] == "0"
    assert await wordpress.act("return Pilito_PS_Worker::run();") == 0


async def test_a_refused_product_does_not_stop_the_others(wordpress: WordPress, shop: Shop) -> None:
    """A product the service cannot read does not stop the others; its next change is sent at once."""
    product = await wordpress.product("کج", regular_price="بسیار")
    other = await wordpress.product("راست")
    assert await wordpress.send() == 1
    await arrived(shop, other)
    row = (await wordpress.waiting())[product]
    assert row["error"] == "invalid"
    assert "product.price" in row["note"]
    async with wordpress.browser() as admin:
        told = (await admin.ask("status", nonce=await admin.nonce())).json()["data"]["failures"]
    assert [(failure["id"], "could not read this product" in failure["words"]) for failure in told] == [
        (product, True)
    ]
    await wordpress.act(
        f"return WC_Product::write( array( 'ID' => {product} ), array( 'regular_price' => '5' ) );"
    )
    assert await wordpress.send() == 1


async def test_an_answer_that_is_not_the_apis_is_a_failure(wordpress: WordPress) -> None:
    """A page that answers 200 to everything takes nothing out of the queue."""
    product = await wordpress.product("میز")
    await wordpress.pass_time(31)
    await wordpress.act(answering(200, "<html>under construction</html>"))
    assert (await wordpress.waiting())[product]["error"] == "not_pilito"
    await wordpress.pass_time(3600)
    await wordpress.act(answering(200, '{"status": "ok", "event_id": "another"}'))
    assert (await wordpress.waiting())[product]["error"] == "not_pilito"


async def test_concurrent_senders_send_each_change_once(wordpress: WordPress, shop: Shop) -> None:
    """Several at once send each change once."""
    for number in range(6):
        await wordpress.product(f"کالا {number}")
    await wordpress.pass_time(31)
    taken = await asyncio.gather(*(wordpress.act("return Pilito_PS_Worker::run();") for _ in range(3)))
    assert sorted(taken) == [0, 0, 6]
    await eventually(lambda: events(shop), lambda number: number >= 6, what="6 events")
    assert await events(shop) == 6


async def test_deliveries_are_signed_with_the_secret(
    wordpress: WordPress, shop: Shop, system: System
) -> None:
    """With a secret every delivery is signed so that the reference library accepts it, and is still taken."""
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    await wordpress.connect(str(system.http.base_url), shop.secret, secret)
    product = await wordpress.product("دفتر")
    await wordpress.pass_time(31)
    sent = await wordpress.act("""
        $sent = null;
        add_filter( 'http_request_args', function ( $request ) use ( &$sent ) { return $sent = $request; } );
        Pilito_PS_Worker::run();
        return $sent;""")
    told = Webhook(secret).verify(sent["body"], sent["headers"])
    assert told["event_id"] == sent["headers"]["webhook-id"]
    assert (await arrived(shop, product))[0]["event_id"] == told["event_id"]
    assert "\\u" not in sent["body"]


async def test_the_service_checks_the_signature(wordpress: WordPress, system: System) -> None:
    """A store's own secret is accepted as `pilito token create` prints it; with a wrong one nothing arrives."""
    secret = stores.new_webhook_secret()
    shop = await system.shop(webhook_secret=secret)
    await wordpress.connect(str(system.http.base_url), shop.secret, stores.new_webhook_secret())
    product = await wordpress.product("دفترچه")
    assert await wordpress.send() == 0
    assert await events(shop) == 0
    await wordpress.connect(str(system.http.base_url), shop.secret, secret)
    await wordpress.pass_time(100000)
    await wordpress.act("return Pilito_PS_Worker::run();")
    await arrived(shop, product)


async def test_a_full_sync_runs_page_by_page(wordpress: WordPress, shop: Shop) -> None:
    """A full sync runs page by page without a browser, after changes, and reports trashed products as deleted."""
    made = await wordpress.act("""
        global $wpdb;
        wp_defer_term_counting( true );
        $ids = array();
        foreach ( range( 1, 230 ) as $n ) {
            $ids[] = wp_insert_post( array( 'post_type' => 'product', 'post_title' => "کالا $n", 'post_status' => 230 === $n ? 'trash' : 'publish' ) );
        }
        Pilito_PS_Changes::flush();
        $wpdb->query( 'TRUNCATE ' . Pilito_PS_Queue::table() );
        Pilito_PS_Bulk::start();
        Pilito_PS_Service::learn( pilito_ps_api_url(), pilito_ps_token(), array( 'features' => array( 'batch' ), 'limits' => array( 'batch_items' => 2 ) ) );
        Pilito_PS_Worker::run( 0.5 );
        delete_option( 'pilito_ps_service' );
        return $ids;""")
    progress = await wordpress.act("return Pilito_PS_Bulk::progress();")
    assert progress["running"]
    assert 0 < progress["done"] < progress["total"] == 230
    await wordpress.act(
        f"return WC_Product::write( array( 'ID' => {made[228]} ), array( 'sku' => 'urgent' ) );"
    )
    await wordpress.act(
        f"global $wpdb; return $wpdb->query( 'UPDATE ' . Pilito_PS_Queue::table() . ' SET due_at = due_at - 31 WHERE product_id = {made[228]}' );"
    )
    assert (await wordpress.act("return Pilito_PS_Queue::due( 1 );"))[0]["product_id"] == str(made[228])
    for _ in range(60):
        await wordpress.act("return Pilito_PS_Worker::run();")
        if not (await wordpress.act("return Pilito_PS_Bulk::progress();"))["running"]:
            break
    progress = await wordpress.act("return Pilito_PS_Bulk::progress();")
    assert (progress["running"], progress["percent"]) == (False, 100)
    assert await wordpress.waiting() == {}
    await eventually(lambda: events(shop), lambda number: number >= 230, what="all events")
    rows = await shop.rows("SELECT external_id, event_type FROM events WHERE store_id = :store")
    assert {row["external_id"] for row in rows} == {f"woo_{product}" for product in made}
    assert [row["external_id"] for row in rows if row["event_type"] == "product.deleted"] == [
        f"woo_{made[229]}"
    ]


async def test_changes_wait_while_sending_is_off(wordpress: WordPress, shop: Shop) -> None:
    """While it is off changes wait; switched on they are sent."""
    await wordpress.act("pilito_ps_write_option( 'pilito_ps_on', 'no' ); return true;")
    product = await wordpress.product("دوربین")
    assert await wordpress.send() == 0
    await wordpress.act("pilito_ps_write_option( 'pilito_ps_on', 'yes' ); return true;")
    assert await wordpress.send() == 1
    await arrived(shop, product)


BATCHES = """
    $log = array();
    add_filter( 'pre_http_request', function ( $no, $request, $url ) use ( &$log ) {
        $answer = array( 'status' => 'ok', 'user' => array(), 'token' => array(), 'features' => array( 'batch' ),
            'limits' => array( 'batch_items' => 4, 'batch_bytes' => 8388608 ) );
        if ( 'POST' === $request['method'] ) {
            $events = json_decode( $request['body'], true )['events'];
            $log[]  = array_column( array_column( $events, 'product' ), 'id' );
            $answer = array( 'status' => 'accepted', 'results' => array_map( function ( $event ) {
                $kinds = array( 'بد' => 'refused', 'دیر' => 'retry' );
                $name  = $event['product']['name'];
                return array( 'event_id' => $event['event_id'], 'status' => $kinds[ $name ] ?? 'accepted', 'message' => 'product.price' );
            }, $events ) );
        }
        return array( 'headers' => array(), 'body' => wp_json_encode( $answer ), 'response' => array( 'code' => 202, 'message' => '' ),
            'cookies' => array(), 'filename' => null );
    }, 10, 3 );
    %s
    $taken = Pilito_PS_Worker::run();
    return array( $taken, $log, Pilito_PS_Bulk::progress(), Pilito_PS_State::get(), Pilito_PS_Send_Log::last( 3 ) );"""


async def test_a_full_sync_is_sent_in_batches(wordpress: WordPress) -> None:
    """In batches of the service's length; what it refuses or puts off stays alone; a new sync counts none of an earlier one."""
    made = [
        await wordpress.product(name) for name in ("یک", "دو", "بد", "سه", "دیر", "چهار", "پنج", "شش", "هفت")
    ]
    fresh = "global $wpdb; $wpdb->query( 'TRUNCATE ' . Pilito_PS_Queue::table() ); Pilito_PS_Bulk::start(); Pilito_PS_Bulk::feed(); Pilito_PS_Bulk::start();"
    taken, batches, progress, state, log = await wordpress.act(BATCHES % fresh)
    assert batches == [made[:4], made[4:8], made[8:]]
    assert (taken, state["sent"]) == (7, 7)
    assert (progress["running"], progress["total"], progress["left"]) == (True, 9, 1)
    assert {entry["result"] for entry in log} == {"taken"}
    rows = await wordpress.waiting()
    assert {product: row["error"] for product, row in rows.items()} == {made[2]: "invalid", made[4]: ""}
    status = await wordpress.act("return Pilito_PS_Status::now();")
    assert (status["left"], status["failed"], status["mood"]) == (2, 1, "warn")


async def test_a_batch_is_halved_and_given_up(wordpress: WordPress, shop: Shop) -> None:
    """A service that refuses batches gets shorter ones, and at last its products one by one."""
    made = [await wordpress.product(f"کالا {number}") for number in range(3)]
    await wordpress.act("""
        Pilito_PS_Queue::add_now( wp_list_pluck( get_posts( array( 'post_type' => 'product' ) ), 'ID' ) );
        Pilito_PS_Service::learn( pilito_ps_api_url(), pilito_ps_token(), array( 'features' => array( 'batch' ) ) );
        return $GLOBALS['wpdb']->query( 'UPDATE ' . Pilito_PS_Queue::table() . ' SET is_bulk = 1' );""")
    taken = await wordpress.act("""
        add_filter( 'pre_http_request', function ( $no, $request, $url ) {
            return false === strpos( $url, '/batch/' ) ? $no : array( 'headers' => array(), 'body' => '{"error": "too much"}',
                'response' => array( 'code' => 413, 'message' => '' ), 'cookies' => array(), 'filename' => null );
        }, 10, 3 );
        return Pilito_PS_Worker::run();""")
    assert taken == 3
    for product in made:
        await arrived(shop, product)


async def test_a_change_in_wp_admin_is_sent_by_itself(wordpress: WordPress, shop: Shop) -> None:
    """Without a scheduled task, an open page or a click, the request that changes a product has it sent."""
    product = await wordpress.product("آینه")
    await wordpress.send()
    await arrived(shop, product)
    await wordpress.act(
        "update_option( 'test_background', 1 ); update_option( 'pilito_ps_quiet', 1 ); return true;"
    )
    try:
        async with wordpress.browser() as admin:
            page = await admin.page("edit.php?post_type=product")
            found = re.search(rf"post\.php\?post={product}&amp;action=trash&amp;_wpnonce=\w+", page)
            assert found
            await admin.http.get(f"/wp-admin/{html.unescape(found[0])}")
            events = await arrived(shop, product, 2)
            assert events[-1]["event_type"] == "product.deleted"
            forged = await admin.http.post(
                "/wp-admin/admin-ajax.php", data={"action": "pilito_ps_work", "at": "1", "sign": "x"}
            )
            assert forged.status_code == 403
    finally:
        await wordpress.act("return delete_option( 'test_background' );")


async def test_reactivation_sends_all_products(wordpress: WordPress, shop: Shop) -> None:
    """What changed while the plugin was off is sent after it is on again."""
    product = await wordpress.product("گیوه")
    await wordpress.act(
        "require_once ABSPATH . 'wp-admin/includes/admin.php'; deactivate_plugins( 'pilito-product-sync/pilito-product-sync.php' );"
        " $GLOBALS['wpdb']->query( 'TRUNCATE ' . Pilito_PS_Queue::table() ); return true;"
    )
    await wordpress.act(
        "require_once ABSPATH . 'wp-admin/includes/admin.php'; return null === activate_plugin( 'pilito-product-sync/pilito-product-sync.php' );"
    )
    assert await wordpress.act("return Pilito_PS_Worker::run();") == 1
    await arrived(shop, product)


async def test_the_open_page_sends_what_no_scheduled_task_does(wordpress: WordPress, shop: Shop) -> None:
    """The light, the headline and the problem agree, and the page is asked to send."""
    product = await wordpress.product("قالیچه")
    await wordpress.pass_time(2000)
    async with wordpress.browser() as admin:
        nonce = await admin.nonce()
        shown = (await admin.ask("status", nonce=nonce)).json()["data"]
        assert (shown["mood"], shown["code"], shown["run"]) == ("bad", "tasks", True)
        assert "every product change" not in shown["headline"]
        shown = (await admin.ask("run", nonce=nonce)).json()["data"]
        assert (shown["mood"], shown["run"], shown["waiting"]) == ("good", False, "0")
    await arrived(shop, product)


async def test_the_table_of_an_older_version_is_kept(wordpress: WordPress, shop: Shop) -> None:
    """After an update, changes that waited in the older table are sent."""
    product = await wordpress.product("جاجیم")
    await wordpress.act("""
        global $wpdb;
        update_option( 'pilito_ps_schema', 1 );
        return $wpdb->query( 'ALTER TABLE ' . Pilito_PS_Queue::table() . ' DROP COLUMN deaths' );""")
    assert (await wordpress.waiting())[product]["deaths"] == "0"
    assert await wordpress.send() == 1
    await arrived(shop, product)
