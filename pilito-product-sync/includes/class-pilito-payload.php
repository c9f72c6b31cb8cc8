<?php
/**
 * A product as it is sent.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads a product, with its variations inside, at the moment it is sent.
 */
class Pilito_PS_Payload {

	/**
	 * What is to be said of a product now: not what happened to it, but what it is.
	 *
	 * @param int    $product_id The product.
	 * @param string $kind       What happened, as far as it was noted.
	 * @return array|null Kind of event and product; null where there is nothing to say.
	 * @throws RuntimeException When the product is there but WooCommerce cannot read it.
	 */
	public static function read( $product_id, $kind ) {
		return self::as_visitor(
			static function () use ( $product_id, $kind ) {
				return self::described( $product_id, $kind );
			}
		);
	}

	/**
	 * Runs something as a visitor who is signed out, and becomes the current user again.
	 *
	 * The queue runs in the request of any user, even of a manager, and what search shows is for all.
	 *
	 * @param callable $work What to run.
	 * @return mixed What it returns.
	 */
	private static function as_visitor( $work ) {
		$user     = get_current_user_id();
		$cookie   = 'wp-postpass_' . ( defined( 'COOKIEHASH' ) ? COOKIEHASH : '' );
		$password = isset( $_COOKIE[ $cookie ] ) ? $_COOKIE[ $cookie ] : null; // phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- put back as it was.
		unset( $_COOKIE[ $cookie ] );
		wp_set_current_user( 0 );
		try {
			return $work();
		} finally {
			wp_set_current_user( $user );
			if ( null !== $password ) {
				$_COOKIE[ $cookie ] = $password;
			}
		}
	}

	/**
	 * Reads a product; see read().
	 *
	 * @param int    $product_id The product.
	 * @param string $kind       What happened, as far as it was noted.
	 * @return array|null Kind of event and product; null where there is nothing to say.
	 * @throws RuntimeException When the product is there but WooCommerce cannot read it.
	 */
	private static function described( $product_id, $kind ) {
		$post = get_post( $product_id );
		if ( ! $post instanceof WP_Post || 'product' !== $post->post_type || 'trash' === $post->post_status ) {
			return array( 'deleted', array( 'id' => (int) $product_id ) );
		}
		if ( in_array( $post->post_status, Pilito_PS_Hooks::UNBORN, true ) ) {
			return null;
		}
		$product = wc_get_product( $product_id );
		if ( ! $product instanceof WC_Product ) {
			throw new RuntimeException( 'wc_get_product found nothing' );
		}
		return array( 'deleted' === $kind ? 'restored' : $kind, self::product( $product, $post ) );
	}

	/**
	 * A product in the form of the contract.
	 *
	 * @param WC_Product $product The product.
	 * @param WP_Post    $post    Its post.
	 * @return array
	 */
	private static function product( $product, $post ) {
		$described = array(
			'id'                 => $product->get_id(),
			'name'               => $product->get_name(),
			'slug'               => urldecode( $product->get_slug() ),
			'type'               => $product->get_type(),
			'status'             => $product->get_status(),
			'catalog_visibility' => $product->get_catalog_visibility(),
			'post_password'      => '' === (string) $post->post_password ? '' : 'protected',
			'short_description'  => self::rendered( $product->get_short_description() ),
			'description'        => self::rendered( $product->get_description() ),
		);

		$described += self::facts( $product );
		$described += array(
			'currency'         => get_woocommerce_currency(),
			'image'            => self::image( $product->get_image_id() ),
			'gallery'          => array_values( array_filter( array_map( array( __CLASS__, 'image' ), $product->get_gallery_image_ids() ) ) ),
			'categories'       => self::terms( $product->get_id(), 'product_cat' ),
			'tags'             => self::terms( $product->get_id(), 'product_tag' ),
			'brands'           => self::brands( $product->get_id() ),
			'attributes'       => self::attributes( $product ),
			'date_created_gmt' => self::moment( $product->get_date_created() ),
		);
		if ( $product instanceof WC_Product_Variable ) {
			$described['variations'] = self::variations( $product );
		}
		return $described + self::language( $product->get_id() );
	}

	/**
	 * What products and variations have in common.
	 *
	 * @param WC_Product $product A product or variation.
	 * @return array
	 */
	private static function facts( $product ) {
		$codes = array( 'sku' => $product->get_sku() );
		if ( is_callable( array( $product, 'get_global_unique_id' ) ) ) { // since WooCommerce 9.2.
			$codes['global_unique_id'] = (string) $product->get_global_unique_id();
		}
		return $codes + array(
			'price'             => (string) $product->get_price(),
			'regular_price'     => (string) $product->get_regular_price(),
			'sale_price'        => (string) $product->get_sale_price(),
			'on_sale'           => $product->is_on_sale(),
			'manage_stock'      => $product->get_manage_stock(),
			'stock_quantity'    => $product->get_stock_quantity(),
			'stock_status'      => $product->get_stock_status(),
			'permalink'         => (string) $product->get_permalink(),
			'date_modified_gmt' => self::moment( $product->get_date_modified() ),
		);
	}

