<?php
/**
 * Reading products so that no product can end the sender unseen.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Texts of products run code of other plugins, which may throw, exit or use up memory and time. What was being read
 * then is known, and all that was read before it comes again at once.
 */
class Pilito_PS_Reading {

	/**
	 * The row that is being read.
	 *
	 * @var object|null
	 */
	private static $row = null;

	/**
	 * Rows that are claimed and of which the service has not heard.
	 *
	 * @var array
	 */
	private static $claimed = array();

	/**
	 * How many bytes an event may have.
	 *
	 * @var int
	 */
	private static $limit = 0;

	/**
	 * Looks after them when the process ends.
	 *
	 * @var Pilito_PS_Watch|null
	 */
	private static $watch = null;

	/**
	 * Claims rows that are going to be read, and reads what WordPress keeps of their products at once.
	 *
	 * @param array $rows Rows; several only where none was tried before.
	 * @return array Those that still stand for the same change.
	 */
	public static function claim( array $rows ) {
		if ( null === self::$watch ) {
			self::$watch = new Pilito_PS_Watch();
		}
		self::$claimed = Pilito_PS_Turn::claim( $rows );
		self::$limit   = Pilito_PS_Service::event_bytes();
		if ( count( self::$claimed ) > 1 ) {
			Pilito_PS_Payload_Ahead::products( array_map( 'intval', array_column( self::$claimed, 'product_id' ) ) );
		}
		return self::$claimed;
	}

	/**
	 * Of the claimed rows only these are going to be sent; the others come again at once.
	 *
	 * @param array $rows The rows.
	 * @return void
	 */
	public static function keep( array $rows ) {
		$keys = array_column( $rows, 'change_key' );
		$left = array_filter(
			self::$claimed,
			static function ( $row ) use ( $keys ) {
				return ! in_array( $row->change_key, $keys, true );
			}
		);

		self::$claimed = $rows;
		Pilito_PS_Turn::give_back( $left );
	}

	/**
	 * Reads what a row stands for.
	 *
	 * @param object $row The row, which is claimed.
	 * @return array|null Id of the event and its JSON; null where there is nothing to send now.
	 */
	public static function event( $row ) {
		self::$row = $row;
		try {
			$read = Pilito_PS_Payload::read( (int) $row->product_id, $row->event_type, Pilito_PS_Turn::is_plain( $row ) );
		} catch ( Throwable $error ) {
			$note = get_class( $error ) . ': ' . $error->getMessage();
			self::settled( $row );
			Pilito_PS_Turn::died( (int) $row->product_id, $note );
			Pilito_PS_Send_Log::add( $row, 'failed', 'unreadable', $note );
			return null;
		} finally {
			self::$row = null;
		}
		if ( null === $read ) {
			self::settled( $row );
			Pilito_PS_Turn::done( array( $row ) );
			return null;
		}
		return self::fitting( $read[0], $read[1], $row->change_key );
	}

	/**
	 * Rows are looked after by others now.
	 *
	 * @param object|null $row One of them; null for all.
	 * @return void
	 */
	public static function settled( $row = null ) {
		self::$claimed = null === $row ? array() : array_filter(
			self::$claimed,
			static function ( $other ) use ( $row ) {
				return $other !== $row;
			}
		);
	}

	/**
	 * The run ends: rows that are still open come again, and the leases are given back.
	 *
	 * @return bool Whether the process was ended while it read a product.
	 */
	public static function close() {
		$row = self::$row;
		if ( null !== $row ) {
			self::settled( $row );
			Pilito_PS_Turn::died( (int) $row->product_id );
		}
		$left          = self::$claimed;
		self::$row     = null;
		self::$claimed = array();
		Pilito_PS_Turn::give_back( $left );
		Pilito_PS_Lock::release();
		return null !== $row;
	}

	/**
	 * The process ends.
	 *
	 * @return bool Whether it was ended while it read a product.
	 */
	public static function end() {
		$died = self::close();
		Pilito_PS_Lock::release( Pilito_PS_Background::WAITER );
		return $died;
	}

	/**
	 * An event that is not longer than the service takes.
	 *
	 * @param string $kind    What happened.
	 * @param array  $product The product.
	 * @param string $key     Name of the change.
	 * @return array Id of the event and its JSON.
	 */
	private static function fitting( $kind, array $product, $key ) {
		$event = Pilito_PS_Api::event( $kind, $product, $key );
		$bytes = strlen( $event[1] );
		for ( $try = 0; $try < 3 && $bytes > self::$limit; $try++ ) {
			$product = Pilito_PS_Payload_Size::shortened( $product, $bytes - self::$limit );
			$event   = Pilito_PS_Api::event( $kind, $product, $key );
			$bytes   = strlen( $event[1] );
		}
		return $event;
	}
}
