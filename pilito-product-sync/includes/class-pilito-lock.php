<?php
/**
 * Only one sender at a time.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * A lease in the options table, taken by one statement. It ends by itself if its holder is killed.
 */
class Pilito_PS_Lock {

	const OPTION  = 'pilito_ps_lock';
	const SECONDS = 120;

	/**
	 * What we wrote into the lease; empty while we do not hold it.
	 *
	 * @var string
	 */
	private static $held = '';

	/**
	 * Takes the lease if nobody has it.
	 *
	 * @return bool Whether it is ours.
	 */
	public static function acquire() {
		global $wpdb;
		$ours = ( time() + self::SECONDS ) . ':' . bin2hex( random_bytes( 8 ) );
		// phpcs:disable WordPress.DB.DirectDatabaseQuery -- only the database can decide who was first.
		$wpdb->query(
			$wpdb->prepare(
				"INSERT INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, 'no')
				ON DUPLICATE KEY UPDATE option_value = IF(CAST(SUBSTRING_INDEX(option_value, ':', 1) AS UNSIGNED) < %d, VALUES(option_value), option_value)",
				self::OPTION,
				$ours,
				time()
			)
		);
		// phpcs:enable
		if ( self::current() !== $ours ) {
			return false;
		}
		if ( '' === self::$held ) {
			register_shutdown_function( array( __CLASS__, 'release' ) );
		}
		self::$held = $ours;
		return true;
	}

	/**
	 * Lengthens the lease.
	 *
	 * @return bool Whether it was still ours.
	 */
	public static function renew() {
		global $wpdb;
		$ours = ( time() + self::SECONDS ) . ':' . bin2hex( random_bytes( 8 ) );
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see above.
		$done = $wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND option_value = %s", $ours, self::OPTION, self::$held ) );
		if ( ! $done ) {
			self::$held = '';
			return false;
		}
		self::$held = $ours;
		return true;
	}

	/**
	 * Gives the lease back, also at the end of a process that died of an error.
	 *
	 * @return void
	 */
	public static function release() {
		global $wpdb;
		if ( '' !== self::$held ) {
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see above.
			$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->options} WHERE option_name = %s AND option_value = %s", self::OPTION, self::$held ) );
			self::$held = '';
		}
	}

	/**
	 * Whether somebody is sending now.
	 *
	 * @return bool
	 */
	public static function is_held() {
		return (int) self::current() >= time();
	}

	/**
	 * The lease as it is in the database.
	 *
	 * @return string
	 */
	private static function current() {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see above.
		return (string) $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", self::OPTION ) );
	}
}
