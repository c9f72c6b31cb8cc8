"""Every change of a product in WordPress arrives in the knowledge base."""

import pytest

from tests.plugin.shop import WordPress, arrived
from tests.support.shop import Shop

pytestmark = pytest.mark.timeout(240)


async def test_a_product_with_its_variations(wordpress: WordPress, shop: Shop) -> None:
    """A product arrives as the contract says, its variations inside and its categories with their path."""
    product = await wordpress.act("""
        $top = wp_insert_term( 'پوشاک', 'product_cat' );
        $in  = wp_insert_term( 'تی‌شرت', 'product_cat', array( 'parent' => $top['term_id'] ) );
        wp_insert_term( 'مشکی', 'pa_color', array( 'slug' => 'black' ) );
        $id = WC_Product::write( array( 'post_title' => 'تی‌شرت &amp; شلوار', 'post_content' => 'نخ صد درصد پنبه', 'post_excerpt' => 'راحت' ),
            array( 'sku' => 'T-1', 'global_unique_id' => '6260001', 'product_attributes' => array( array( 'name' => 'pa_color', 'options' => array(), 'variation' => true ) ) ) );
        wp_set_object_terms( $id, array( $in['term_id'] ), 'product_cat' );
        wp_set_object_terms( $id, array( 'تابستانه' ), 'product_tag' );
        wp_set_object_terms( $id, array( 'black' ), 'pa_color' );
        wp_set_object_terms( $id, array( 'آرام' ), 'product_brand' );
        WC_Product_Variation::write( array( 'post_title' => 'v', 'post_parent' => $id ),
            array( 'regular_price' => '250000', 'stock' => 3, 'global_unique_id' => '6260002', 'options' => array( 'pa_color' => 'black' ) ) );
        return $id;""")
    assert await wordpress.send() == 1
    (event,) = await arrived(shop, product)
    assert (event["event_type"], event["status"]) == ("product.created", "succeeded")
    sent = event["payload"]
    assert sent["categories"][0]["path"] == ["پوشاک", "تی‌شرت"]
    assert sent["attributes"][0]["options"] == ["مشکی"]
    assert (sent["currency"], sent["sku"], sent["slug"]) == ("IRT", "T-1", "تیشرت-شلوار")
    assert (sent["global_unique_id"], [brand["name"] for brand in sent["brands"]]) == ("6260001", ["آرام"])
    (variation,) = sent["variations"]
    assert variation["attributes"] == [{"name": "رنگ", "option": "مشکی"}]
    assert (variation["price"], variation["stock_quantity"]) == ("250000", 3)
    assert variation["global_unique_id"] == "6260002"
    (hit,) = await shop.search("پنبه")
    assert hit["product"]["external_id"] == f"woo_{product}"
    await wordpress.act(
        "foreach ( get_terms( array( 'taxonomy' => 'product_cat', 'hide_empty' => false ) ) as $term ) "
        "{ wp_delete_term( $term->term_id, 'product_cat' ); } return true;"
    )


async def test_one_save_is_sent_once(wordpress: WordPress, shop: Shop) -> None:
    """However many hooks a save fires, and however often it is saved within the half minute."""
    product = await wordpress.product("ماگ", regular_price="100", stock="4")
    for price in (110, 120, 130):
        await wordpress.act(
            f"return WC_Product::write( array( 'ID' => {product} ), array( 'regular_price' => '{price}' ) );"
        )
    assert list(await wordpress.waiting()) == [product]
    assert await wordpress.send() == 1
    (event,) = await arrived(shop, product)
    assert event["payload"]["regular_price"] == "130"
    assert await wordpress.waiting() == {}


