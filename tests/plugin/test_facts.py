"""What is sent of a product is true: as a visitor of the shop reads it, and nothing of other products."""

from typing import Any

import pytest

from tests.plugin.shop import WordPress, arrived
from tests.support.shop import Shop

pytestmark = pytest.mark.timeout(240)


async def read(
    wordpress: WordPress, product: int, before: str = "", *, plain: bool = False
) -> dict[str, Any]:
    """Returns a product as it would be sent, after PHP code `before` in the same request."""
    flag = "true" if plain else "false"
    event = await wordpress.act(f"{before} return Pilito_PS_Payload::read( {product}, 'updated', {flag} );")
    assert event[0] == "updated"
    sent: dict[str, Any] = event[1]
    return sent


async def test_prices_are_those_that_the_shop_shows(wordpress: WordPress) -> None:
    """With its taxes, for a product and for each variation, in the request of any user."""
    made = await wordpress.act("""
        $id = WC_Product::write( array( 'post_title' => 'کفش' ), array( 'regular_price' => '1000', 'sale_price' => '900', 'sale_price_dates_to' => '1798761600' ) );
        $set = WC_Product::write( array( 'post_title' => 'پیراهن' ) );
        WC_Product_Variation::write( array( 'post_title' => 'v', 'post_parent' => $set ),
            array( 'regular_price' => '1000.05', 'stock' => '0', 'backorders' => 'notify', 'weight' => '0.5' ) );
        return array( $id, $set );""")
    shown = """
        update_option( 'woocommerce_calc_taxes', 'yes' ); update_option( 'woocommerce_tax_display_shop', 'incl' );
        WC()->customer = 'exempt';"""
    sent = await read(wordpress, made[0], shown)
    assert (sent["price"], sent["regular_price"], sent["sale_price"]) == ("990", "1100", "990")
    assert (sent["price_includes_tax"], sent["sale_end_gmt"]) == (True, "2027-01-01T00:00:00")
    (variation,) = (await read(wordpress, made[1], shown))["variations"]
    assert (variation["price"], variation["stock_status"]) == ("1100.06", "onbackorder")
    assert (variation["backorders"], variation["weight"]) == ("notify", {"value": "0.5", "unit": "kg"})
    again = await wordpress.act("""
        Pilito_PS_Bulk::cancel();
        update_option( 'woocommerce_tax_display_shop', 'excl' );
        Pilito_PS_Payload_Watch::flush();
        return Pilito_PS_Bulk::get()['running'];""")
    assert again
    await wordpress.act("""
        delete_option( 'woocommerce_calc_taxes' ); delete_option( 'woocommerce_tax_display_shop' );
        Pilito_PS_Bulk::cancel(); return true;""")
    sent = await read(wordpress, made[0])
    assert (sent["price"], sent["price_includes_tax"]) == ("900", None)


