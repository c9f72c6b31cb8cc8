<?php
/**
 * The products that wait to be sent.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * A table with one row per waiting product, kept until the service has taken what it stands for.
 *
 * `change_key` is new with each change and names it: the event id is made of it, and a row is only
 * removed by its own key, so a change that comes while an older one is being sent stays. `deaths` counts how often
 * reading the product ended a process or failed. What is done with a single row is in Pilito_PS_Turn.
 */
class Pilito_PS_Queue {

	const SCHEMA = 2;
	const CHUNK  = 200;

	/**
	 * SQL: whether a row failed. One that is being tried for the first time has not, and an outage is not the
	 * product's failure, unless Pilito fails at it again and again.
	 */
	const FAILED = "attempts > 0 AND (error IN ('invalid', 'too_large', 'unreadable') OR (error = 'interrupted' AND attempts > 1) OR (error = 'server' AND attempts >= 5))";

	/**
	 * Name of the table.
	 *
	 * @return string
	 */
	public static function table() {
		global $wpdb;
		return $wpdb->prefix . 'pilito_ps_queue';
	}

	/**
	 * Makes the table where this site has none of this version.
	 *
	 * @return void
	 */
	public static function install() {
		global $wpdb;
		if ( self::SCHEMA === (int) get_option( 'pilito_ps_schema' ) ) {
			return;
		}
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		dbDelta(
			'CREATE TABLE ' . self::table() . " (
			product_id bigint(20) unsigned NOT NULL,
			event_type varchar(20) NOT NULL,
			change_key char(32) NOT NULL,
			first_at bigint(20) NOT NULL,
			due_at bigint(20) NOT NULL,
			attempts int(10) unsigned NOT NULL DEFAULT 0,
			deaths int(10) unsigned NOT NULL DEFAULT 0,
			error varchar(32) NOT NULL DEFAULT '',
			note varchar(400) NOT NULL DEFAULT '',
			is_bulk tinyint(1) NOT NULL DEFAULT 0,
			PRIMARY KEY  (product_id),
			KEY turn (is_bulk,due_at),
			KEY attempts (attempts)
			) {$wpdb->get_charset_collate()};"
		);
		update_option( 'pilito_ps_schema', self::SCHEMA );
	}

	/**
	 * Notes that products changed. A row that waits keeps its place, until it has waited long enough.
	 *
	 * @param array $changes Kind of change by product id.
	 * @return bool Whether it is written.
	 */
	public static function add( array $changes ) {
		global $wpdb;
		$written = true;
		foreach ( array_chunk( $changes, self::CHUNK, true ) as $some ) {
			$rows = array();
			foreach ( $some as $product_id => $kind ) {
				$rows[] = $wpdb->prepare( '(%d, %s, %s, %d, %d)', $product_id, $kind, self::new_key(), time(), time() + pilito_ps_quiet() );
			}
			$written = self::upsert( 'VALUES ' . implode( ', ', $rows ) ) && $written;
		}
		return $written;
	}

	/**
	 * Notes that the products of a query changed, in one statement.
	 *
	 * @param string $select Prepared SQL that selects product ids as `product_id`.
	 * @return bool Whether it is written.
	 */
	public static function add_selected( $select ) {
		global $wpdb;
		return self::upsert(
			$wpdb->prepare( 'SELECT found.product_id, %s, MD5(CONCAT(%s, found.product_id)), %d, %d FROM (', 'updated', self::new_key(), time(), time() + pilito_ps_quiet() )
			. $select . ') AS found'
		);
	}

	/**
	 * Puts the next products of a complete sync behind all others; rows that wait already stay as they are.
	 *
	 * @param int $after Highest product id that was queued before.
	 * @param int $count How many.
	 * @return int The highest product id queued now, or 0 where there are no more.
	 */
	public static function add_page( $after, $count ) {
		global $wpdb;
		// phpcs:disable WordPress.DB -- our own table; a prepared page of ids.
		$ids = $wpdb->get_col( self::catalogue( 'ID', $wpdb->prepare( 'AND ID > %d ORDER BY ID LIMIT %d', $after, $count ) ) );
		if ( ! $ids ) {
			return 0;
		}
		$rows = array();
		foreach ( $ids as $id ) {
			$rows[] = $wpdb->prepare( '(%d, %s, %s, %d, %d, 1)', $id, 'updated', self::new_key(), time(), time() );
		}
		$done = $wpdb->query( 'INSERT IGNORE INTO ' . self::table() . ' (product_id, event_type, change_key, first_at, due_at, is_bulk) VALUES ' . implode( ', ', $rows ) );
		// phpcs:enable
		return false === $done ? $after : (int) end( $ids );
	}

	/**
	 * SQL over the products a complete sync sends; those in the trash are among them, as deletions.
	 *
	 * @param string $what What to select.
	 * @param string $more Conditions, order and limit; prepared.
	 * @return string
	 */
	public static function catalogue( $what, $more = '' ) {
		global $wpdb;
		return "SELECT {$what} FROM {$wpdb->posts} WHERE post_type = 'product' AND post_status NOT IN ('auto-draft', 'importing', 'inherit') {$more}";
	}

	/**
	 * Rows that are due, changes before the complete sync.
	 *
	 * @param int $count How many.
	 * @return array Objects of rows.
	 */
	public static function due( $count ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- our own table, which must not be cached.
		return (array) $wpdb->get_results( $wpdb->prepare( 'SELECT * FROM ' . self::table() . ' WHERE due_at <= %d ORDER BY is_bulk, due_at, product_id LIMIT %d', time(), $count ) );
	}

	/**
	 * Lets rows that failed come now.
	 *
	 * @param int    $product_id One product, or 0 for all.
	 * @param string $except     A kind of failure that stays where it is.
	 * @return void
	 */
	public static function hasten( $product_id = 0, $except = '' ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- our own table.
		$wpdb->query( $wpdb->prepare( 'UPDATE ' . self::table() . ' SET due_at = %d WHERE attempts > 0 AND due_at > %d AND (%d = 0 OR product_id = %d) AND error <> %s', time(), time(), $product_id, $product_id, $except ) );
	}

	/**
	 * The rest of a complete sync is no longer wanted.
	 *
	 * @return void
	 */
	public static function drop_bulk() {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- our own table.
		$wpdb->delete( self::table(), array( 'is_bulk' => 1 ), array( '%d' ) );
	}

	/**
	 * How much waits, of what kind, and since when.
	 *
	 * @return array `waiting`, `bulk`, `failed`, `next` (when the next is due) and `overdue` (in seconds).
	 */
	public static function summary() {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- our own table, which must not be cached.
		$row = $wpdb->get_row( 'SELECT COUNT(*) AS waiting, COALESCE(SUM(is_bulk), 0) AS bulk, COALESCE(SUM(' . self::FAILED . '), 0) AS failed, COALESCE(MIN(due_at), 0) AS next FROM ' . self::table(), ARRAY_A );

		$counts            = array_map( 'intval', (array) $row );
		$counts            = array_merge( array_fill_keys( array( 'waiting', 'bulk', 'failed', 'next' ), 0 ), $counts );
		$counts['overdue'] = $counts['next'] ? max( 0, time() - $counts['next'] ) : 0;
		return $counts;
	}

	/**
	 * When the next row is due.
	 *
	 * @return int Seconds since 1970; 0 where nothing waits.
	 */
	public static function next() {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- our own table, which must not be cached.
		return (int) $wpdb->get_var( 'SELECT MIN(due_at) FROM ' . self::table() );
	}

	/**
	 * When the oldest waiting change was made.
	 *
	 * @return int Seconds since 1970; 0 where nothing waits.
	 */
	public static function waiting_since() {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- our own table, which must not be cached.
		return (int) $wpdb->get_var( 'SELECT MIN(first_at) FROM ' . self::table() );
	}

	/**
	 * Which of some products wait.
	 *
	 * @param int[] $product_ids The products.
	 * @return int[]
	 */
	public static function waiting( array $product_ids ) {
		global $wpdb;
		$list = implode( ',', array_map( 'intval', $product_ids ) );
		// phpcs:ignore WordPress.DB -- our own table; numbers only.
		return '' === $list ? array() : array_map( 'intval', $wpdb->get_col( 'SELECT product_id FROM ' . self::table() . " WHERE product_id IN ({$list})" ) );
	}

	/**
	 * Puts products into the queue to be sent now.
	 *
	 * @param int[] $product_ids The products.
	 * @return bool Whether it is written.
	 */
	public static function add_now( array $product_ids ) {
		global $wpdb;
		$product_ids = array_filter( array_map( 'absint', $product_ids ) );
		if ( ! $product_ids || ! self::add( array_fill_keys( $product_ids, 'updated' ) ) ) {
			return ! $product_ids;
		}
		// phpcs:ignore WordPress.DB -- our own table; numbers only.
		return false !== $wpdb->query( $wpdb->prepare( 'UPDATE ' . self::table() . ' SET due_at = %d WHERE product_id IN (' . implode( ',', $product_ids ) . ')', time() ) );
	}

	/**
	 * The rows that failed, the latest tried first.
	 *
	 * @param int $count How many at most.
	 * @return array Objects of rows.
	 */
	public static function failures( $count ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- our own table, which must not be cached.
		return (array) $wpdb->get_results( $wpdb->prepare( 'SELECT * FROM ' . self::table() . ' WHERE ' . self::FAILED . ' ORDER BY attempts DESC, product_id LIMIT %d', $count ) );
	}

	/**
	 * Writes changes over what waits. Assignments are made in order, so the first still see the old row.
	 *
	 * @param string $source Prepared SQL: VALUES or SELECT of product_id, event_type, change_key, first_at, due_at.
	 * @return bool Whether it is written.
	 */
	private static function upsert( $source ) {
		global $wpdb;
		// phpcs:disable WordPress.DB -- our own table; every part is prepared.
		$done = $wpdb->query(
			'INSERT INTO ' . self::table() . ' (product_id, event_type, change_key, first_at, due_at) ' . $source
			. ' ON DUPLICATE KEY UPDATE'
			. " event_type = IF(VALUES(event_type) = 'updated' AND event_type <> 'deleted', event_type, VALUES(event_type)),"
			. ' first_at = IF(attempts > 0 OR is_bulk = 1, VALUES(first_at), first_at),'
			. ' due_at = LEAST(VALUES(due_at), GREATEST(VALUES(first_at), first_at + ' . pilito_ps_longest() . ')),'
			. " change_key = VALUES(change_key), attempts = 0, error = '', note = '', is_bulk = 0"
		);
		// phpcs:enable
		return false !== $done;
	}

	/**
	 * A name for one change.
	 *
	 * @return string 32 hexadecimal digits.
	 */
	private static function new_key() {
		return bin2hex( random_bytes( 16 ) );
	}
}
