<?php
/**
 * Plugin Name: WooCommerce (stand-in for tests)
 * Version: 7.0.0
 *
 * The smallest stand-in for WooCommerce: the classes, functions and hooks that the plugin uses, over
 * WordPress' own posts, terms and fields. The real one is not in the repository.
 */

defined( 'ABSPATH' ) || exit;

define( 'WC_VERSION', '7.0.0' );

require __DIR__ . '/action-scheduler.php';

class WooCommerce {
	/** Who shops in this request. */
	public $customer = null;
}

class WC_DateTime extends DateTime {}

class WC_Product_Attribute {
	private $data;

	public function __construct( array $data ) {
		$this->data = $data;
	}

	public function get_name() {
		return $this->data['name'];
	}

	public function get_options() {
		return $this->data['options'];
	}

	public function is_taxonomy() {
		return 0 === strpos( $this->data['name'], 'pa_' );
	}

	public function get_visible() {
		return true;
	}

	public function get_variation() {
		return ! empty( $this->data['variation'] );
	}
}

/** A product, kept as WooCommerce keeps one: a post, and fields that begin with an underscore. */
class WC_Product {
	const POST_TYPE = 'product';

	protected $post;

	public function __construct( WP_Post $post ) {
		$this->post = $post;
	}

	protected function field( $name ) {
		return (string) get_post_meta( $this->post->ID, '_' . $name, true );
	}

	/** Writes fields as WooCommerce does: the post, its fields, then the hooks. */
	public static function write( array $post, array $fields = array() ) {
		$is_new = empty( $post['ID'] );
		$id     = $is_new ? wp_insert_post( $post + array( 'post_type' => static::POST_TYPE, 'post_status' => 'publish' ) ) : wp_update_post( $post );
		foreach ( $fields as $name => $value ) {
			update_post_meta( $id, '_' . $name, $value );
		}
		$what = 'product_variation' === static::POST_TYPE ? 'product_variation' : 'product';
		do_action( ( $is_new ? 'woocommerce_new_' : 'woocommerce_update_' ) . $what, $id, wc_get_product( $id ) );
		return $id;
	}

	public function set_stock( $quantity ) {
		update_post_meta( $this->post->ID, '_stock', $quantity );
		do_action( 'woocommerce_product_set_stock', $this );
		do_action( 'woocommerce_product_set_stock_status', $this->post->ID, $this->get_stock_status(), $this );
	}

	public function get_id() {
		return $this->post->ID;
	}

	public function get_name() {
		return $this->post->post_title;
	}

	public function get_slug() {
		return $this->post->post_name;
	}

	public function get_type() {
		return 'simple';
	}

	public function get_status() {
		return $this->post->post_status;
	}

	public function get_catalog_visibility() {
		return $this->field( 'visibility' ) ?: 'visible';
	}

	public function get_description( $context = 'view' ) {
		return 'view' === $context ? apply_filters( 'woocommerce_product_get_description', $this->post->post_content, $this ) : $this->post->post_content;
	}

	public function get_short_description( $context = 'view' ) {
		return $this->post->post_excerpt;
	}

	public function get_sku() {
		return $this->field( 'sku' );
	}

	public function get_global_unique_id() {
		return $this->field( 'global_unique_id' );
	}

	public function get_price() {
		return $this->get_sale_price() ?: $this->get_regular_price();
	}

	public function get_regular_price() {
		return $this->field( 'regular_price' );
	}

	public function get_sale_price() {
		return $this->field( 'sale_price' );
	}

	public function is_on_sale() {
		return '' !== $this->get_sale_price();
	}

	public function get_manage_stock() {
		return '' !== $this->field( 'stock' );
	}

	public function get_stock_quantity() {
		return $this->get_manage_stock() ? (int) $this->field( 'stock' ) : null;
	}

	public function get_stock_status() {
		if ( ! $this->get_manage_stock() || $this->get_stock_quantity() > 0 ) {
			return $this->field( 'stock_status' ) ?: 'instock';
		}
		return 'no' === $this->get_backorders() ? 'outofstock' : 'onbackorder';
	}

	public function get_backorders() {
		return $this->field( 'backorders' ) ?: 'no';
	}

	public function get_date_on_sale_to() {
		$end = $this->field( 'sale_price_dates_to' );
		return '' === $end ? null : new WC_DateTime( '@' . $end );
	}

	public function get_weight() {
		return $this->field( 'weight' );
	}

	public function get_length() {
		return $this->field( 'length' );
	}

	public function get_width() {
		return $this->field( 'width' );
	}

	public function get_height() {
		return $this->field( 'height' );
	}

	public function get_average_rating() {
		return $this->field( 'wc_average_rating' ) ?: '0';
	}

	public function get_rating_count() {
		return (int) $this->field( 'wc_rating_count' );
	}

	public function get_review_count() {
		return (int) $this->field( 'wc_review_count' );
	}

	public function get_featured() {
		return has_term( 'featured', 'product_visibility', $this->post->ID );
	}

	public function get_permalink() {
		return get_permalink( $this->post );
	}

