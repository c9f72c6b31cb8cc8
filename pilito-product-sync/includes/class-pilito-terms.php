<?php
/**
 * Which products a category, tag, brand or attribute touches.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Renames and removals, which change many products without saving any of them.
 */
class Pilito_PS_Terms {

	const BRANDS = array( 'product_brand', 'pwb-brand', 'yith_product_brand', 'pa_brand' );

	/**
	 * Whether a taxonomy is part of what is sent of a product.
	 *
	 * @param string $taxonomy Name of the taxonomy.
	 * @return bool
	 */
	public static function counts( $taxonomy ) {
		return in_array( $taxonomy, array( 'product_cat', 'product_tag', 'product_visibility', 'product_type', 'language' ), true )
			|| in_array( $taxonomy, self::BRANDS, true )
			|| 0 === strpos( $taxonomy, 'pa_' );
	}

	/**
	 * A term was renamed or moved: the products in it and below it show its name.
	 *
	 * @param int    $term_id  The term.
	 * @param int    $tt_id    Its id within the taxonomy.
	 * @param string $taxonomy The taxonomy.
	 * @return void
	 */
	public static function edited( $term_id, $tt_id, $taxonomy ) {
		if ( ! self::counts( $taxonomy ) ) {
			return;
		}
		$terms = array( (int) $term_id );
		if ( is_taxonomy_hierarchical( $taxonomy ) ) {
			$below = get_term_children( $term_id, $taxonomy );
			$terms = array_merge( $terms, is_array( $below ) ? $below : array() );
		}
		self::touch_products( $taxonomy, $terms );
	}

	/**
	 * Terms moved up because the one above them was removed.
	 *
	 * @param array $tt_ids Their ids within the taxonomy.
	 * @return void
	 */
	public static function moved( $tt_ids ) {
		foreach ( (array) $tt_ids as $tt_id ) {
			$term = get_term_by( 'term_taxonomy_id', $tt_id );
			if ( $term instanceof WP_Term ) {
				self::edited( $term->term_id, $term->term_taxonomy_id, $term->taxonomy );
			}
		}
	}

	/**
	 * A product was put into other terms.
	 *
	 * @param int    $object_id The product.
	 * @param array  $terms     What it was put into.
	 * @param array  $tt_ids    The same as ids within the taxonomy.
	 * @param string $taxonomy  The taxonomy.
	 * @param bool   $append    Whether the old ones stay.
	 * @param array  $old       The ids it was in before.
	 * @return void
	 */
	public static function assigned( $object_id, $terms, $tt_ids, $taxonomy, $append, $old ) {
		$new     = array_map( 'intval', (array) $tt_ids );
		$before  = array_map( 'intval', (array) $old );
		$changed = array_diff( $new, $before ) || ( ! $append && array_diff( $before, $new ) );
		if ( $changed && self::counts( $taxonomy ) ) {
			Pilito_PS_Hooks::touch( $object_id );
		}
	}

	/**
	 * A product was taken out of terms.
	 *
	 * @param int    $object_id The product.
	 * @param array  $tt_ids    The ids it was taken out of.
	 * @param string $taxonomy  The taxonomy.
	 * @return void
	 */
	public static function removed( $object_id, $tt_ids, $taxonomy ) {
		if ( $tt_ids && self::counts( $taxonomy ) ) {
			Pilito_PS_Hooks::touch( $object_id );
		}
	}

	/**
	 * An attribute of the whole shop was renamed.
	 *
	 * @param int   $attribute_id The attribute.
	 * @param array $data         What it is now.
	 * @return void
	 */
	public static function attribute_updated( $attribute_id, $data ) {
		if ( ! empty( $data['attribute_name'] ) ) {
			self::touch_products( wc_attribute_taxonomy_name( $data['attribute_name'] ) );
		}
	}

	/**
	 * An attribute of the whole shop is about to be removed.
	 *
	 * @param int    $attribute_id The attribute.
	 * @param string $name         Its name.
	 * @param string $taxonomy     Its taxonomy.
	 * @return void
	 */
	public static function attribute_deleted( $attribute_id, $name, $taxonomy ) {
		self::touch_products( $taxonomy );
	}

	/**
	 * Touches the products of a taxonomy, or of some of its terms.
	 *
	 * @param string $taxonomy The taxonomy.
	 * @param array  $terms    Ids of terms; empty for all.
	 * @return void
	 */
	private static function touch_products( $taxonomy, array $terms = array() ) {
		global $wpdb;
		$within = $terms ? ' AND kinds.term_id IN (' . implode( ',', array_map( 'intval', $terms ) ) . ')' : '';
		Pilito_PS_Changes::touch_selected(
			// phpcs:disable WordPress.DB.PreparedSQL -- only whole numbers are put in.
			$wpdb->prepare(
				"SELECT DISTINCT posts.ID AS product_id FROM {$wpdb->term_taxonomy} kinds
				JOIN {$wpdb->term_relationships} links ON links.term_taxonomy_id = kinds.term_taxonomy_id
				JOIN {$wpdb->posts} posts ON posts.ID = links.object_id AND posts.post_type = 'product' AND posts.post_status <> 'auto-draft'
				WHERE kinds.taxonomy = %s" . $within,
				$taxonomy
			)
			// phpcs:enable
		);
	}
}
