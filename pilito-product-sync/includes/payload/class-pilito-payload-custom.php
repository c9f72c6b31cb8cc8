<?php
/**
 * Custom fields that the owner has chosen.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads the custom fields of products whose keys are in the option, and lists the keys to choose from.
 */
class Pilito_PS_Payload_Custom {

	const OPTION     = 'pilito_ps_custom_fields';
	const FIELDS     = 50;
	const CHARACTERS = 2000;
	const CANDIDATES = 100;
	const SAMPLE     = 2000;

	/**
	 * Fields of WooCommerce without an underscore, which are no texts of a product.
	 */
	const INTERNAL = array( 'total_sales' );

	/**
	 * The keys that the owner has chosen.
	 *
	 * @return string[]
	 */
	public static function keys() {
		return self::readable( get_option( self::OPTION ) );
	}

	/**
	 * Reads a list of keys as it was sent by a form; the option is written with it.
	 *
	 * @param mixed $sent A list of keys.
	 * @return string[]
	 */
	public static function readable( $sent ) {
		$keys = array_map( 'trim', array_filter( is_array( $sent ) ? $sent : array(), 'is_string' ) );
		$keys = array_filter(
			$keys,
			static function ( $key ) {
				return '' !== $key && strlen( $key ) <= 255;
			}
		);
		return array_slice( array_values( array_unique( $keys ) ), 0, self::FIELDS );
	}

	/**
	 * The chosen fields of a product that have a value.
	 *
	 * @param int $product_id The product.
	 * @return array Of `name` and `value`.
	 */
	public static function of( $product_id ) {
		$fields = array();
		foreach ( self::keys() as $key ) {
			list( $label, $value ) = self::field( $product_id, $key );

			$text = self::text( $value );
			if ( '' !== $text ) {
				$fields[] = array(
					'name'  => $label,
					'value' => $text,
				);
			}
		}
		return $fields;
	}

	/**
	 * The keys that products have, the most common ones first, and those chosen already.
	 *
	 * Only the newest products are looked at, so that the page opens fast in a shop of any size.
	 *
	 * @return array By key: `label`, `products` (how many have it) and `chosen`.
	 */
	public static function candidates() {
		global $wpdb;
		$chosen = self::keys();
		$found  = array();
		// phpcs:ignore WordPress.DB -- a count of keys, for a page of settings.
		$rows = $wpdb->get_results(
			$wpdb->prepare(
				"SELECT fields.meta_key AS name, COUNT(*) AS products, MIN(fields.post_id) AS product_id
				FROM (SELECT ID FROM {$wpdb->posts} WHERE post_type = 'product' AND post_status NOT IN ('auto-draft', 'trash') ORDER BY ID DESC LIMIT %d) newest
				JOIN {$wpdb->postmeta} fields ON fields.post_id = newest.ID
				WHERE fields.meta_key NOT LIKE %s AND fields.meta_value <> ''
				GROUP BY fields.meta_key ORDER BY products DESC, fields.meta_key LIMIT %d",
				self::SAMPLE,
				$wpdb->esc_like( '_' ) . '%',
				self::CANDIDATES
			)
		);
		foreach ( (array) $rows as $row ) {
			if ( ! in_array( $row->name, self::INTERNAL, true ) ) {
				$found[ $row->name ] = self::candidate( $row->name, (int) $row->products, (int) $row->product_id );
			}
		}
		foreach ( $chosen as $key ) {
			$found += array( $key => self::candidate( $key, 0, 0 ) );
		}
		return $found;
	}

	/**
	 * One key to choose.
	 *
	 * @param string $key        The key.
	 * @param int    $products   How many products have it.
	 * @param int    $product_id One of them, or 0.
	 * @return array
	 */
	private static function candidate( $key, $products, $product_id ) {
		return array(
			'label'    => $product_id ? self::field( $product_id, $key )[0] : self::words( $key ),
			'products' => $products,
			'chosen'   => in_array( $key, self::keys(), true ),
		);
	}

	/**
	 * A field's name for people and its value; Advanced Custom Fields knows both better.
	 *
	 * @param int    $product_id The product.
	 * @param string $key        The key.
	 * @return array Label and value.
	 */
	private static function field( $product_id, $key ) {
		$field = function_exists( 'get_field_object' ) ? get_field_object( $key, $product_id ) : false;
		if ( is_array( $field ) && isset( $field['label'] ) && '' !== (string) $field['label'] ) {
			return array( wp_strip_all_tags( (string) $field['label'] ), isset( $field['value'] ) ? $field['value'] : '' );
		}
		return array( self::words( $key ), get_post_meta( $product_id, $key, true ) );
	}

	/**
	 * A key in words: `warranty_months` → warranty months.
	 *
	 * @param string $key The key.
	 * @return string
	 */
	private static function words( $key ) {
		return trim( (string) preg_replace( '/[\s_-]+/u', ' ', urldecode( $key ) ) );
	}

	/**
	 * A value as one text; what is no text, number, choice or name of something has none.
	 *
	 * @param mixed $value The value.
	 * @return string
	 */
	private static function text( $value ) {
		if ( is_bool( $value ) ) {
			return $value ? 'yes' : 'no';
		}
		if ( $value instanceof WP_Term ) {
			$value = $value->name;
		} elseif ( $value instanceof WP_Post ) {
			$value = $value->post_title;
		}
		if ( is_array( $value ) ) {
			$value = isset( $value['label'] ) ? array( $value['label'] ) : array_slice( $value, 0, self::FIELDS );
			$value = array_filter( $value, array( __CLASS__, 'has_text' ) );
			$value = implode( '، ', array_filter( array_map( array( __CLASS__, 'text' ), $value ), 'strlen' ) );
		}
		return is_scalar( $value ) ? mb_substr( trim( wp_strip_all_tags( strip_shortcodes( (string) $value ) ) ), 0, self::CHARACTERS ) : '';
	}

	/**
	 * Whether an entry of a list is a text, a number or something with a name; lists of lists are not read.
	 *
	 * @param mixed $value The entry.
	 * @return bool
	 */
	private static function has_text( $value ) {
		return is_scalar( $value ) || $value instanceof WP_Term || $value instanceof WP_Post;
	}
}
