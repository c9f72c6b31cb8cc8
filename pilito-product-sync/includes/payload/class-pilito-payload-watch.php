<?php
/**
 * Changes that no save of a product tells.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Notes the products that read otherwise after a field, a setting, a child of a set or a pattern changed.
 */
class Pilito_PS_Payload_Watch {

	/**
	 * Fields behind what is sent of a product, which other plugins write past WooCommerce.
	 */
	const FIELDS = array( '_weight', '_length', '_width', '_height', '_product_url', '_button_text', '_children', '_wc_average_rating', '_wc_rating_count', '_wc_review_count' );

	/**
	 * Settings of the shop that change every product.
	 */
	const SETTINGS = array(
		'woocommerce_calc_taxes',
		'woocommerce_prices_include_tax',
		'woocommerce_tax_display_shop',
		'woocommerce_tax_based_on',
		'woocommerce_default_customer_address',
		'woocommerce_default_country',
		'woocommerce_weight_unit',
		'woocommerce_dimension_unit',
		'woocommerce_price_num_decimals',
		Pilito_PS_Payload_Custom::OPTION,
	);

	/**
	 * Whether all products have to be sent when the request ends.
	 *
	 * @var bool
	 */
	private static $all = false;

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		if ( ! pilito_ps_has_woocommerce() ) {
			return;
		}
		foreach ( array( 'added_post_meta', 'updated_post_meta', 'deleted_post_meta' ) as $hook ) {
			add_action( $hook, array( __CLASS__, 'field_written' ), 20, 3 );
		}
		foreach ( self::SETTINGS as $option ) {
			add_action( "update_option_{$option}", array( __CLASS__, 'everything_changed' ), 20, 0 );
		}
		add_action( 'add_option_' . Pilito_PS_Payload_Custom::OPTION, array( __CLASS__, 'everything_changed' ), 20, 0 );
		foreach ( array( 'added', 'updated', 'deleted' ) as $what ) {
			add_action( "woocommerce_tax_rate_{$what}", array( __CLASS__, 'everything_changed' ), 20, 0 );
		}
		add_action( 'post_updated', array( __CLASS__, 'post_updated' ), 20, 3 );
		add_action( 'shutdown', array( __CLASS__, 'flush' ), 15 );
		self::read_again();
	}

	/**
	 * After an update that reads more of a product, sends all products again.
	 *
	 * @return void
	 */
	private static function read_again() {
		if ( Pilito_PS_Payload::READING === (int) get_option( 'pilito_ps_reading' ) ) {
			return;
		}
		update_option( 'pilito_ps_reading', Pilito_PS_Payload::READING );
		self::$all = '' !== pilito_ps_token();
	}

	/**
	 * A field of a product was written, by any plugin.
	 *
	 * @param int|array $meta_id Unused.
	 * @param int       $id      The post.
	 * @param string    $field   Name of the field.
	 * @return void
	 */
	public static function field_written( $meta_id, $id, $field ) {
		if ( in_array( $field, self::FIELDS, true ) || in_array( $field, Pilito_PS_Payload_Custom::keys(), true ) ) {
			Pilito_PS_Hooks::touch( $id );
		}
	}

	/**
	 * A setting changed that all products depend on; they are sent once, however many settings a form saves.
	 *
	 * @return void
	 */
	public static function everything_changed() {
		self::$all = true;
	}

	/**
	 * The request ends: starts the complete sync where it is needed.
	 *
	 * @return void
	 */
	public static function flush() {
		if ( self::$all ) {
			self::$all = false;
			Pilito_PS_Bulk::start();
		}
	}

	/**
	 * A post was saved: sets name their products, and texts show synced patterns.
	 *
	 * @param int     $id     The post.
	 * @param WP_Post $now    The post now.
	 * @param WP_Post $before The post before.
	 * @return void
	 */
	public static function post_updated( $id, $now, $before ) {
		global $wpdb;
		$shown = $now->post_title !== $before->post_title || $now->post_status !== $before->post_status;
		if ( 'product' === $now->post_type && $shown ) {
			Pilito_PS_Changes::touch_selected(
				$wpdb->prepare(
					"SELECT posts.ID AS product_id FROM {$wpdb->postmeta} fields
					JOIN {$wpdb->posts} posts ON posts.ID = fields.post_id AND posts.post_type = 'product' AND posts.post_status <> 'auto-draft'
					WHERE fields.meta_key = '_children' AND fields.meta_value LIKE %s",
					'%' . $wpdb->esc_like( "i:{$id};" ) . '%'
				)
			);
		}
		if ( 'wp_block' === $now->post_type && ( $now->post_content !== $before->post_content || $now->post_status !== $before->post_status ) ) {
			$pattern = '%' . $wpdb->esc_like( '<!-- wp:block ' ) . '%' . $wpdb->esc_like( '"ref":' . $id );
			Pilito_PS_Changes::touch_selected(
				$wpdb->prepare(
					"SELECT ID AS product_id FROM {$wpdb->posts} WHERE post_type = 'product' AND post_status <> 'auto-draft'
					AND (post_content LIKE %s OR post_content LIKE %s OR post_excerpt LIKE %s OR post_excerpt LIKE %s)",
					$pattern . '}%',
					$pattern . ',%',
					$pattern . '}%',
					$pattern . ',%'
				)
			);
		}
	}
}