async def test_measures_ratings_sets_and_products_sold_elsewhere(wordpress: WordPress, shop: Shop) -> None:
    """Each fact arrives, and what has meaning is found by it; a renamed part of a set sends the set."""
    made = await wordpress.act("""
        $cup = WC_Product::write( array( 'post_title' => 'فنجان آبی' ), array(
            'weight' => '250', 'length' => '8', 'width' => '', 'height' => '9',
            'wc_average_rating' => '4.50', 'wc_rating_count' => '2', 'wc_review_count' => '3' ) );
        wp_set_object_terms( $cup, 'featured', 'product_visibility' );
        $draft = WC_Product::write( array( 'post_title' => 'پنهان', 'post_status' => 'draft' ) );
        $set  = WC_Product::write( array( 'post_title' => 'سرویس چای' ), array( 'type' => 'grouped', 'children' => array( $cup, $draft ) ) );
        $sold = WC_Product::write( array( 'post_title' => 'Tea' ), array( 'type' => 'external', 'product_url' => 'https://elsewhere.example/tea', 'button_text' => 'Buy &amp; go' ) );
        return array( $cup, $set, $sold );""")
    cup, tea_set, sold = made
    assert await wordpress.send() == 4
    sent = (await arrived(shop, cup))[0]["payload"]
    assert sent["weight"] == {"value": "250", "unit": "kg"}
    assert sent["dimensions"] == {"length": "8", "width": "", "height": "9", "unit": "cm"}
    assert (sent["average_rating"], sent["rating_count"], sent["review_count"]) == ("4.50", 2, 3)
    assert sent["featured"] is True
    sent = (await arrived(shop, tea_set))[0]["payload"]
    assert sent["grouped_children"] == [{"id": cup, "name": "فنجان آبی"}]
    sent = (await arrived(shop, sold))[0]["payload"]
    assert (sent["external_url"], sent["button_text"]) == ("https://elsewhere.example/tea", "Buy & go")
    assert f"woo_{tea_set}" in await shop.found("سرویس فنجان آبی")
    await wordpress.act(
        f"wp_update_post( array( 'ID' => {cup}, 'post_title' => 'فنجان سبز' ) ); return true;"
    )
    assert sorted(await wordpress.waiting()) == sorted([cup, tea_set])
    await wordpress.send()
    await wordpress.act(f"update_post_meta( {cup}, '_wc_average_rating', '5.00' ); return true;")
    assert list(await wordpress.waiting()) == [cup]


async def test_texts_have_nothing_of_other_products(wordpress: WordPress) -> None:
    """Lists of products are left out, also inside of other shortcodes; synced patterns are in."""
    made = await wordpress.act("""
        $pattern = wp_insert_post( array( 'post_type' => 'wp_block', 'post_status' => 'publish', 'post_title' => 'p',
            'post_content' => '<!-- wp:paragraph --><p>گارانتی هجده‌ماههٔ عقیق</p><!-- /wp:paragraph -->' ) );
        $other = wp_insert_term( 'Uncategorized', 'product_cat' );
        $id = WC_Product::write( array( 'post_title' => 'کتری', 'post_excerpt' => 'سبک [products limit="2"] [frame][sale_products][/frame]',
            'post_content' => '<!-- wp:block {"ref":' . $pattern . '} /--><!-- wp:woocommerce/product-new --><p>Other</p><!-- /wp:woocommerce/product-new --><!-- wp:paragraph --><p>برقی</p><!-- /wp:paragraph -->' ) );
        wp_set_object_terms( $id, array( $other['term_id'] ), 'product_cat' );
        update_option( 'default_product_cat', $other['term_id'] );
        return array( $id, $pattern, $other['term_id'] );""")
    product, pattern, category = made
    shortcodes = """
        foreach ( array( 'products', 'sale_products' ) as $tag ) { add_shortcode( $tag, function () { return 'Album 15.00 Add to cart'; } ); }
        add_shortcode( 'frame', function ( $of, $text ) { return '(' . do_shortcode( $text ) . ')'; } );"""
    sent = await read(wordpress, product, shortcodes)
    assert "Album" not in sent["short_description"]
    assert "()" in sent["short_description"]
    assert "گارانتی هجده‌ماههٔ عقیق" in sent["description"]
    assert "برقی" in sent["description"]
    assert "Other" not in sent["description"]
    assert sent["categories"] == []
    renamed = f"wp_update_term( {category}, 'product_cat', array( 'name' => 'لوازم خانه' ) );"
    assert [one["name"] for one in (await read(wordpress, product, renamed))["categories"]] == ["لوازم خانه"]
    await wordpress.send()
    await wordpress.act(
        f"wp_update_post( array( 'ID' => {pattern}, 'post_content' => 'گارانتی دوساله' ) ); return true;"
    )
    assert list(await wordpress.waiting()) == [product]
    await wordpress.act(
        f"delete_option( 'default_product_cat' ); wp_delete_term( {category}, 'product_cat' );"
        f"wp_delete_post( {pattern}, true ); return true;"
    )


