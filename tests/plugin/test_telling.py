"""Who learns how sending goes: the owner by e-mail and Site Health, the operator by commands and logs."""

import pytest

from tests.plugin.shop import WordPress, arrived, php
from tests.support.shop import Shop

pytestmark = pytest.mark.timeout(240)

MAILS = """
    $mails = array();
    add_filter( 'pre_wp_mail', function ( $no, $mail ) use ( &$mails ) { $mails[] = $mail; return true; }, 10, 2 );
    $age = function ( $seconds ) {
        $kept = get_option( 'pilito_ps_mail' );
        update_option( 'pilito_ps_mail', array( 'since' => $kept['since'] - $seconds ) + $kept, false );
    };
    Pilito_PS_State::stop( new Pilito_PS_Answer( 'stop', 'token_expired' ) );
    Pilito_PS_Mail::check();
    $age( 86000 );
    Pilito_PS_Mail::check();
    $early = count( $mails );
    $age( 401 );
    Pilito_PS_Mail::check();
    Pilito_PS_Mail::check();
    $late = count( $mails );
    Pilito_PS_State::resume();
    Pilito_PS_Mail::check();
    Pilito_PS_Mail::check();
    return array( $early, $late, $mails );"""


async def test_the_owner_is_mailed_once_after_a_day(wordpress: WordPress) -> None:
    """One e-mail when sending has been stopped for a day, with the reason, and one when it works again."""
    early, late, mails = await wordpress.act(MAILS)
    assert (early, late, len(mails)) == (0, 1, 2)
    assert {mail["to"] for mail in mails} == {"admin@example.com"}
    assert "has expired" in mails[0]["message"]
    assert "sends products again" in mails[1]["subject"]
    overdue = await wordpress.act("""
        global $wpdb;
        Pilito_PS_Queue::add( array( 7 => 'updated' ) );
        $wpdb->query( 'UPDATE ' . Pilito_PS_Queue::table() . ' SET first_at = 1, due_at = 1' );
        $mails = array();
        add_filter( 'pre_wp_mail', function ( $no, $mail ) use ( &$mails ) { $mails[] = $mail; return true; }, 10, 2 );
        Pilito_PS_Mail::check();
        return $mails;""")
    assert "scheduled tasks" in overdue[0]["message"]


async def test_site_health_shows_the_status(wordpress: WordPress) -> None:
    """Sending is judged at once, the connection by asking; each says what to do."""
    results = await wordpress.act("""
        $tests  = apply_filters( 'site_status_tests', array( 'direct' => array(), 'async' => array() ) );
        $found  = array( call_user_func( $tests['direct']['pilito_ps_sending']['test'] ) );
        $found[] = call_user_func( $tests['async']['pilito-connection']['async_direct_test'] );
        Pilito_PS_State::stop( new Pilito_PS_Answer( 'stop', 'token_expired' ) );
        $found[] = call_user_func( $tests['direct']['pilito_ps_sending']['test'] );
        update_option( 'pilito_ps_api_url', 'http://127.0.0.1:1' );
        $found[] = call_user_func( $tests['async']['pilito-connection']['async_direct_test'] );
        Pilito_PS_State::resume();
        Pilito_PS_State::pause( new Pilito_PS_Answer( 'outage', 'unreachable', 'timed out <i>' ), 300, true );
        add_filter( 'determine_locale', function () { return 'fa_IR'; } );
        $found[] = call_user_func( $tests['direct']['pilito_ps_sending']['test'] );
        return $found;""")
    assert [result["status"] for result in results] == [
        "good", "good", "critical", "recommended", "critical",
    ]  # fmt: skip
    assert "has expired" in results[2]["description"]
    assert results[3]["label"] == "Pilito cannot be reached"
    assert "۵" in results[4]["label"]
    assert "<br />" in results[4]["description"]
    assert "timed out &lt;i&gt;" in results[4]["description"]
    async with wordpress.browser("reader") as reader:
        answer = await reader.http.post(
            "/wp-admin/admin-ajax.php", data={"action": "health-check-pilito-connection"}
        )
        assert answer.status_code == 403


