<?php
/**
 * What changed in this request.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Gathers the products a request touches. The first touch is written at once, so that nothing the request
 * dies of can lose it; the others once, when the request ends.
 */
class Pilito_PS_Changes {

	const WRITE_AGAIN_AFTER = 5;

	/**
	 * Kinds of change not yet written, by product id.
	 *
	 * @var array
	 */
	private static $unwritten = array();

	/**
	 * When each product was written last, by product id.
	 *
	 * @var array
	 */
	private static $written = array();

	/**
	 * Whether the sender has to be woken when the request ends.
	 *
	 * @var bool
	 */
	private static $wake = false;

	/**
	 * A product changed.
	 *
	 * @param int    $product_id The product.
	 * @param string $kind       `created`, `updated`, `published`, `restored` or `deleted`.
	 * @return void
	 */
	public static function touch( $product_id, $kind = 'updated' ) {
		$product_id = (int) $product_id;
		if ( $product_id <= 0 ) {
			return;
		}
		$known = self::key();
		if ( 'updated' !== $kind || ! isset( self::$unwritten[ $known ][ $product_id ] ) ) {
			self::$unwritten[ $known ][ $product_id ] = $kind;
		}
		self::$wake = true;

		$last = isset( self::$written[ $known ][ $product_id ] ) ? self::$written[ $known ][ $product_id ] : 0;
		if ( time() - $last >= self::WRITE_AGAIN_AFTER ) {
			self::write( $known, array( $product_id => self::$unwritten[ $known ][ $product_id ] ) );
		}
	}

	/**
	 * The products of a query changed.
	 *
	 * @param string $select Prepared SQL that selects product ids as `product_id`.
	 * @return void
	 */
	public static function touch_selected( $select ) {
		Pilito_PS_Queue::add_selected( $select );
		self::$wake = true;
	}

	/**
	 * The request ends: write what is left and wake the sender.
	 *
	 * @return void
	 */
	public static function flush() {
		foreach ( array_keys( self::$unwritten ) as $known ) {
			self::write( $known, self::$unwritten[ $known ] );
		}
		if ( self::$wake ) {
			self::$wake = false;
			Pilito_PS_Background::want( time() + pilito_ps_quiet() );
		}
	}

	/**
	 * Writes changes of one site of a network, from wherever the request has switched to.
	 *
	 * @param int   $known   Which site.
	 * @param array $changes Kinds of change by product id.
	 * @return void
	 */
	private static function write( $known, array $changes ) {
		$elsewhere = self::key() !== $known;
		if ( $elsewhere ) {
			switch_to_blog( $known );
		}
		if ( $changes && Pilito_PS_Queue::add( $changes ) ) {
			foreach ( array_keys( $changes ) as $product_id ) {
				unset( self::$unwritten[ $known ][ $product_id ] );
				self::$written[ $known ][ $product_id ] = time();
			}
		}
		if ( $elsewhere ) {
			restore_current_blog();
		}
	}

	/**
	 * Product ids are only unique within a site.
	 *
	 * @return int
	 */
	private static function key() {
		return get_current_blog_id();
	}
}
