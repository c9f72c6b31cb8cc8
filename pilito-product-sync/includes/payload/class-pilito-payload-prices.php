<?php
/**
 * Prices as the shop shows them.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads prices with or without tax, as a visitor sees them.
 */
class Pilito_PS_Payload_Prices {

	/**
	 * The prices of a product or variation as texts; empty where it has none.
	 *
	 * @param WC_Product $product A product or variation.
	 * @return array
	 */
	public static function of( $product ) {
		return array(
			'price'         => self::shown( $product, $product->get_price() ),
			'regular_price' => self::shown( $product, $product->get_regular_price() ),
			'sale_price'    => self::shown( $product, $product->get_sale_price() ),
			'on_sale'       => $product->is_on_sale(),
			'sale_end_gmt'  => Pilito_PS_Payload_Facts::moment( $product->get_date_on_sale_to() ),
		);
	}

	/**
	 * Whether the prices that the shop shows include tax.
	 *
	 * @return bool|null Null where the shop has no taxes.
	 */
	public static function include_tax() {
		if ( ! function_exists( 'wc_tax_enabled' ) || ! wc_tax_enabled() ) {
			return null;
		}
		return 'incl' === get_option( 'woocommerce_tax_display_shop' );
	}

	/**
	 * A price as the shop shows it; one that needs no tax keeps all its digits.
	 *
	 * @param WC_Product $product A product or variation.
	 * @param mixed      $price   The price that WooCommerce keeps.
	 * @return string
	 */
	private static function shown( $product, $price ) {
		if ( ! is_numeric( $price ) || null === self::include_tax() ) {
			return (string) $price;
		}
		$shown = wc_get_price_to_display( $product, array( 'price' => $price ) );
		if ( ! is_numeric( $shown ) || abs( (float) $shown - (float) $price ) < 0.0000001 ) {
			return (string) $price;
		}
		$text = number_format( (float) $shown, wc_get_price_decimals(), '.', '' );
		return false === strpos( $text, '.' ) ? $text : rtrim( rtrim( $text, '0' ), '.' );
	}
}