COMMANDS = """
    class Ended extends Exception {}
    class WP_CLI {
        public static $said = array();
        public static function line( $text ) { self::$said[] = $text; }
        public static function success( $text ) { self::$said[] = "Success: $text"; }
        public static function error( $text ) { self::$said[] = "Error: $text"; throw new Ended(); }
        public static function halt( $code ) { self::$said[] = "Ended with $code"; throw new Ended(); }
    }
    $command = new Pilito_PS_Cli();
    try {
        %s
    } catch ( Ended $ended ) {
        unset( $ended );
    }
    return WP_CLI::$said;"""


async def test_commands_send_products_and_show_the_status(wordpress: WordPress, shop: Shop) -> None:
    """`wp pilito send`, `sync` and `status` do what the page does, and say what keeps them from it."""
    product = await wordpress.product("سینی مسی")
    said = await wordpress.act(
        COMMANDS % f"$command->send( array( '{product}' ) ); $command->send( array( 'x' ) );"
    )
    assert said == ["Success: Pilito has taken the products.", "Error: x is not the id of a product."]
    await arrived(shop, product)
    said = await wordpress.act(
        COMMANDS
        % "$command->sync( array(), array() ); $command->status( array(), array( 'format' => 'json' ) );"
    )
    assert said[:2] == ["1 / 1", "Success: All products were sent."]
    assert '"mood":"good"' in said[2]
    await arrived(shop, product, 2)
    said = await wordpress.act(
        COMMANDS
        % "Pilito_PS_State::stop( new Pilito_PS_Answer( 'stop', 'token_expired' ) ); $command->status( array(), array() );"
    )
    assert said[-1] == "Ended with 1"
    said = await wordpress.act(
        COMMANDS % "delete_option( 'pilito_ps_token' ); $command->sync( array(), array() );"
    )
    assert "PILITO_PS_TOKEN" in said[0]


async def test_sends_are_logged_without_secrets(wordpress: WordPress, shop: Shop) -> None:
    """The last sends are kept, newest first, and WooCommerce's log has a line for each."""
    await wordpress.act("delete_option( 'pilito_ps_log' ); return true;")
    first, second = [await wordpress.product(name) for name in ("کوزه", "کاسه")]
    await wordpress.pass_time(31)
    lines = await wordpress.act("""
        class Lines {
            public $lines = array();
            public function log( $level, $line, $context ) { $this->lines[] = array( $level, $line, $context['source'] ); }
        }
        $GLOBALS['lines'] = new Lines();
        function wc_get_logger() { return $GLOBALS['lines']; }
        Pilito_PS_Worker::run();
        return $GLOBALS['lines']->lines;""")
    assert [(level, source) for level, _, source in lines] == [("info", "pilito-product-sync")] * 2
    assert f"product {first}" in lines[0][1]
    kept = await wordpress.act("return Pilito_PS_Send_Log::last( 20 );")
    assert [(entry["product_id"], entry["result"]) for entry in kept] == [
        (second, "taken"),
        (first, "taken"),
    ]
    assert shop.secret not in str(lines) + str(kept)


async def test_constants_come_before_what_was_typed(wordpress: WordPress, shop: Shop) -> None:
    """A host sets token and address in wp-config.php; a value that cannot be used counts as not set."""
    seen = await wordpress.act(f"""
        delete_option( 'pilito_ps_on' );
        $without = pilito_ps_is_on();
        define( 'PILITO_PS_TOKEN', {php("wc_sk_live_" + "b" * 40)} );
        define( 'PILITO_PS_API_URL', 'http://api.example.com' );
        $seen = array( $without, pilito_ps_is_on(), pilito_ps_token(), pilito_ps_api_url() );
        update_option( 'pilito_ps_on', 'no', false );
        return array_merge( $seen, array( pilito_ps_is_on() ) );""")
    assert seen[:3] == [False, True, "wc_sk_live_" + "b" * 40]
    assert "example.com" not in seen[3]
    assert seen[4] is False
