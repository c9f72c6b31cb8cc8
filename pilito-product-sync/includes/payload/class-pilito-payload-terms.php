<?php
/**
 * Categories, tags, brands and the language of a product.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads the terms of a product with the names a shopper sees.
 */
class Pilito_PS_Payload_Terms {

	/**
	 * Terms of a product; those within others with the way to them.
	 *
	 * @param int    $product_id The product.
	 * @param string $taxonomy   The taxonomy.
	 * @return array
	 */
	public static function of( $product_id, $taxonomy ) {
		$terms = array();
		$found = taxonomy_exists( $taxonomy ) ? get_the_terms( $product_id, $taxonomy ) : false;
		foreach ( is_array( $found ) ? $found : array() as $term ) {
			$described = array(
				'id'   => $term->term_id,
				'name' => self::plain( $term->name ),
				'slug' => urldecode( $term->slug ),
			);
			if ( is_taxonomy_hierarchical( $taxonomy ) ) {
				$described['path'] = self::path( $term );
			}
			$terms[] = $described;
		}
		return $terms;
	}

	/**
	 * Categories of a product, without the one that WooCommerce gives to products that have none.
	 *
	 * An owner may have renamed that one and use it, so it is left out only under WooCommerce's own name.
	 *
	 * @param int $product_id The product.
	 * @return array
	 */
	public static function categories( $product_id ) {
		$none  = (int) get_option( 'default_product_cat', 0 );
		$names = array( 'Uncategorized', _x( 'Uncategorized', 'Default category slug', 'woocommerce' ) ); // phpcs:ignore WordPress.WP.I18n.TextDomainMismatch -- the name that WooCommerce gave it.
		return array_values(
			array_filter(
				self::of( $product_id, 'product_cat' ),
				static function ( $category ) use ( $none, $names ) {
					return $category['id'] !== $none || ! in_array( $category['name'], $names, true );
				}
			)
		);
	}

	/**
	 * Brands, from WooCommerce or one of the plugins that had them before.
	 *
	 * @param int $product_id The product.
	 * @return array
	 */
	public static function brands( $product_id ) {
		foreach ( Pilito_PS_Terms::BRANDS as $taxonomy ) {
			$found = self::of( $product_id, $taxonomy );
			if ( $found ) {
				return $found;
			}
		}
		return array();
	}

	/**
	 * The language of a product and what its translations have in common, where WPML or Polylang knows.
	 *
	 * @param int $product_id The product.
	 * @return array
	 */
	public static function language( $product_id ) {
		if ( function_exists( 'pll_get_post_language' ) && function_exists( 'pll_get_post_translations' ) ) {
			$language     = pll_get_post_language( $product_id );
			$translations = array_filter( (array) pll_get_post_translations( $product_id ) );
			return $language ? array(
				'language'          => (string) $language,
				'translation_group' => (string) ( $translations ? min( $translations ) : $product_id ),
			) : array();
		}
		$arguments = array(
			'element_id'   => $product_id,
			'element_type' => 'product',
		);
		// phpcs:disable WordPress.NamingConventions.PrefixAllGlobals.NonPrefixedHooknameFound -- these hooks are WPML's.
		$language = apply_filters( 'wpml_element_language_code', null, $arguments );
		if ( ! $language ) {
			return array();
		}
		return array(
			'language'          => (string) $language,
			'translation_group' => (string) apply_filters( 'wpml_element_trid', null, $product_id, 'post_product' ),
		);
		// phpcs:enable
	}

	/**
	 * A name without the entities WordPress keeps names with.
	 *
	 * @param string $name A name.
	 * @return string
	 */
	public static function plain( $name ) {
		return html_entity_decode( (string) $name, ENT_QUOTES | ENT_HTML5, 'UTF-8' );
	}

	/**
	 * The names from the outermost category to this one.
	 *
	 * @param WP_Term $term A category.
	 * @return array
	 */
	private static function path( $term ) {
		$names = array( self::plain( $term->name ) );
		foreach ( get_ancestors( $term->term_id, $term->taxonomy, 'taxonomy' ) as $id ) {
			$above = get_term( $id, $term->taxonomy );
			if ( $above instanceof WP_Term ) {
				array_unshift( $names, self::plain( $above->name ) );
			}
		}
		return $names;
	}
}
