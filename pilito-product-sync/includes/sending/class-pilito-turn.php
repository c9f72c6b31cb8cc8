<?php
/**
 * A waiting product's turn.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * What is written to a row of the queue while it is tried. Every statement names the change that was read, so that
 * a newer change of the same product stays as it is.
 */
class Pilito_PS_Turn {

	const NOTE_LENGTH    = 300;
	const AFTER_DEATH    = 60;
	const PLAIN_AFTER    = 2;
	const FIRST_RETRY    = 60;
	const LONGEST_RETRY  = 3600;
	const AFTER_REFUSAL  = 86400;
	const OF_THE_PRODUCT = array( 'invalid', 'too_large', 'unreadable', 'interrupted' );

	/**
	 * Seconds until a row is tried again.
	 *
	 * @param int $attempts How often it was tried.
	 * @return int
	 */
	public static function backoff( $attempts ) {
		return (int) min( self::LONGEST_RETRY, self::FIRST_RETRY * pow( 2, max( 0, min( 20, $attempts - 1 ) ) ) );
	}

	/**
	 * Marks rows as tried before they are: a process that dies while it sends has counted, and the rows come again.
	 *
	 * @param array $rows The rows; several only where none was tried before.
	 * @return array Those that still stand for the same change.
	 */
	public static function claim( array $rows ) {
		global $wpdb;
		$first = reset( $rows );
		$again = time() + self::backoff( (int) $first->attempts + 1 ) + Pilito_PS_Lock::SECONDS;
		// phpcs:disable WordPress.DB -- our own table; every part is prepared.
		$done = (int) $wpdb->query( $wpdb->prepare( 'UPDATE ' . Pilito_PS_Queue::table() . " SET attempts = attempts + 1, due_at = %d, error = 'interrupted', note = '' WHERE ", $again ) . self::changes( $rows ) );
		if ( count( $rows ) === $done ) {
			return $rows;
		}
		$keys = $done ? $wpdb->get_col( 'SELECT change_key FROM ' . Pilito_PS_Queue::table() . ' WHERE ' . self::changes( $rows ) ) : array();
		// phpcs:enable
		return array_values(
			array_filter(
				$rows,
				static function ( $row ) use ( $keys ) {
					return in_array( $row->change_key, $keys, true );
				}
			)
		);
	}

	/**
	 * The rows were not tried after all: they come again at once, as if nothing had been.
	 *
	 * @param array $rows The rows as they were before they were claimed.
	 * @param int   $wait In how many seconds they come.
	 * @return void
	 */
	public static function give_back( array $rows, $wait = 0 ) {
		global $wpdb;
		$fresh = array();
		foreach ( $rows as $row ) {
			if ( 0 === (int) $row->attempts ) {
				$fresh[] = $row;
			} else {
				self::write( $row, time() + $wait, (int) $row->attempts, $row->error, $row->note );
			}
		}
		if ( $fresh ) {
			// phpcs:ignore WordPress.DB -- our own table; every part is prepared.
			$wpdb->query( $wpdb->prepare( 'UPDATE ' . Pilito_PS_Queue::table() . " SET attempts = 0, due_at = %d, error = '', note = '' WHERE ", time() + $wait ) . self::changes( $fresh ) );
		}
	}

	/**
	 * The service has taken the changes.
	 *
	 * @param array $rows The rows.
	 * @return void
	 */
	public static function done( array $rows ) {
		global $wpdb;
		if ( $rows ) {
			// phpcs:ignore WordPress.DB -- our own table; every part is prepared.
			$wpdb->query( 'DELETE FROM ' . Pilito_PS_Queue::table() . ' WHERE ' . self::changes( $rows ) );
		}
	}