async def test_a_text_can_be_read_without_what_other_plugins_do(wordpress: WordPress) -> None:
    """No shortcode, block or filter runs; the words between their tags stay."""
    product = await wordpress.product(
        "کتری", description="[box kind='x']برقی[/box] [sic] <!-- wp:x -->فلزی<!-- /wp:x -->"
    )
    dies = """
        add_shortcode( 'box', function () { exit( 1 ); } );
        add_filter( 'woocommerce_product_get_description', function () { exit( 1 ); } );"""
    sent = await read(wordpress, product, dies, plain=True)
    assert " ".join(sent["description"].split()) == "<p> برقی [sic] فلزی</p>"


async def test_an_attribute_that_is_gone_is_readable(wordpress: WordPress) -> None:
    """After a global attribute is deleted, its name and choice are letters and no escaped bytes."""
    product = await wordpress.act("""
        $id = WC_Product::write( array( 'post_title' => 'شلوار' ) );
        WC_Product_Variation::write( array( 'post_title' => 'v', 'post_parent' => $id ),
            array( 'options' => array( 'pa_size' => '%db%b3%db%b8', 'pa_%d8%ac%d9%86%d8%b3' => 'cotton' ) ) );
        return $id;""")
    (variation,) = (await read(wordpress, product))["variations"]
    assert variation["attributes"] == [{"name": "size", "option": "۳۸"}, {"name": "جنس", "option": "cotton"}]


async def test_custom_fields_that_the_owner_chose(wordpress: WordPress) -> None:
    """Only chosen ones are sent, with readable names; a change of one sends its product."""
    product = await wordpress.product("یخچال")
    fields = f"""
        update_post_meta( {product}, 'warranty_months', '24' );
        update_post_meta( {product}, 'certificates', array( 'CE', 'استاندارد', array( 'x' ) ) );
        update_post_meta( {product}, 'supplier_price', '5' );
        update_option( 'pilito_ps_custom_fields', array( 'warranty_months', 'certificates', 'none' ) );"""
    sent = await read(wordpress, product, fields)
    assert sent["custom_fields"] == [
        {"name": "warranty months", "value": "24"},
        {"name": "certificates", "value": "CE، استاندارد"},
    ]
    listed, labels = await wordpress.act(
        "return array( Pilito_PS_Payload_Custom::candidates(), Pilito_PS_Payload_Fields::all() );"
    )
    assert listed["supplier_price"] == {"label": "supplier price", "products": 1, "chosen": False}
    assert (listed["warranty_months"]["chosen"], listed["none"]["products"]) == (True, 0)
    assert "_regular_price" not in listed
    assert "warranty months" in labels["custom_fields"]
    await wordpress.send()
    for key, noted in (("supplier_price", []), ("warranty_months", [product])):
        await wordpress.act(f"update_post_meta( {product}, '{key}', '36' ); return true;")
        assert list(await wordpress.waiting()) == noted
    await wordpress.act("delete_option( 'pilito_ps_custom_fields' ); Pilito_PS_Bulk::cancel(); return true;")


async def test_other_plugins_change_what_is_sent(wordpress: WordPress) -> None:
    """By `pilito_ps_product`, but not the id; what is no product is ignored."""
    product = await wordpress.product("یخچال")
    change = """add_filter( 'pilito_ps_product', function ( $sent, $product ) {
        return array( 'id' => 1, 'short_description' => $product->get_name() . ' ویژه' ) + $sent; }, 10, 2 );"""
    sent = await read(wordpress, product, change)
    assert (sent["id"], sent["short_description"]) == (product, "یخچال ویژه")
    sent = await read(wordpress, product, "add_filter( 'pilito_ps_product', '__return_null' );")
    assert sent["name"] == "یخچال"