	public function get_image_id() {
		return (int) $this->field( 'thumbnail_id' );
	}

	public function get_gallery_image_ids() {
		return array();
	}

	public function get_date_modified() {
		return new WC_DateTime( $this->post->post_modified_gmt . ' UTC' );
	}

	public function get_date_created() {
		return new WC_DateTime( $this->post->post_date_gmt . ' UTC' );
	}

	public function get_attributes() {
		$attributes = get_post_meta( $this->post->ID, '_product_attributes', true );
		return array_map(
			static function ( $data ) {
				return new WC_Product_Attribute( $data );
			},
			is_array( $attributes ) ? $attributes : array()
		);
	}
}

class WC_Product_Variable extends WC_Product {
	public function get_type() {
		return 'variable';
	}

	public function get_children() {
		return get_posts( array( 'post_type' => 'product_variation', 'post_parent' => $this->post->ID, 'post_status' => array( 'publish', 'private' ), 'fields' => 'ids', 'numberposts' => -1, 'orderby' => 'ID', 'order' => 'ASC' ) );
	}
}

class WC_Product_Variation extends WC_Product {
	const POST_TYPE = 'product_variation';

	public function get_type() {
		return 'variation';
	}

	public function get_attributes() {
		$attributes = get_post_meta( $this->post->ID, '_options', true );
		return is_array( $attributes ) ? $attributes : array();
	}
}

class WC_Product_Grouped extends WC_Product {
	public function get_type() {
		return 'grouped';
	}

	public function get_children() {
		return (array) get_post_meta( $this->post->ID, '_children', true );
	}
}

class WC_Product_External extends WC_Product {
	public function get_type() {
		return 'external';
	}

	public function get_product_url() {
		return $this->field( 'product_url' );
	}

	public function get_button_text() {
		return $this->field( 'button_text' );
	}
}

function WC() {
	static $shop = null;
	return $shop ?: $shop = new WooCommerce();
}

function wc_get_product( $id ) {
	$post = get_post( $id );
	if ( ! $post ) {
		return false;
	}
	if ( 'product_variation' === $post->post_type ) {
		return new WC_Product_Variation( $post );
	}
	$kinds = array( 'grouped' => 'WC_Product_Grouped', 'external' => 'WC_Product_External' );
	$type  = get_post_meta( $post->ID, '_type', true );
	if ( isset( $kinds[ $type ] ) ) {
		return new $kinds[ $type ]( $post );
	}
	$is_variable = (bool) get_posts( array( 'post_type' => 'product_variation', 'post_parent' => $post->ID, 'post_status' => 'any', 'fields' => 'ids', 'numberposts' => 1 ) );
	return $is_variable ? new WC_Product_Variable( $post ) : new WC_Product( $post );
}

function get_woocommerce_currency() {
	return get_option( 'woocommerce_currency', 'IRT' );
}

function wc_tax_enabled() {
	return 'yes' === get_option( 'woocommerce_calc_taxes' );
}

/** Prices are kept without the tax of ten percent, which a shopper who is exempt does not see. */
function wc_get_price_to_display( $product, $arguments = array() ) {
	$shown  = 'incl' === get_option( 'woocommerce_tax_display_shop' ) && 'exempt' !== WC()->customer;
	$price  = (float) $arguments['price'];
	return $shown ? round( $price * 1.1, wc_get_price_decimals() ) : $price;
}

function wc_get_price_decimals() {
	return (int) get_option( 'woocommerce_price_num_decimals', 2 );
}

function wc_attribute_label( $name ) {
	$taxonomy = get_taxonomy( $name );
	return $taxonomy ? $taxonomy->labels->singular_name : $name;
}

function wc_attribute_taxonomy_name( $name ) {
	return 'pa_' . $name;
}

function wc_get_product_terms( $id, $taxonomy, $arguments ) {
	return wp_get_post_terms( $id, $taxonomy, $arguments );
}

add_action(
	'init',
	static function () {
		register_post_type( 'product', array( 'public' => true, 'label' => 'Products', 'supports' => array( 'title', 'editor', 'excerpt' ) ) );
		register_post_type( 'product_variation', array( 'public' => false ) );
		register_taxonomy( 'product_cat', 'product', array( 'hierarchical' => true, 'public' => true ) );
		register_taxonomy( 'product_tag', 'product', array( 'public' => true ) );
		register_taxonomy( 'product_visibility', 'product', array( 'public' => false ) );
		register_taxonomy( 'product_brand', 'product', array( 'public' => true ) );
		register_taxonomy( 'pa_color', 'product', array( 'public' => true, 'labels' => array( 'singular_name' => get_option( 'test_attribute_label', 'رنگ' ) ) ) );
	},
	5
);

add_action(
	'admin_menu',
	static function () {
		add_menu_page( 'WooCommerce', 'WooCommerce', 'manage_woocommerce', 'woocommerce', '__return_null' );
	}
);

register_activation_hook(
	__FILE__,
	static function () {
		get_role( 'administrator' )->add_cap( 'manage_woocommerce' );
	}
);

do_action( 'before_woocommerce_init' );
