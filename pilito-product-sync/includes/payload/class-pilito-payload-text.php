<?php
/**
 * The texts of a product.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Renders texts as a shopper reads them, without what they show of other products.
 */
class Pilito_PS_Payload_Text {

	/**
	 * Shortcodes of WooCommerce that print other products, the basket or an account.
	 */
	const LISTINGS = array(
		'products',
		'product',
		'product_page',
		'product_category',
		'product_categories',
		'product_attribute',
		'related_products',
		'recent_products',
		'featured_products',
		'sale_products',
		'best_selling_products',
		'top_rated_products',
		'add_to_cart',
		'add_to_cart_url',
		'shop_messages',
		'woocommerce_messages',
		'woocommerce_cart',
		'woocommerce_checkout',
		'woocommerce_my_account',
		'woocommerce_order_tracking',
	);

	/**
	 * Blocks of WordPress that list other pages; all of WooCommerce's are left out as well.
	 */
	const LISTING_BLOCKS = array(
		'core/query',
		'core/latest-posts',
		'core/latest-comments',
		'core/rss',
		'core/archives',
		'core/calendar',
		'core/categories',
		'core/tag-cloud',
		'core/page-list',
		'core/navigation',
		'core/search',
		'core/loginout',
	);

	/**
	 * A text of a product or variation as HTML.
	 *
	 * @param WC_Product $product A product or variation.
	 * @param string     $name    `description` or `short_description`.
	 * @param bool       $plain   Whether nothing of other plugins runs: no filter, no shortcode, no block.
	 * @return string
	 */
	public static function of( $product, $name, $plain = false ) {
		$text = (string) $product->{ "get_{$name}" }( $plain ? 'edit' : 'view' );
		return $plain ? self::stripped( $text ) : self::rendered( $text );
	}

	/**
	 * A text as a shopper reads it: blocks and shortcodes rendered, what they print left out of our output.
	 *
	 * @param string $text A text of a product.
	 * @return string
	 */
	public static function rendered( $text ) {
		if ( '' === trim( $text ) ) {
			return '';
		}
		$level = ob_get_level();
		ob_start();
		add_filter( 'pre_do_shortcode_tag', array( __CLASS__, 'leave_out_shortcode' ), 1000, 2 );
		add_filter( 'pre_render_block', array( __CLASS__, 'leave_out_block' ), 1000, 2 );
		try {
			$text = has_blocks( $text ) ? do_shortcode( do_blocks( $text ) ) : wpautop( do_shortcode( $text ) );
		} finally {
			remove_filter( 'pre_do_shortcode_tag', array( __CLASS__, 'leave_out_shortcode' ), 1000 );
			remove_filter( 'pre_render_block', array( __CLASS__, 'leave_out_block' ), 1000 );
			while ( ob_get_level() > $level ) {
				ob_end_clean();
			}
		}
		return $text;
	}

	/**
	 * A text without the tags of its shortcodes and blocks; what stands between them stays.
	 *
	 * @param string $text A text of a product.
	 * @return string
	 */
	public static function stripped( $text ) {
		global $shortcode_tags;
		$text  = (string) preg_replace( '/<!--\s+\/?wp:.*?-->/s', '', $text );
		$names = implode( '|', array_map( 'preg_quote', array_keys( (array) $shortcode_tags ) ) );
		if ( '' !== $names && false !== strpos( $text, '[' ) ) {
			$without = preg_replace( '/\[\/?(?:' . $names . ')(?![\w-])[^\]]*\]/', ' ', $text );
			$text    = null === $without ? $text : $without;
		}
		return '' === trim( $text ) ? '' : wpautop( $text );
	}

	/**
	 * Says what stands for a shortcode that lists other products: nothing.
	 *
	 * @param false|string $output What another plugin printed instead; false for nothing.
	 * @param string       $tag    Name of the shortcode.
	 * @return false|string
	 */
	public static function leave_out_shortcode( $output, $tag ) {
		return in_array( $tag, self::LISTINGS, true ) ? '' : $output;
	}

	/**
	 * Says what stands for a block that lists other products or pages: nothing.
	 *
	 * @param string|null $output What another plugin printed instead; null for nothing.
	 * @param array       $block  The block.
	 * @return string|null
	 */
	public static function leave_out_block( $output, $block ) {
		$name = isset( $block['blockName'] ) ? (string) $block['blockName'] : '';
		return 0 === strpos( $name, 'woocommerce/' ) || in_array( $name, self::LISTING_BLOCKS, true ) ? '' : $output;
	}
}
