<?php
/**
 * Where WordPress and WooCommerce tell that a product changed.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Notes the ids of products that change. Nothing is read here: the product is read when it is sent, long
 * after WooCommerce has saved all of it.
 */
class Pilito_PS_Hooks {

	/**
	 * Fields that other plugins write past WooCommerce.
	 */
	const FIELDS = array(
		'_price',
		'_regular_price',
		'_sale_price',
		'_sale_price_dates_from',
		'_sale_price_dates_to',
		'_stock',
		'_stock_status',
		'_manage_stock',
		'_backorders',
		'_sku',
		'_global_unique_id',
		'_thumbnail_id',
		'_product_image_gallery',
		'_product_attributes',
		'_variation_description',
	);

	/**
	 * Post statuses of what is not yet a product.
	 */
	const UNBORN = array( 'new', 'auto-draft', 'importing', 'inherit' );

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		$ids = array(
			'woocommerce_new_product'                     => 'created',
			'woocommerce_update_product'                  => 'updated',
			'woocommerce_new_product_variation'           => 'updated',
			'woocommerce_update_product_variation'        => 'updated',
			'woocommerce_delete_product_variation'        => 'updated',
			'woocommerce_trash_product_variation'         => 'updated',
			'woocommerce_product_set_stock_status'        => 'updated',
			'woocommerce_variation_set_stock_status'      => 'updated',
			'woocommerce_updated_product_stock'           => 'updated',
			'woocommerce_updated_product_price'           => 'updated',
			'woocommerce_before_delete_product_variation' => 'updated',
			'wp_after_insert_post'                        => 'updated',
			'trashed_post'                                => 'deleted',
			'before_delete_post'                          => 'deleted',
			'untrashed_post'                              => 'restored',
		);
		foreach ( $ids as $hook => $kind ) {
			add_action(
				$hook,
				static function ( $id ) use ( $kind ) {
					self::touch( $id, $kind );
				},
				20
			);
		}
		$objects = array(
			'woocommerce_product_set_stock',
			'woocommerce_variation_set_stock',
			'woocommerce_product_import_inserted_product_object',
		);
		foreach ( $objects as $hook ) {
			add_action( $hook, array( __CLASS__, 'touch_object' ), 20 );
		}
		foreach ( array( 'added_post_meta', 'updated_post_meta', 'deleted_post_meta' ) as $hook ) {
			add_action( $hook, array( __CLASS__, 'field_written' ), 20, 3 );
		}
		add_action( 'transition_post_status', array( __CLASS__, 'status_changed' ), 20, 3 );

		add_action( 'edited_term', array( 'Pilito_PS_Terms', 'edited' ), 20, 3 );
		add_action( 'edited_term_taxonomies', array( 'Pilito_PS_Terms', 'moved' ), 20 );
		add_action( 'set_object_terms', array( 'Pilito_PS_Terms', 'assigned' ), 20, 6 );
		add_action( 'deleted_term_relationships', array( 'Pilito_PS_Terms', 'removed' ), 20, 3 );
		add_action( 'woocommerce_attribute_updated', array( 'Pilito_PS_Terms', 'attribute_updated' ), 20, 2 );
		add_action( 'woocommerce_before_attribute_delete', array( 'Pilito_PS_Terms', 'attribute_deleted' ), 20, 3 );

		foreach ( array( 'woocommerce_currency', 'permalink_structure', 'woocommerce_permalinks' ) as $option ) {
			add_action( "update_option_{$option}", array( 'Pilito_PS_Bulk', 'start' ), 20, 0 );
		}
		add_action( 'shutdown', array( 'Pilito_PS_Changes', 'flush' ), 20 );
	}

	/**
	 * A post changed: if it is a product it is noted, if it is a variation its product is.
	 *
	 * @param int    $id   A post of any kind.
	 * @param string $kind What happened.
	 * @return void
	 */
	public static function touch( $id, $kind = 'updated' ) {
		$post = get_post( $id );
		if ( ! $post instanceof WP_Post || in_array( $post->post_status, self::UNBORN, true ) ) {
			return;
		}
		if ( 'product' === $post->post_type ) {
			Pilito_PS_Changes::touch( $post->ID, $kind );
		} elseif ( 'product_variation' === $post->post_type ) {
			Pilito_PS_Changes::touch( $post->post_parent );
		}
	}

	/**
	 * A product or variation changed, given as an object of WooCommerce.
	 *
	 * @param WC_Product $product The product.
	 * @return void
	 */
	public static function touch_object( $product ) {
		self::touch( $product->get_id() );
	}

	/**
	 * A field was written, by whomever.
	 *
	 * @param int|array $meta_id Unused.
	 * @param int       $id      The post.
	 * @param string    $field   Name of the field.
	 * @return void
	 */
	public static function field_written( $meta_id, $id, $field ) {
		if ( in_array( $field, self::FIELDS, true ) || 0 === strpos( $field, 'attribute_' ) ) {
			self::touch( $id );
		}
	}

	/**
	 * A post went from one status to another.
	 *
	 * @param string  $now    Status now.
	 * @param string  $before Status before.
	 * @param WP_Post $post   The post.
	 * @return void
	 */
	public static function status_changed( $now, $before, $post ) {
		if ( $now === $before ) {
			return;
		}
		$kind = 'updated';
		if ( in_array( $before, self::UNBORN, true ) ) {
			$kind = 'created';
		} elseif ( 'trash' === $now ) {
			$kind = 'deleted';
		} elseif ( 'trash' === $before ) {
			$kind = 'restored';
		} elseif ( 'publish' === $now ) {
			$kind = 'published';
		}
		self::touch( $post->ID, $kind );
	}
}
