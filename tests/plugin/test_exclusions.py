"""Products that the owner excludes are forgotten, and known again when they are no longer excluded."""

import pytest

from tests.plugin.shop import WordPress, arrived
from tests.support.shop import Shop

pytestmark = pytest.mark.timeout(240)


async def test_an_excluded_product_is_forgotten_and_returns(wordpress: WordPress, shop: Shop) -> None:
    """By its id, its category or one above, its tag, or its stock; a change queues only what it touches."""
    made = await wordpress.act("""
        $top = wp_insert_term( 'مناسبتی', 'product_cat' );
        $in  = wp_insert_term( 'نوروز', 'product_cat', array( 'parent' => $top['term_id'] ) );
        $tag = wp_insert_term( 'عمده', 'product_tag' );
        $ids = array();
        foreach ( array( 'تخم‌مرغ رنگی', 'کارتن دستمال', 'سیب', 'نارنگی', 'دفتر' ) as $name ) {
            $ids[] = WC_Product::write( array( 'post_title' => $name ), array( 'stock_status' => 'نارنگی' === $name ? 'outofstock' : 'instock' ) );
        }
        wp_set_object_terms( $ids[0], array( $in['term_id'] ), 'product_cat' );
        wp_set_object_terms( $ids[1], array( $tag['term_id'] ), 'product_tag' );
        return array( $top['term_id'], $tag['term_id'], $ids );""")
    top, tag, (egg, tissues, apple, mandarin, notebook) = made
    excluded = [egg, tissues, apple, mandarin]
    assert await wordpress.send() == 5
    await wordpress.act(f"""
        update_option( 'pilito_ps_exclude', array( 'products' => array( '{apple}', 'x' ), 'categories' => array( {top} ),
            'tags' => array( {tag} ), 'out_of_stock' => 'yes' ) );
        return true;""")
    assert sorted(await wordpress.waiting()) == sorted(excluded)
    assert await wordpress.send() == 4
    for product in excluded:
        events = await arrived(shop, product, 2)
        assert (events[-1]["event_type"], events[-1]["payload"]["id"]) == ("product.deleted", product)
        assert events[-1]["status"] == "succeeded"
    assert f"woo_{tissues}" not in await shop.found("دستمال")
    reasons = await wordpress.act(f"""
        return array_map( function ( $id ) {{
            $reason = Pilito_PS_Exclusions::reason( $id );
            return $reason ? array( $reason['code'], $reason['name'], '' !== Pilito_PS_Exclusions::sentence( $reason ) ) : null;
        }}, array( {egg}, {tissues}, {apple}, {mandarin}, {notebook} ) );""")
    assert reasons == [
        ["category", "مناسبتی", True],
        ["tag", "عمده", True],
        ["product", "", True],
        ["out_of_stock", "", True],
        None,
    ]
    await wordpress.act(f"wc_get_product( {mandarin} )->set_stock( 4 ); return true;")
    await wordpress.act(f"update_post_meta( {mandarin}, '_stock_status', 'instock' ); return true;")
    assert list(await wordpress.waiting()) == [mandarin]
    await wordpress.act("delete_option( 'pilito_ps_exclude' ); return true;")
    assert sorted(await wordpress.waiting()) == sorted(excluded)
    assert await wordpress.send() == 4
    for product in excluded:
        assert (await arrived(shop, product, 3))[-1]["event_type"] == "product.updated"
        row = await shop.product(product)
        assert row is not None
        assert row["is_active"]
    assert f"woo_{tissues}" in await shop.found("دستمال")
    await wordpress.act(
        f"wp_delete_term( {top}, 'product_cat' ); wp_delete_term( {tag}, 'product_tag' ); return true;"
    )


async def test_other_plugins_exclude_products(wordpress: WordPress) -> None:
    """By `pilito_ps_should_send`, which gets the product of WooCommerce."""
    product = await wordpress.product("یخچال")
    sent, reason = await wordpress.act(f"""
        add_filter( 'pilito_ps_should_send', function ( $send, $product ) {{ return 'یخچال' !== $product->get_name(); }}, 10, 2 );
        return array( Pilito_PS_Payload::read( {product}, 'updated' ), Pilito_PS_Exclusions::reason( {product} ) );""")
    assert sent == ["deleted", {"id": product}]
    assert reason == {"code": "developer", "name": ""}
