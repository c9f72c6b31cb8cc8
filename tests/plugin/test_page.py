"""The settings page of the plugin, for a shop owner and for others."""

import subprocess

import pytest

from tests.plugin.shop import HERE, WordPress, arrived, program
from tests.support.shop import Shop
from tests.support.system import System

pytestmark = pytest.mark.timeout(240)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FORGET = "foreach ( array( 'token', 'secret', 'on', 'api_url', 'setup' ) as $name ) { delete_option( 'pilito_ps_' . $name ); } return true;"
LEFT = r"""
    global $wpdb;
    return array(
        $wpdb->get_col( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE '%pilito%'" ),
        $wpdb->get_col( "SHOW TABLES LIKE '%pilito%'" ),
        $wpdb->get_col( "SELECT meta_key FROM {$wpdb->usermeta} WHERE meta_key LIKE 'pilito%'" ),
    );"""


def test_phpunit_tests_pass(packages: None) -> None:
    """The classes that need no WordPress do what their tests say."""
    unit = HERE / "unit"
    ran = subprocess.run(
        [program("phpunit"), "--bootstrap", unit / "bootstrap.php", "--do-not-cache-result", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "OK (" in ran.stdout


async def test_a_pasted_and_tested_token_connects_the_shop(
    wordpress: WordPress, shop: Shop, system: System
) -> None:
    """One token pasted and tested: the account and store are named, and all products are sent from then on.

    Until then, the dashboard and the list of plugins point to the page, unless the owner dismisses that.
    """
    await wordpress.act(FORGET)
    before = await wordpress.product("پیش از اتصال")
    await wordpress.act("global $wpdb; return $wpdb->query( 'TRUNCATE ' . Pilito_PS_Queue::table() );")
    url = str(system.http.base_url).rstrip("/")
    async with wordpress.browser() as admin:
        page = await admin.page()
        assert "https://api.pilito.com" in page
        assert 'data-step="token"' in page
        for screen in ("index.php", "plugins.php"):
            assert "pilito-ps-notice" in await admin.page(screen)
        nonce = await admin.nonce()
        wrong = (await admin.ask("test", nonce=nonce, api_url=url, token="wc_sk_live_" + "a" * 40)).json()[
            "data"
        ]
        assert not wrong["good"]
        assert "does not know this token" in wrong["text"]
        assert not wrong["status"]["ready"]
        good = (
            await admin.ask("test", nonce=nonce, api_url=url, token=f" {shop.secret}\n", secret=SECRET)
        ).json()["data"]
        assert good["good"], good
        assert good["step"] == "sync"
        assert good["status"]["bulk"]["running"]
        assert good["status"]["store"].startswith("store")
        assert "@example.com" in good["status"]["account"]
        page = await admin.page() + await admin.page("options.php")
        assert shop.secret not in page
        assert SECRET not in page
        assert "pilito-ps-notice" not in await admin.page("index.php")
    await wordpress.act("return Pilito_PS_Worker::run();")
    await arrived(shop, before)
    product = await wordpress.product("چراغ خواب")
    await wordpress.send()
    await arrived(shop, product)
    autoloaded = await wordpress.act("return array_keys( wp_load_alloptions() );")
    assert not {"pilito_ps_token", "pilito_ps_secret", "pilito_ps_state"} & set(autoloaded)


REFUSED = {
    "not a token": ({"token": "hello"}, "does not look like a token"),
    "no address": ({"api_url": "javascript:alert(1)", "token": "x" * 40}, "must look like"),
    "plain HTTP": ({"api_url": "http://api.example.com", "token": "x" * 40}, "must begin with https"),
    "a password in the address": (
        {"api_url": "https://a:b@example.com", "token": "x" * 40},
        "must look like",
    ),
    "another server without the token": ({"api_url": "https://evil.example.com"}, "Paste the token again"),
    "not a secret": ({"secret": "whsec_%%%%%%%"}, "does not look like a signing secret"),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_invalid_input_is_explained_and_not_stored(
    wordpress: WordPress, shop: Shop, system: System, what: str
) -> None:
    """It is said in plain words, and nothing of it is kept or sent anywhere."""
    typed, told = REFUSED[what]
    url = str(system.http.base_url).rstrip("/")
    async with wordpress.browser() as admin:
        nonce = await admin.nonce()
        answer = (await admin.ask("test", **{"nonce": nonce, "api_url": url, **typed})).json()["data"]
        assert not answer["good"]
        assert told in answer["text"]
        saved = await admin.http.post(
            "/wp-admin/admin-post.php",
            data={"action": "pilito_ps_save", "nonce": nonce, "api_url": url, **typed},
        )
        assert told in saved.text
    assert await wordpress.act("return array( pilito_ps_token(), pilito_ps_api_url() );") == [
        shop.secret,
        url,
    ]


@pytest.mark.parametrize("action", ["test", "status", "retry", "sync", "cancel", "run"])
async def test_the_page_needs_the_right_to_manage(wordpress: WordPress, action: str) -> None:
    """A user without the right, or without the nonce, is refused."""
    async with wordpress.browser() as admin:
        nonce = await admin.nonce()
        assert (await admin.ask(action)).status_code == 403
        assert (await admin.ask(action, nonce="0123456789")).status_code == 403
    async with wordpress.browser("reader") as reader:
        assert (await reader.ask(action, nonce=nonce)).status_code == 403
        answer = await reader.http.get("/wp-admin/admin.php?page=pilito-product-sync")
        assert answer.status_code == 403


async def test_saving_needs_the_nonce(wordpress: WordPress) -> None:
    """A form from elsewhere changes nothing."""
    before = await wordpress.act("return pilito_ps_api_url();")
    async with wordpress.browser() as admin:
        answer = await admin.http.post(
            "/wp-admin/admin-post.php",
            data={"action": "pilito_ps_save", "api_url": "https://evil.example.com"},
        )
        assert answer.status_code == 403
    assert await wordpress.act("return pilito_ps_api_url();") == before


async def test_a_persian_shop_sees_the_page_in_persian(wordpress: WordPress) -> None:
    """A shop in Persian sees the page in Persian, with Persian digits."""
    (wordpress.folder / "wp-content/languages").mkdir(exist_ok=True)
    (wordpress.folder / "wp-content/languages/fa_IR.mo").touch()
    await wordpress.act("""
        update_option( 'WPLANG', 'fa_IR' );
        Pilito_PS_State::set( array( 'account' => 'a@example.com', 'last_success' => time() - 300, 'sent' => 1234 ) );
        return true;""")
    async with wordpress.browser() as admin:
        page = await admin.page()
        nonce = await admin.nonce()
        status = (await admin.ask("status", nonce=nonce)).json()["data"]
    for words in ("همگام‌سازی پیلیتو", "تست اتصال", "ذخیره", "همگام‌سازی همهٔ محصولات", "آخرین ارسال موفق"):
        assert words in page
    assert "پیلیتو Sync" not in page
    assert [status["sent"], status["lastSuccess"]] == ["۱٬۲۳۴", "۵ دقیقه پیش"]


async def test_an_outage_is_said_once_and_blames_no_hosting(wordpress: WordPress) -> None:
    """Where sending worked before, an outage is one sentence, and no product of the table has failed by it.

    Before anything was sent, the sentence names what to check.
    """
    down, bad = await wordpress.product("چراغ"), await wordpress.product("Lamp")
    await wordpress.act(f"""
        global $wpdb;
        $wpdb->update( Pilito_PS_Queue::table(), array( 'attempts' => 3, 'error' => 'refused' ), array( 'product_id' => {down} ) );
        $wpdb->update( Pilito_PS_Queue::table(), array( 'attempts' => 3, 'error' => 'invalid', 'note' => 'product.price' ), array( 'product_id' => {bad} ) );
        Pilito_PS_State::set( array( 'last_success' => time() - 60, 'pause_until' => time() + 300, 'problem' => 'refused', 'problem_note' => 'cURL error 7' ) );
        return true;""")
    async with wordpress.browser() as admin:
        nonce = await admin.nonce()
        status = (await admin.ask("status", nonce=nonce)).json()["data"]
        assert "Nothing is lost" in status["problem"]
        assert "hosting" not in status["problem"]
        assert [failure["id"] for failure in status["failures"]] == [bad]
        await wordpress.act("Pilito_PS_State::set( array( 'last_success' => 0 ) ); return true;")
        status = (await admin.ask("status", nonce=nonce)).json()["data"]
        assert "Check the address and its port" in status["problem"]


async def test_choices_are_saved_within_their_bounds(wordpress: WordPress) -> None:
    """Digits may be Persian; what is no number within the bounds changes nothing, and the message names it."""
    term = await wordpress.act("return wp_insert_term( 'کیف <b>', 'product_cat' )['term_id'];")
    read = "return array( (int) get_option( 'pilito_ps_quiet' ), get_option( 'pilito_ps_exclude' ) );"
    async with wordpress.browser() as admin:
        page = await admin.page()
        assert "کیف" in page
        nonce = page.split('name="choices_nonce" value="')[1].split('"')[0]
        form = {"action": "pilito_ps_choose", "choices_nonce": nonce, "quiet": "۱۲"}
        saved = await admin.http.post(
            "/wp-admin/admin-post.php",
            data={**form, "categories[]": [str(term), "x", "-1"], "out_of_stock": "1"},
        )
        assert "Settings saved" in saved.text
        kept = {"products": [], "categories": [term], "tags": [], "out_of_stock": True}
        assert await wordpress.act(read) == [12, kept]
        for quiet in ("0", "301", "1.5", ""):
            refused = await admin.http.post("/wp-admin/admin-post.php", data={**form, "quiet": quiet})
            assert "Seconds of quiet: write a whole number from 1 to 300." in refused.text
        assert await wordpress.act(read) == [12, kept]
        del form["choices_nonce"]
        assert (await admin.http.post("/wp-admin/admin-post.php", data=form)).status_code == 403
    await wordpress.act(
        "delete_option( 'pilito_ps_exclude' ); delete_option( 'pilito_ps_quiet' ); return true;"
    )


async def test_uninstalling_leaves_nothing_behind(wordpress: WordPress) -> None:
    """Deactivated it only stops; uninstalled it leaves nothing behind."""
    await wordpress.product("یادگار")
    left = await wordpress.act("""
        require_once ABSPATH . 'wp-admin/includes/admin.php';
        deactivate_plugins( 'pilito-product-sync/pilito-product-sync.php' );
        return array( pilito_ps_token(), count( test_actions() ), count( (array) Pilito_PS_Queue::due( 9 ) ) >= 0 );""")
    assert left[0]
    assert left[1] == 0
    late = await wordpress.act("""
        require_once WP_PLUGIN_DIR . '/pilito-product-sync/pilito-product-sync.php';
        $_SERVER['REQUEST_TIME'] -= 60;
        Pilito_PS_Schedule::plan( time() + 5 );
        Pilito_PS_Schedule::ensure();
        $late = count( test_actions() );
        $_SERVER['REQUEST_TIME'] = time() + 60;
        Pilito_PS_Schedule::plan( time() + 5 );
        $new = count( test_actions() );
        as_unschedule_all_actions( Pilito_PS_Schedule::SOON );
        return array( $late, $new );""")
    assert late == [0, 1], (
        "a request that began before takes back what it plans, one of an active plugin does not"
    )
    options, tables, _ = await wordpress.act(LEFT)
    assert options
    assert tables
    await wordpress.act("""
        require_once ABSPATH . 'wp-admin/includes/admin.php';
        return true === delete_plugins( array( 'pilito-product-sync/pilito-product-sync.php' ) );""")
    assert await wordpress.act(LEFT) == [[], [], []]
    assert await wordpress.install_plugin()