	/**
	 * All variations in the order of the shop, also those switched off.
	 *
	 * @param WC_Product $product A variable product.
	 * @return array
	 */
	private static function variations( $product ) {
		$variations = array();
		foreach ( $product->get_children() as $id ) {
			$variation = wc_get_product( $id );
			if ( ! $variation instanceof WC_Product_Variation || 'trash' === $variation->get_status() ) {
				continue;
			}
			$variations[] = array(
				'id'          => $variation->get_id(),
				'type'        => 'variation',
				'parent_id'   => $product->get_id(),
				'status'      => $variation->get_status(),
				'description' => self::rendered( $variation->get_description() ),
				'image'       => self::image( $variation->get_image_id() ),
				'attributes'  => self::chosen( $variation, $product ),
			) + self::facts( $variation );
		}
		return $variations;
	}

	/**
	 * The attributes of a product with the names a shopper sees.
	 *
	 * @param WC_Product $product A product.
	 * @return array
	 */
	private static function attributes( $product ) {
		$attributes = array();
		foreach ( $product->get_attributes() as $attribute ) {
			if ( ! $attribute instanceof WC_Product_Attribute ) {
				continue;
			}
			$options = $attribute->get_options();
			if ( $attribute->is_taxonomy() ) {
				$options = wc_get_product_terms( $product->get_id(), $attribute->get_name(), array( 'fields' => 'names' ) );
			}
			$attributes[] = array(
				'name'      => wc_attribute_label( $attribute->get_name(), $product ),
				'slug'      => urldecode( $attribute->get_name() ),
				'options'   => is_array( $options ) ? array_map( 'strval', array_values( $options ) ) : array(),
				'visible'   => $attribute->get_visible(),
				'variation' => $attribute->get_variation(),
			);
		}
		return $attributes;
	}

	/**
	 * What a variation stands for: رنگ → مشکی. An empty choice means any.
	 *
	 * @param WC_Product $variation The variation.
	 * @param WC_Product $product   Its product.
	 * @return array
	 */
	private static function chosen( $variation, $product ) {
		$chosen = array();
		foreach ( $variation->get_attributes() as $name => $value ) {
			$term = taxonomy_exists( $name ) ? get_term_by( 'slug', $value, $name ) : false;
			if ( '' === (string) $value ) {
				continue;
			}
			$chosen[] = array(
				'name'   => wc_attribute_label( $name, $product ),
				'option' => $term instanceof WP_Term ? $term->name : (string) $value,
			);
		}
		return $chosen;
	}

	/**
	 * Terms of a product; those within others with the way to them.
	 *
	 * @param int    $product_id The product.
	 * @param string $taxonomy   The taxonomy.
	 * @return array
	 */
	private static function terms( $product_id, $taxonomy ) {
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

	/**
	 * Brands, from WooCommerce or one of the plugins that had them before.
	 *
	 * @param int $product_id The product.
	 * @return array
	 */
	private static function brands( $product_id ) {
		foreach ( Pilito_PS_Terms::BRANDS as $taxonomy ) {
			$found = self::terms( $product_id, $taxonomy );
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
	private static function language( $product_id ) {
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
	 * A text as a shopper reads it: shortcodes done, whatever they print left out of our output.
	 *
	 * @param string $text A text of a product.
	 * @return string
	 */
	private static function rendered( $text ) {
		$text = (string) $text;
		if ( '' === trim( $text ) ) {
			return '';
		}
		$level = ob_get_level();
		ob_start();
		try {
			$text = wpautop( do_shortcode( $text ) );
		} finally {
			while ( ob_get_level() > $level ) {
				ob_end_clean();
			}
		}
		return $text;
	}

	/**
	 * Address of an image in full size.
	 *
	 * @param int|string $id The attachment.
	 * @return string Empty where there is none.
	 */
	private static function image( $id ) {
		return $id ? (string) wp_get_attachment_image_url( (int) $id, 'full' ) : '';
	}

	/**
	 * A name without the entities WordPress keeps names with.
	 *
	 * @param string $name A name.
	 * @return string
	 */
	private static function plain( $name ) {
		return html_entity_decode( $name, ENT_QUOTES | ENT_HTML5, 'UTF-8' );
	}

	/**
	 * A time in UTC.
	 *
	 * @param WC_DateTime|null $time A time.
	 * @return string|null
	 */
	private static function moment( $time ) {
		return $time ? gmdate( 'Y-m-d\TH:i:s', $time->getTimestamp() ) : null;
	}
}