async def test_an_update_that_reads_more_sends_all_products(wordpress: WordPress) -> None:
    """Once, and only with a token: without one there is nothing that could be known already."""
    running = "return Pilito_PS_Bulk::get()['running'];"
    await wordpress.product("یخچال")
    assert not await wordpress.act(running)
    await wordpress.act("update_option( 'pilito_ps_reading', 1 ); return true;")
    await wordpress.act("return true;")
    assert await wordpress.act(running)
    await wordpress.act("Pilito_PS_Bulk::cancel(); return true;")
    await wordpress.act("return true;")
    assert not await wordpress.act(running)


async def test_many_products_are_read_ahead_in_few_queries(wordpress: WordPress) -> None:
    """Reading two products or six takes as many queries; nothing of them or of their images is read singly."""
    counts = await wordpress.act("""
        global $wpdb;
        $ids = array();
        foreach ( range( 1, 6 ) as $n ) {
            $images = array();
            foreach ( array( 'یک', 'دو' ) as $title ) {
                $images[] = wp_insert_attachment( array( 'post_title' => $title, 'post_mime_type' => 'image/jpeg' ), "{$title}{$n}.jpg" );
            }
            $ids[]  = WC_Product::write( array( 'post_title' => "قاب {$n}" ), array( 'thumbnail_id' => $images[0], 'product_image_gallery' => "{$images[1]},0" ) );
        }
        $counts = array();
        foreach ( array( 2, 6 ) as $many ) {
            wp_cache_flush();
            Pilito_PS_Payload_Facts::image( wp_insert_attachment( array( 'post_title' => 'سه', 'post_mime_type' => 'image/jpeg' ), 'سه.jpg' ) );
            $some = array_slice( $ids, 0, $many );
            $at   = $wpdb->num_queries;
            Pilito_PS_Payload_Ahead::products( $some );
            $read  = $wpdb->num_queries;
            $found = array();
            foreach ( $some as $id ) {
                $found[] = get_post( $id )->post_title;
                $found[] = Pilito_PS_Payload_Facts::image( get_post_meta( $id, '_thumbnail_id', true ) );
                $found[] = Pilito_PS_Payload_Facts::image( (int) get_post_meta( $id, '_product_image_gallery', true ) );
                get_the_terms( $id, 'product_cat' );
            }
            $counts[] = array( $read - $at, $wpdb->num_queries - $read, count( array_filter( $found ) ) );
        }
        return $counts;""")
    assert [count[1:] for count in counts] == [[0, 6], [0, 18]]
    assert counts[0][0] == counts[1][0]


async def test_a_product_that_is_too_large_is_sent_with_its_texts_cut(wordpress: WordPress) -> None:
    """The text says so; images written inside of it go first, and everything else stays whole."""
    cut = await wordpress.act("""
        $product = array( 'id' => 7, 'name' => 'کتاب', 'text_cut' => false, 'short_description' => 'کوتاه',
            'description' => '<img src="data:image/png;base64,' . str_repeat( 'A', 5000000 ) . '">' . str_repeat( 'صفحه ', 300000 ),
            'variations' => array_fill( 0, 20, array( 'id' => 8, 'description' => str_repeat( 'x', 300000 ) ) ) );
        $small = Pilito_PS_Payload_Size::within( array( 'id' => 7, 'description' => 'کوتاه' ) );
        $large = Pilito_PS_Payload_Size::within( $product );
        $tiny  = Pilito_PS_Payload_Size::within( $product, 10000 );
        return array( $small, $large['text_cut'], mb_strlen( $large['description'] ), $large['short_description'], strlen( wp_json_encode( $tiny, Pilito_PS_Api::FLAGS ) ), $tiny['name'] );""")
    assert cut[0] == {"id": 7, "description": "کوتاه", "text_cut": False}
    assert cut[1:4] == [True, 500_000, "کوتاه"]
    assert cut[4] <= 10_000
    assert cut[5] == "کتاب"
