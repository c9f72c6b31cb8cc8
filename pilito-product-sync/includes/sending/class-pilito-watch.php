<?php
/**
 * Looks after the sender when its process ends.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * PHP calls no shutdown function after one that exits, but it destroys objects. Holding WordPress' own objects, the
 * database among them, keeps them alive until then.
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
		$this->kept = array_filter( $GLOBALS, 'is_object' );
		register_shutdown_function( array( 'Pilito_PS_Reading', 'end' ) );
	}

	/**
	 * The process ends. Where a product ended it, another process sends the rest.
	 */
	public function __destruct() {
		if ( isset( $this->kept['wpdb'] ) && Pilito_PS_Reading::end() ) {
			Pilito_PS_Background::go_on_elsewhere();
		}
	}
}
