<?php
/**
 * Only one at a time.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * A lease in the options table, taken by one statement: `end:name:product`. The lease of a holder that
 * is killed expires, and then shows which product the holder was reading.
 */
class Pilito_PS_Lock {

	const OPTION  = 'pilito_ps_lock';
	const SECONDS = 60;

	/**
	 * What this process wrote, by name of the lease; only of leases it holds.
	 *
	 * @var array
	 */
	private static $held = array();

	/**
	 * Takes the lease if it is free.
	 *
	 * @param string $option Name of the lease.
	 * @return int|null The product that the last holder died of, or 0; null where the lease is not free.
	 */
	public static function acquire( $option = self::OPTION ) {
		global $wpdb;
		$before = self::current( $option );
		if ( (int) $before >= time() ) {
			return null;
		}
		$ours = self::value( 0 );
		// phpcs:disable WordPress.DB.DirectDatabaseQuery -- only the database can decide who was first.
		$wpdb->query(
			$wpdb->prepare(
				"INSERT INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, 'no')
				ON DUPLICATE KEY UPDATE option_value = IF(CAST(SUBSTRING_INDEX(option_value, ':', 1) AS UNSIGNED) < %d, VALUES(option_value), option_value)",
				$option,
				$ours,
				time()
			)
		);
		// phpcs:enable
		if ( self::current( $option ) !== $ours ) {
			return null;
		}
		self::$held[ $option ] = $ours;
		$parts                 = explode( ':', $before );
		return isset( $parts[2] ) ? (int) $parts[2] : 0;
	}

	/**
	 * Lengthens the lease and notes what its holder reads now.
	 *
	 * @param int    $product_id The product that is going to be read; 0 for none.
	 * @param string $option     Name of the lease.
	 * @return bool Whether it was still ours.
	 */
	public static function renew( $product_id = 0, $option = self::OPTION ) {
		global $wpdb;
		if ( ! isset( self::$held[ $option ] ) ) {
			return false;
		}
		$ours = self::value( $product_id );
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see above.
		$done = $wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND option_value = %s", $ours, $option, self::$held[ $option ] ) );
		if ( $done ) {
			self::$held[ $option ] = $ours;
		} elseif ( 0 === $done ) {
			unset( self::$held[ $option ] );
		}
		return (bool) $done;
	}

	/**
	 * Gives the lease back.
	 *
	 * @param string $option Name of the lease.
	 * @return void
	 */
	public static function release( $option = self::OPTION ) {
		global $wpdb;
		if ( isset( self::$held[ $option ] ) ) {
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see above.
			$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->options} WHERE option_name = %s AND option_value = %s", $option, self::$held[ $option ] ) );
			unset( self::$held[ $option ] );
		}
	}

	/**
	 * Whether the lease is taken, by this process or another.
	 *
	 * @param string $option Name of the lease.
	 * @return bool
	 */
	public static function is_held( $option = self::OPTION ) {
		return self::ends( $option ) >= time();
	}

	/**
	 * When the lease ends if its holder does nothing more.
	 *
	 * @param string $option Name of the lease.
	 * @return int Seconds since 1970; 0 where it is free.
	 */
	public static function ends( $option = self::OPTION ) {
		return (int) self::current( $option );
	}

	/**
	 * A lease of this process.
	 *
	 * @param int $product_id The product that is read.
	 * @return string
	 */
	private static function value( $product_id ) {
		return ( time() + self::SECONDS ) . ':' . bin2hex( random_bytes( 8 ) ) . ':' . (int) $product_id;
	}

	/**
	 * The lease as it is in the database.
	 *
	 * @param string $option Name of the lease.
	 * @return string
	 */
	private static function current( $option ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see above.
		return (string) $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", $option ) );
	}
}
