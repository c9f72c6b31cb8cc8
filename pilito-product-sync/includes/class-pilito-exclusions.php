<?php
/**
 * Products that the assistant is not to know.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * One option: products, categories with those below them, tags, and whether sold-out products are left out.
 */
class Pilito_PS_Exclusions {

	const OPTION = 'pilito_ps_exclude';
	const MOST   = 1000;

	const PRODUCT      = 'product';
	const CATEGORY     = 'category';
	const TAG          = 'tag';
	const OUT_OF_STOCK = 'out_of_stock';
	const DEVELOPER    = 'developer';

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		if ( ! pilito_ps_has_woocommerce() ) {
			return;
		}
		add_action( 'update_option_' . self::OPTION, array( __CLASS__, 'changed' ), 20, 2 );
		add_action( 'add_option_' . self::OPTION, array( __CLASS__, 'added' ), 20, 2 );
		add_action( 'delete_option', array( __CLASS__, 'about_to_be_removed' ), 20 );
	}

	/**
	 * What is excluded now.
	 *
	 * @return array `products`, `categories` and `tags` as lists of ids, `out_of_stock` as bool.
	 */
	public static function get() {
		return self::readable( get_option( self::OPTION ) );
	}

	/**
	 * Reads exclusions as they were sent by a form; the option is written with them.
	 *
	 * @param mixed $sent `products`, `categories`, `tags` and `out_of_stock`.
	 * @return array
	 */
	public static function readable( $sent ) {
		$sent = is_array( $sent ) ? $sent : array();
		$read = array();
		foreach ( array( 'products', 'categories', 'tags' ) as $name ) {
			$ids           = isset( $sent[ $name ] ) && is_array( $sent[ $name ] ) ? array_filter( $sent[ $name ], 'is_scalar' ) : array();
			$ids           = array_unique( array_filter( array_map( 'absint', $ids ) ) );
			$read[ $name ] = array_slice( array_values( $ids ), 0, self::MOST );
		}
		$read['out_of_stock'] = ! empty( $sent['out_of_stock'] ) && 'no' !== $sent['out_of_stock'];
		return $read;
	}

	/**
	 * Why a product is excluded.
	 *
	 * @param WC_Product|int $product The product.
	 * @return array|null `code` (one of the constants) and `name` (of the category or tag); null where it is not.
	 */
	public static function reason( $product ) {
		$product = is_object( $product ) ? $product : wc_get_product( $product );
		if ( ! $product instanceof WC_Product ) {
			return null;
		}
		$exclude = self::get();
		if ( in_array( $product->get_id(), $exclude['products'], true ) ) {
			return self::because( self::PRODUCT );
		}
		$category = self::term_of( $product->get_id(), 'product_cat', $exclude['categories'] );
		if ( null !== $category ) {
			return self::because( self::CATEGORY, $category );
		}
		$tag = self::term_of( $product->get_id(), 'product_tag', $exclude['tags'] );
		if ( null !== $tag ) {
			return self::because( self::TAG, $tag );
		}
		if ( $exclude['out_of_stock'] && 'outofstock' === $product->get_stock_status() ) {
			return self::because( self::OUT_OF_STOCK );
		}
		/**
		 * Filters whether a product is sent to Pilito; one that is not is forgotten there.
		 *
		 * @since 1.1.0
		 *
		 * @param bool       $send    Whether it is sent.
		 * @param WC_Product $product The product.
		 */
		return apply_filters( 'pilito_ps_should_send', true, $product ) ? null : self::because( self::DEVELOPER );
	}

	/**
	 * A reason as a sentence for the owner.
	 *
	 * @param array $reason What reason() returned.
	 * @return string Plain text, to be escaped.
	 */
	public static function sentence( array $reason ) {
		switch ( $reason['code'] ) {
			case self::CATEGORY:
				/* translators: %s: name of a category */
				return sprintf( __( 'Its category “%s” is excluded.', 'pilito-product-sync' ), $reason['name'] );
			case self::TAG:
				/* translators: %s: name of a tag */
				return sprintf( __( 'Its tag “%s” is excluded.', 'pilito-product-sync' ), $reason['name'] );
			case self::OUT_OF_STOCK:
				return __( 'It is sold out, and sold-out products are excluded.', 'pilito-product-sync' );
			case self::DEVELOPER:
				return __( 'Another plugin or the theme of your shop excludes it.', 'pilito-product-sync' );
		}
		return __( 'You have excluded this product.', 'pilito-product-sync' );
	}

	/**
	 * The exclusions were written for the first time.
	 *
	 * @param string $option Name of the option.
	 * @param mixed  $now    What is excluded now.
	 * @return void
	 */
	public static function added( $option, $now ) {
		self::changed( array(), $now );
	}

	/**
	 * The exclusions are about to be removed: their products are sent again.
	 *
	 * @param string $option Name of an option.
	 * @return void
	 */
	public static function about_to_be_removed( $option ) {
		if ( self::OPTION === $option ) {
			self::changed( get_option( self::OPTION ), array() );
		}
	}

	/**
	 * The exclusions changed: queues each product that may be excluded now and was not, or the other way.
	 *
	 * @param mixed $before What was excluded before.
	 * @param mixed $now    What is excluded now.
	 * @return void
	 */
	public static function changed( $before, $now ) {
		$before  = self::readable( $before );
		$now     = self::readable( $now );
		$differs = static function ( $name ) use ( $before, $now ) {
			return array_merge( array_diff( $before[ $name ], $now[ $name ] ), array_diff( $now[ $name ], $before[ $name ] ) );
		};
		$select  = self::affected(
			$differs( 'products' ),
			array_merge( self::with_children( $differs( 'categories' ) ), $differs( 'tags' ) ),
			$before['out_of_stock'] !== $now['out_of_stock']
		);
		if ( '' !== $select ) {
			Pilito_PS_Changes::touch_selected( $select );
		}
	}

	/**
	 * SQL over the products that a change of the exclusions may touch.
	 *
	 * @param int[] $products     Ids of products.
	 * @param int[] $terms        Ids of categories and tags.
	 * @param bool  $out_of_stock Whether sold-out products are among them.
	 * @return string Empty where nothing is touched.
	 */
	private static function affected( array $products, array $terms, $out_of_stock ) {
		global $wpdb;
		$any = array();
		if ( $products ) {
			$any[] = 'posts.ID IN (' . implode( ',', array_map( 'intval', $products ) ) . ')';
		}
		if ( $terms ) {
			$any[] = "posts.ID IN (SELECT links.object_id FROM {$wpdb->term_relationships} links
				JOIN {$wpdb->term_taxonomy} kinds ON kinds.term_taxonomy_id = links.term_taxonomy_id
				WHERE kinds.taxonomy IN ('product_cat', 'product_tag') AND kinds.term_id IN (" . implode( ',', array_map( 'intval', $terms ) ) . '))';
		}
		if ( $out_of_stock ) {
			$any[] = "posts.ID IN (SELECT fields.post_id FROM {$wpdb->postmeta} fields WHERE fields.meta_key = '_stock_status' AND fields.meta_value = 'outofstock')";
		}
		if ( ! $any ) {
			return '';
		}
		return "SELECT posts.ID AS product_id FROM {$wpdb->posts} posts
			WHERE posts.post_type = 'product' AND posts.post_status NOT IN ('auto-draft', 'importing', 'inherit') AND (" . implode( ' OR ', $any ) . ')';
	}

	/**
	 * Categories together with all below them.
	 *
	 * @param int[] $categories Ids of categories.
	 * @return int[]
	 */
	private static function with_children( array $categories ) {
		$all = $categories;
		foreach ( $categories as $category ) {
			$below = get_term_children( $category, 'product_cat' );
			$all   = array_merge( $all, is_array( $below ) ? $below : array() );
		}
		return array_unique( array_map( 'intval', $all ) );
	}

	/**
	 * The name of the excluded term that a product has, also through a category below it.
	 *
	 * @param int    $product_id The product.
	 * @param string $taxonomy   The taxonomy.
	 * @param int[]  $excluded   Ids of excluded terms.
	 * @return string|null Null where it has none.
	 */
	private static function term_of( $product_id, $taxonomy, array $excluded ) {
		$terms = $excluded ? get_the_terms( $product_id, $taxonomy ) : array();
		foreach ( is_array( $terms ) ? $terms : array() as $term ) {
			$line  = array_merge( array( $term->term_id ), get_ancestors( $term->term_id, $taxonomy, 'taxonomy' ) );
			$found = array_intersect( array_map( 'intval', $line ), $excluded );
			if ( $found ) {
				$one = get_term( reset( $found ), $taxonomy );
				return $one instanceof WP_Term ? Pilito_PS_Payload_Terms::plain( $one->name ) : '';
			}
		}
		return null;
	}

	/**
	 * A reason.
	 *
	 * @param string $code Its code.
	 * @param string $name Name of the term.
	 * @return array
	 */
	private static function because( $code, $name = '' ) {
		return array(
			'code' => $code,
			'name' => $name,
		);
	}
}
