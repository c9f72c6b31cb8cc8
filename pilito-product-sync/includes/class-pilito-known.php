<?php
/**
 * What the service last said of each product.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * A table with at most one row per product, for the product list and its filter. It is only a memory: without
 * it the list asks again.
 */
class Pilito_PS_Known {

	const SCHEMA = 1;
	const OPTION = 'pilito_ps_known_schema';
	const STATES = array( 'known', 'waiting', 'hidden', 'failed', 'unknown' );
	const FRESH  = 60;
	const LENGTH = 300;

	/**
	 * Seconds after which the service is asked again about a product that it has not processed yet.
	 */
	const FRESH_WAITING = 3;

	/**
	 * Name of the table.
	 *
	 * @return string
	 */
	public static function table() {
		global $wpdb;
		return $wpdb->prefix . 'pilito_ps_known';
	}

	/**
	 * Makes the table where this site has none of this version.
	 *
	 * @return void
	 */
	public static function install() {
		global $wpdb;
		if ( self::SCHEMA === (int) get_option( self::OPTION ) ) {
			return;
		}
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		dbDelta(
			'CREATE TABLE ' . self::table() . " (
			product_id bigint(20) unsigned NOT NULL,
			state varchar(10) NOT NULL,
			message varchar(400) NOT NULL DEFAULT '',
			said_at bigint(20) NOT NULL,
			PRIMARY KEY  (product_id),
			KEY said_at (said_at)
			) {$wpdb->get_charset_collate()};"
		);
		update_option( self::OPTION, self::SCHEMA );
	}

	/**
	 * Keeps what the service said, in one statement.
	 *
	 * @param int[] $asked  The products that were asked about.
	 * @param array $states The service's answer: by product id, `state` and `message`.
	 * @return void
	 */
	public static function keep( array $asked, array $states ) {
		global $wpdb;
		$rows = array();
		foreach ( $asked as $id ) {
			$said    = isset( $states[ $id ] ) && is_array( $states[ $id ] ) ? $states[ $id ] : array();
			$state   = isset( $said['state'] ) && in_array( $said['state'], self::STATES, true ) ? $said['state'] : 'unknown';
			$message = isset( $said['message'] ) && is_string( $said['message'] ) ? mb_substr( sanitize_text_field( $said['message'] ), 0, self::LENGTH ) : '';
			$rows[]  = $wpdb->prepare( '(%d, %s, %s, %d)', $id, $state, $message, time() );
		}
		if ( $rows ) {
			// phpcs:ignore WordPress.DB -- our own table; every row is prepared.
			$wpdb->query( 'INSERT INTO ' . self::table() . ' (product_id, state, message, said_at) VALUES ' . implode( ', ', $rows ) . ' ON DUPLICATE KEY UPDATE state = VALUES(state), message = VALUES(message), said_at = VALUES(said_at)' );
		}
	}

	/**
	 * Products that the service was not asked about for longest, those never asked first.
	 *
	 * @param int $count  How many at most.
	 * @param int $before Only those asked before this moment.
	 * @return int[]
	 */
	public static function longest_ago( $count, $before ) {
		global $wpdb;
		// phpcs:disable WordPress.DB -- our own table, which must not be cached.
		return array_map(
			'intval',
			$wpdb->get_col(
				$wpdb->prepare(
					'SELECT posts.ID FROM ' . $wpdb->posts . ' AS posts LEFT JOIN ' . self::table() . " AS known ON known.product_id = posts.ID
					WHERE posts.post_type = 'product' AND posts.post_status NOT IN ('auto-draft', 'importing', 'inherit', 'trash') AND COALESCE(known.said_at, 0) < %d
					ORDER BY COALESCE(known.said_at, 0), posts.ID LIMIT %d",
					$before,
					$count
				)
			)
		);
		// phpcs:enable
	}

	/**
	 * Lets the list ask again for products that are being sent.
	 *
	 * @param int[] $ids The products.
	 * @return void
	 */
	public static function doubt( array $ids ) {
		global $wpdb;
		if ( $ids ) {
			// phpcs:ignore WordPress.DB -- our own table; the ids are numbers.
			$wpdb->query( 'UPDATE ' . self::table() . ' SET said_at = 1 WHERE product_id IN (' . implode( ',', array_map( 'intval', $ids ) ) . ')' );
		}
	}

	/**
	 * Removes a product that was deleted.
	 *
	 * @param int $id A post of any kind.
	 * @return void
	 */
	public static function forget( $id ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- our own table.
		$wpdb->delete( self::table(), array( 'product_id' => $id ), array( '%d' ) );
	}
}
