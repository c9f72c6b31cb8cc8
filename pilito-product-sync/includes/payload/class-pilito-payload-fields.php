<?php
/**
 * What is sent, for people.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Lists what is sent of a product, in the words of a shop owner.
 */
class Pilito_PS_Payload_Fields {

	/**
	 * Everything that is sent of a product, with the custom fields chosen now.
	 *
	 * @return array Labels by group of fields.
	 */
	public static function all() {
		$labels = array(
			'texts'      => __( 'Name, short description and description, as visitors read them', 'pilito-product-sync' ),
			'terms'      => __( 'Categories with the categories above them, tags and brands', 'pilito-product-sync' ),
			'attributes' => __( 'Attributes and their values', 'pilito-product-sync' ),
			'prices'     => __( 'Price as your shop shows it, regular price, sale price and the end of the sale', 'pilito-product-sync' ),
			'stock'      => __( 'Stock, and whether it can be ordered when sold out', 'pilito-product-sync' ),
			'variations' => __( 'Variations, each with its own price, stock, code and description', 'pilito-product-sync' ),
			'codes'      => __( 'SKU and GTIN, UPC, EAN or ISBN', 'pilito-product-sync' ),
			'measures'   => __( 'Weight and dimensions', 'pilito-product-sync' ),
			'ratings'    => __( 'Average rating and the number of ratings, without names or texts of customers', 'pilito-product-sync' ),
			'sets'       => __( 'The products of a set', 'pilito-product-sync' ),
			'external'   => __( 'Address and button text of a product sold elsewhere', 'pilito-product-sync' ),
			'links'      => __( 'Addresses of the product and its images', 'pilito-product-sync' ),
			'listing'    => __( 'Status, visibility, whether it is featured, its language and the time of its last change', 'pilito-product-sync' ),
		);
		$custom = array_column( array_intersect_key( Pilito_PS_Payload_Custom::candidates(), array_flip( Pilito_PS_Payload_Custom::keys() ) ), 'label' );
		if ( $custom ) {
			/* translators: %s: names of custom fields */
			$labels['custom_fields'] = sprintf( __( 'Custom fields: %s', 'pilito-product-sync' ), implode( is_rtl() ? '، ' : ', ', $custom ) );
		}
		return $labels;
	}
}