	/**
	 * The service cannot take this product as it is: it is tried again in a day, or with its next change. The rest
	 * of a complete sync does not wait for it.
	 *
	 * @param object $row  The row.
	 * @param string $code Code of the reason.
	 * @param string $note What the service said.
	 * @return void
	 */
	public static function refuse( $row, $code, $note ) {
		self::write( $row, time() + self::AFTER_REFUSAL, (int) $row->attempts + 1, $code, $note, true );
	}

	/**
	 * The change could not be handed over this time.
	 *
	 * @param object $row  The row.
	 * @param int    $wait Seconds the service asked for, or 0.
	 * @param string $code Code of the reason.
	 * @param string $note What the service or the network said.
	 * @return void
	 */
	public static function postpone( $row, $wait, $code, $note ) {
		$attempts = (int) $row->attempts + 1;
		self::write( $row, time() + max( $wait, self::backoff( $attempts ) ), $attempts, $code, $note, in_array( $code, self::OF_THE_PRODUCT, true ) );
	}

	/**
	 * Reading the product ended a process, or failed. The first time it comes again after a minute; from the second
	 * time on its texts are read without shortcodes, at once the first time that is so.
	 *
	 * @param int    $product_id The product.
	 * @param string $note       What was thrown; empty where the process ended.
	 * @return void
	 */
	public static function died( $product_id, $note = '' ) {
		global $wpdb;
		// phpcs:disable WordPress.DB -- our own table. Assignments are made in order, so due_at sees the new count.
		$wpdb->query(
			$wpdb->prepare(
				'UPDATE ' . Pilito_PS_Queue::table() . ' SET deaths = deaths + 1, error = %s, note = %s, is_bulk = 0,'
				. ' due_at = CASE WHEN deaths < %d THEN %d WHEN deaths = %d THEN %d ELSE GREATEST(due_at, %d) END'
				. ' WHERE product_id = %d AND attempts > 0',
				'' === $note ? 'interrupted' : 'unreadable',
				mb_substr( $note, 0, self::NOTE_LENGTH ),
				self::PLAIN_AFTER,
				time() + self::AFTER_DEATH,
				self::PLAIN_AFTER,
				time(),
				time() + self::AFTER_DEATH,
				$product_id
			)
		);
		// phpcs:enable
	}

	/**
	 * Whether the product's texts are read without shortcodes.
	 *
	 * @param object $row The row.
	 * @return bool
	 */
	public static function is_plain( $row ) {
		return (int) $row->deaths >= self::PLAIN_AFTER;
	}

	/**
	 * SQL that is true for rows that still stand for the same change.
	 *
	 * @param array $rows The rows.
	 * @return string
	 */
	private static function changes( array $rows ) {
		global $wpdb;
		$changes = array();
		foreach ( $rows as $row ) {
			$changes[] = $wpdb->prepare( '(%d, %s)', $row->product_id, $row->change_key );
		}
		$ids = implode( ',', array_map( 'intval', array_column( $rows, 'product_id' ) ) );
		return "product_id IN ({$ids}) AND (product_id, change_key) IN (" . implode( ',', $changes ) . ')';
	}

	/**
	 * Writes what became of a try.
	 *
	 * @param object $row      The row.
	 * @param int    $again    When to try again.
	 * @param int    $attempts How many tries counted.
	 * @param string $error    Code of the reason; empty where there is none.
	 * @param string $note     Details.
	 * @param bool   $leaves   Whether a complete sync goes on without it.
	 * @return void
	 */
	private static function write( $row, $again, $attempts, $error, $note, $leaves = false ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- our own table.
		$wpdb->update(
			Pilito_PS_Queue::table(),
			array(
				'due_at'   => $again,
				'attempts' => $attempts,
				'error'    => $error,
				'note'     => mb_substr( $note, 0, self::NOTE_LENGTH ),
				'is_bulk'  => $leaves ? 0 : (int) $row->is_bulk,
			),
			array(
				'product_id' => $row->product_id,
				'change_key' => $row->change_key,
			),
			array( '%d', '%d', '%s', '%s', '%d' ),
			array( '%d', '%s' )
		);
	}
}
