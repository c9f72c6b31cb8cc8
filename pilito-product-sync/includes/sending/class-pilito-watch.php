<?php
/**
 * Looks after the sender when its process ends.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * PHP calls no shutdown function after one that exits, but it destroys objects. Holding the database and the cache
 * keeps both alive until then.
 */
class Pilito_PS_Watch {

	/**
	 * What is needed at the end.
	 *
	 * @var array
	 */
	private $kept;

	/**
	 * Begins to watch.
	 */
	public function __construct() {
		$this->kept = array_intersect_key( $GLOBALS, array_fill_keys( array( 'wpdb', 'wp_object_cache' ), 1 ) );
		register_shutdown_function( array( 'Pilito_PS_Reading', 'end' ) );
	}

	/**
	 * The process ends.
	 */
	public function __destruct() {
		if ( isset( $this->kept['wpdb'] ) ) {
			Pilito_PS_Reading::end();
		}
	}
}
