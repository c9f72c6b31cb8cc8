<?php
/**
 * What a product is besides its texts.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads codes, stock, measures and ratings.
 */
class Pilito_PS_Payload_Facts {

	/**
	 * What products and variations have in common.
	 *
	 * @param WC_Product $product A product or variation.
	 * @return array
	 */
	public static function of( $product ) {
		$codes = array( 'sku' => $product->get_sku() );
		if ( is_callable( array( $product, 'get_global_unique_id' ) ) ) { // since WooCommerce 9.2.
			$codes['global_unique_id'] = (string) $product->get_global_unique_id();
		}
		return $codes + Pilito_PS_Payload_Prices::of( $product ) + array(
			'manage_stock'      => $product->get_manage_stock(),
			'stock_quantity'    => $product->get_stock_quantity(),
			'stock_status'      => $product->get_stock_status(),
			'backorders'        => $product->get_backorders(),
			'weight'            => self::weight( $product ),
			'dimensions'        => self::dimensions( $product ),
			'permalink'         => (string) $product->get_permalink(),
			'date_modified_gmt' => self::moment( $product->get_date_modified() ),
		);
	}

	/**
	 * What only products have; sent also where it is empty, since a product may change its type.
	 *
	 * @param WC_Product $product A product.
	 * @return array
	 */
	public static function of_product( $product ) {
		$is_external = class_exists( 'WC_Product_External' ) && $product instanceof WC_Product_External;
		$is_set      = class_exists( 'WC_Product_Grouped' ) && $product instanceof WC_Product_Grouped;
		return array(
			'average_rating'   => (string) $product->get_average_rating(),
			'rating_count'     => (int) $product->get_rating_count(),
			'review_count'     => (int) $product->get_review_count(),
			'featured'         => (bool) $product->get_featured(),
			'external_url'     => $is_external ? (string) $product->get_product_url() : '',
			'button_text'      => $is_external ? Pilito_PS_Payload_Terms::plain( $product->get_button_text() ) : '',
			'grouped_children' => $is_set ? self::children( $product ) : array(),
		);
	}

	/**
	 * Address of an image in full size.
	 *
	 * @param int|string $id The attachment.
	 * @return string Empty where there is none.
	 */
	public static function image( $id ) {
		return $id ? (string) wp_get_attachment_image_url( (int) $id, 'full' ) : '';
	}

	/**
	 * A time in UTC.
	 *
	 * @param WC_DateTime|null $time A time.
	 * @return string|null
	 */
	public static function moment( $time ) {
		return $time ? gmdate( 'Y-m-d\TH:i:s', $time->getTimestamp() ) : null;
	}

	/**
	 * The weight with the shop's unit.
	 *
	 * @param WC_Product $product A product or variation.
	 * @return array|null Null where it has none.
	 */
	private static function weight( $product ) {
		$weight = trim( (string) $product->get_weight() );
		return '' === $weight ? null : array(
			'value' => $weight,
			'unit'  => (string) get_option( 'woocommerce_weight_unit', 'kg' ),
		);
	}

	/**
	 * Length, width and height with the shop's unit.
	 *
	 * @param WC_Product $product A product or variation.
	 * @return array|null Null where it has none of them.
	 */
	private static function dimensions( $product ) {
		$sides = array(
			'length' => trim( (string) $product->get_length() ),
			'width'  => trim( (string) $product->get_width() ),
			'height' => trim( (string) $product->get_height() ),
		);
		return '' === implode( '', $sides ) ? null : $sides + array( 'unit' => (string) get_option( 'woocommerce_dimension_unit', 'cm' ) );
	}

	/**
	 * The products that a set consists of, as far as visitors see them.
	 *
	 * @param WC_Product $product A grouped product.
	 * @return array
	 */
	private static function children( $product ) {
		$children = array();
		foreach ( $product->get_children() as $id ) {
			$child = wc_get_product( $id );
			if ( $child instanceof WC_Product && 'publish' === $child->get_status() ) {
				$children[] = array(
					'id'   => $child->get_id(),
					'name' => Pilito_PS_Payload_Terms::plain( $child->get_name() ),
				);
			}
		}
		return $children;
	}
}
