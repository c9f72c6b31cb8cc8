<?php
/**
 * Reading ahead.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads what WordPress keeps of many products or variations in a few queries, where reading them one by one takes
 * several queries for each.
 */
class Pilito_PS_Payload_Ahead {

	/**
	 * Reads products with their terms, fields and images.
	 *
	 * @param int[] $ids The products.
	 * @return void
	 */
	public static function products( array $ids ) {
		_prime_post_caches( $ids );
		self::images( $ids );
	}

	/**
	 * Reads variations with their fields and images.
	 *
	 * @param int[] $ids The variations.
	 * @return void
	 */
	public static function variations( array $ids ) {
		if ( count( $ids ) > 1 ) {
			_prime_post_caches( $ids );
			self::images( $ids );
		}
	}

	/**
	 * Reads the images of products or variations that are read already.
	 *
	 * @param int[] $ids The products or variations.
	 * @return void
	 */
	private static function images( array $ids ) {
		$images = array();
		foreach ( $ids as $id ) {
			$images[] = array( get_post_meta( $id, '_thumbnail_id', true ) );
			$images[] = explode( ',', (string) get_post_meta( $id, '_product_image_gallery', true ) );
		}
		$images = array_unique( array_filter( array_map( 'intval', array_merge( array(), ...$images ) ) ) );
		if ( $images ) {
			_prime_post_caches( $images, false );
		}
	}
}
