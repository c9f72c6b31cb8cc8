<?php
/**
 * What the owner chooses not to send, and what to send in addition.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads and writes the owner's choices for the pages of the admin; Pilito_PS_Exclusions acts on them.
 */
class Pilito_PS_Admin_Choices {

	const EXCLUDE = 'pilito_ps_exclude';
	const FIELDS  = 'pilito_ps_custom_fields';
	const QUIET   = 'pilito_ps_quiet';

	const NOTHING = array(
		'products'     => array(),
		'categories'   => array(),
		'tags'         => array(),
		'out_of_stock' => false,
	);

	const SHORTEST_QUIET = 1;
	const LONGEST_QUIET  = 300;
	const USUAL_QUIET    = 5;
	const MOST_PRODUCTS  = 1000;
	const MOST_FIELDS    = 50;

	/**
	 * What is excluded.
	 *
	 * @return array `products`, `categories`, `tags` (ids) and `out_of_stock`.
	 */
	public static function excluded() {
		$kept = get_option( self::EXCLUDE );
		$kept = array_merge( self::NOTHING, is_array( $kept ) ? array_intersect_key( $kept, self::NOTHING ) : array() );
		foreach ( array( 'products', 'categories', 'tags' ) as $name ) {
			$kept[ $name ] = array_values( array_filter( array_map( 'absint', (array) $kept[ $name ] ) ) );
		}
		$kept['out_of_stock'] = (bool) $kept['out_of_stock'];
		return $kept;
	}

	/**
	 * Excludes one product, or includes it.
	 *
	 * @param int  $id  The product.
	 * @param bool $out Whether it is excluded.
	 * @return bool False where too many are excluded one by one.
	 */
	public static function exclude_product( $id, $out ) {
		$kept = self::excluded();
		$ids  = array_values( array_diff( $kept['products'], array( $id ) ) );
		if ( $out ) {
			$ids[] = $id;
		}
		if ( count( $ids ) > self::MOST_PRODUCTS ) {
			return false;
		}
		pilito_ps_write_option( self::EXCLUDE, array( 'products' => $ids ) + $kept );
		return true;
	}

	/**
	 * Seconds of quiet after the last change of a product.
	 *
	 * @return int
	 */
	public static function quiet() {
		return max( self::SHORTEST_QUIET, min( self::LONGEST_QUIET, (int) get_option( self::QUIET, self::USUAL_QUIET ) ) );
	}

	/**
	 * Names of the custom fields that are sent.
	 *
	 * @return string[]
	 */
	public static function custom_fields() {
		return array_values( array_filter( (array) get_option( self::FIELDS, array() ), 'is_string' ) );
	}

	/**
	 * Why a product is excluded.
	 *
	 * @param int $id The product.
	 * @return string A sentence; empty where it is not.
	 */
	public static function why( $id ) {
		$reason = class_exists( 'Pilito_PS_Exclusions' ) ? Pilito_PS_Exclusions::reason( $id ) : null;
		return null === $reason ? '' : Pilito_PS_Exclusions::sentence( $reason );
	}

	/**
	 * SQL: whether a post of the list is excluded. The table of posts has its own name there.
	 *
	 * @return string A condition that is always true or false, never NULL.
	 */
	public static function excluded_sql() {
		global $wpdb;
		$kept  = self::excluded();
		$any   = array( '1 = 0' );
		$terms = array_merge( self::with_children( $kept['categories'] ), $kept['tags'] );
		if ( $kept['products'] ) {
			$any[] = "{$wpdb->posts}.ID IN (" . implode( ',', $kept['products'] ) . ')';
		}
		if ( $terms ) {
			$any[] = "EXISTS (SELECT 1 FROM {$wpdb->term_relationships} AS excluded JOIN {$wpdb->term_taxonomy} AS taxonomy ON taxonomy.term_taxonomy_id = excluded.term_taxonomy_id WHERE excluded.object_id = {$wpdb->posts}.ID AND taxonomy.taxonomy IN ('product_cat', 'product_tag') AND taxonomy.term_id IN (" . implode( ',', $terms ) . '))';
		}
		if ( $kept['out_of_stock'] ) {
			$any[] = "EXISTS (SELECT 1 FROM {$wpdb->postmeta} AS stock WHERE stock.post_id = {$wpdb->posts}.ID AND stock.meta_key = '_stock_status' AND stock.meta_value = 'outofstock')";
		}
		return '(' . implode( ' OR ', $any ) . ')';
	}

	/**
	 * Categories with all that are inside of them.
	 *
	 * @param int[] $ids Categories.
	 * @return int[]
	 */
	private static function with_children( array $ids ) {
		$all = $ids;
		foreach ( $ids as $id ) {
			$children = get_term_children( $id, 'product_cat' );
			$all      = array_merge( $all, is_array( $children ) ? array_map( 'intval', $children ) : array() );
		}
		return array_values( array_unique( $all ) );
	}
}