CHANGES = {
    "an edit": "WC_Product::write( array( 'ID' => $id, 'post_title' => 'نام تازه' ) );",
    "an edit by a plugin that knows no WooCommerce": "wp_update_post( array( 'ID' => $id, 'post_title' => 'x' ) );",
    "a field written directly": "update_post_meta( $id, '_regular_price', '9' );",
    "another bar code": "update_post_meta( $id, '_global_unique_id', '6260001' );",
    "a field removed directly": "delete_post_meta( $id, '_stock' );",
    "stock by an order": "wc_get_product( $id )->set_stock( 2 );",
    "another category": "wp_set_object_terms( $id, array( 'دیگر' ), 'product_tag' );",
    "out of a category": "wp_remove_object_terms( $id, 'برچسب', 'product_tag' );",
    "a new variation": "WC_Product_Variation::write( array( 'post_title' => 'v', 'post_parent' => $id ) );",
    "drafted": "wp_update_post( array( 'ID' => $id, 'post_status' => 'draft' ) );",
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_is_noted(wordpress: WordPress, change: str) -> None:
    """Every way to change a product puts it into the queue, by whomever it is done."""
    product = await wordpress.product("گلدان", regular_price="5", stock="7")
    await wordpress.act(f"""
        global $wpdb;
        wp_set_object_terms( {product}, array( 'برچسب' ), 'product_tag' );
        Pilito_PS_Changes::flush();
        return $wpdb->query( 'TRUNCATE ' . Pilito_PS_Queue::table() );""")
    await wordpress.act(f"$id = {product}; {CHANGES[change]} return true;")
    assert list(await wordpress.waiting()) == [product]


async def test_what_changes_nothing_is_not_noted(wordpress: WordPress) -> None:
    """Posts, pages, drafts never saved and fields of no interest are not products' changes."""
    product = await wordpress.product("گلدان")
    await wordpress.act("""
        global $wpdb;
        Pilito_PS_Changes::flush();
        return $wpdb->query( 'TRUNCATE ' . Pilito_PS_Queue::table() );""")
    await wordpress.act(f"""
        $post = wp_insert_post( array( 'post_title' => 'نوشته', 'post_status' => 'publish' ) );
        wp_delete_post( $post, true );
        wp_insert_post( array( 'post_type' => 'product', 'post_title' => 'x', 'post_status' => 'auto-draft' ) );
        update_post_meta( {product}, '_edit_lock', '1' );
        update_post_meta( {product}, 'total_sales', '9' );
        return true;""")
    assert await wordpress.waiting() == {}


async def test_a_trashed_product_is_removed_and_a_restored_one_returns(
    wordpress: WordPress, shop: Shop
) -> None:
    """Trash takes a product out of search, restoring brings it back, unpublishing and deleting take it out."""
    product = await wordpress.product("قهوه‌ساز", description="فشار پانزده بار")
    other = await wordpress.product("آسیاب قهوه", description="تیغهٔ سرامیکی")
    await wordpress.send()
    await arrived(shop, product)
    await arrived(shop, other)

    async def change(code: str, count: int, kind: str, *, active: bool) -> None:
        await wordpress.act(f"{code}; return true;")
        assert await wordpress.send() == 1
        events = await arrived(shop, product, count)
        assert events[-1]["event_type"] == f"product.{kind}"
        row = await shop.product(product)
        assert row is not None
        assert row["is_active"] is active
        assert (f"woo_{product}" in await shop.found("قهوه‌ساز")) is active

    await change(f"wp_trash_post( {product} )", 2, "deleted", active=False)
    await change(f"wp_untrash_post( {product} ); wp_publish_post( {product} )", 3, "published", active=True)
    await change(
        f"wp_update_post( array( 'ID' => {product}, 'post_status' => 'private' ) )",
        4,
        "updated",
        active=False,
    )
    await change(f"wp_publish_post( {product} )", 5, "published", active=True)
    await change(f"wp_delete_post( {product}, true )", 6, "deleted", active=False)
    assert (await arrived(shop, product, 6))[-1]["payload"] == {"id": product, "date_modified_gmt": None}
    assert await shop.found("قهوه") == [f"woo_{other}"]


async def test_a_deleted_variation_leaves_its_product(wordpress: WordPress, shop: Shop) -> None:
    """Its product is sent without it."""
    product = await wordpress.product("شال")
    made = await wordpress.act(
        f"return array_map( function ( $price ) {{ return WC_Product_Variation::write( array( 'post_title' => 'v', 'post_parent' => {product} ),"
        " array( 'regular_price' => $price ) ); }, array( '5', '6' ) );"
    )
    await wordpress.send()
    await wordpress.act(f"wp_delete_post( {made[0]}, true ); return true;")
    assert await wordpress.send() == 1
    events = await arrived(shop, product, 2)
    assert [item["id"] for item in events[-1]["payload"]["variations"]] == [made[1]]


async def test_renaming_a_category_or_attribute_sends_its_products(wordpress: WordPress, shop: Shop) -> None:
    """All products in a renamed category, or below it, and all with a renamed attribute are sent again."""
    made = await wordpress.act("""
        $top = wp_insert_term( 'خانه', 'product_cat' );
        $in  = wp_insert_term( 'آشپزخانه', 'product_cat', array( 'parent' => $top['term_id'] ) );
        $ids = array();
        foreach ( array( $top['term_id'], $in['term_id'], 0 ) as $n => $term ) {
            $ids[] = $id = WC_Product::write( array( 'post_title' => "کالا $n" ) );
            wp_set_object_terms( $id, $term ? array( $term ) : array(), 'product_cat' );
        }
        wp_set_object_terms( $ids[2], array( 'آبی' ), 'pa_color' );
        return array( $top['term_id'], $ids );""")
    term, (above, below, outside) = made
    assert await wordpress.send() == 3
    await wordpress.act(
        f"wp_update_term( {term}, 'product_cat', array( 'name' => 'خانه و زندگی' ) ); return true;"
    )
    assert sorted(await wordpress.waiting()) == [above, below]
    assert await wordpress.send() == 2
    events = await arrived(shop, below, 2)
    assert events[-1]["payload"]["categories"][0]["path"] == ["خانه و زندگی", "آشپزخانه"]
    await wordpress.act(
        "do_action( 'woocommerce_attribute_updated', 1, array( 'attribute_name' => 'color' ), 'color' ); return true;"
    )
    assert list(await wordpress.waiting()) == [outside]
    await wordpress.act(f"wp_delete_term( {term}, 'product_cat' ); return true;")
    assert sorted(await wordpress.waiting()) == sorted([above, below, outside])


async def test_a_request_that_changes_a_product_makes_no_request(wordpress: WordPress) -> None:
    """Saving, ordering and viewing never wait for the API."""
    asked = await wordpress.act("""
        $asked = 0;
        add_filter( 'pre_http_request', function () use ( &$asked ) { ++$asked; return new WP_Error( 'no' ); } );
        $id = WC_Product::write( array( 'post_title' => 'x' ), array( 'stock' => 4 ) );
        wc_get_product( $id )->set_stock( 3 );
        do_action( 'shutdown' );
        return $asked;""")
    assert asked == 0


async def test_a_change_schedules_its_delivery(wordpress: WordPress, shop: Shop) -> None:
    """A change schedules a run for when it is due, once, and that run sends it."""
    product = await wordpress.product("چراغ")
    await wordpress.product("لوستر")
    hooks = await wordpress.act("return array_count_values( array_column( test_actions(), 'hook' ) );")
    assert hooks["pilito_ps_run_soon"] == 1
    await wordpress.pass_time(31)
    await wordpress.act("""
        update_option( 'test_actions', array_map( function ( $action ) { $action['at'] -= 31; return $action; }, test_actions() ), false );
        return test_run_actions();""")
    assert (await arrived(shop, product))[0]["event_type"] == "product.created"
    assert await wordpress.waiting() == {}


async def test_a_product_is_read_as_a_visitor_sees_it(wordpress: WordPress) -> None:
    """Also in the request of a manager; the user and the password are restored, also after an error."""
    product = await wordpress.product("سماور", description="[members]")
    seen = await wordpress.act(f"""
        $cookie = 'wp-postpass_' . COOKIEHASH;
        $who = function () use ( $cookie ) {{
            return get_current_user_id() . ( isset( $_COOKIE[ $cookie ] ) ? ' with a password' : '' );
        }};
        $_COOKIE[ $cookie ] = 'x';
        wp_set_current_user( 1 );
        add_shortcode( 'members', $who );
        $read = Pilito_PS_Payload::read( {product}, 'updated' );
        $after = $who();
        add_shortcode( 'members', function () {{ throw new Exception( 'broken' ); }} );
        try {{
            Pilito_PS_Payload::read( {product}, 'updated' );
            $thrown = false;
        }} catch ( Exception $error ) {{
            $thrown = true;
        }}
        return array( trim( wp_strip_all_tags( $read[1]['description'] ) ), $after, $thrown, $who() );""")
    assert seen == ["0", "1 with a password", True, "1 with a password"]


LANGUAGES = {
    "WPML": """
        add_filter( 'wpml_element_language_code', function () { return 'fa'; } );
        add_filter( 'wpml_element_trid', function () { return 1; } );""",
    "Polylang": """
        function pll_get_post_language() { return 'fa'; }
        function pll_get_post_translations( $id ) { return array( 'fa' => $id, 'en' => 1 ); }""",
}


@pytest.mark.parametrize("plugin", LANGUAGES)
async def test_the_language_of_a_product_is_sent(wordpress: WordPress, plugin: str) -> None:
    """With a plugin for languages, it is sent, and so is what its translations share."""
    product = await wordpress.product("سماور")
    read = await wordpress.act(f"{LANGUAGES[plugin]} return Pilito_PS_Payload::read( {product}, 'updated' );")
    assert (read[1]["language"], read[1]["translation_group"]) == ("fa", "1")
    alone = await wordpress.act(f"return Pilito_PS_Payload::read( {product}, 'updated' );")
    assert "language" not in alone[1]


async def test_another_currency_sends_all_products(wordpress: WordPress) -> None:
    """It changes what every price means: all products are sent."""
    await wordpress.product("سماور")
    await wordpress.act("update_option( 'woocommerce_currency', 'IRT' ); return true;")
    await wordpress.act("update_option( 'woocommerce_currency', 'IRR' ); return true;")
    assert (await wordpress.act("return Pilito_PS_Bulk::progress();"))["running"]
    await wordpress.act("delete_option( 'woocommerce_currency' ); Pilito_PS_Bulk::cancel(); return true;")
