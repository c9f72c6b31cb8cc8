<?php
/**
 * Finds the plugin's classes.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Loads a class of the plugin when it is first used: `Pilito_PS_Send_Log` is in `class-pilito-send-log.php`, in
 * `includes` or a folder of it. A request of a shopper loads only what it needs.
 *
 * @param string $name Name of the class.
 * @return void
 */
function pilito_ps_autoload( $name ) {
	if ( 0 !== strpos( $name, 'Pilito_PS_' ) || ! preg_match( '/^\w+$/D', $name ) ) {
		return;
	}
	$file = 'class-pilito-' . str_replace( '_', '-', strtolower( substr( $name, 10 ) ) ) . '.php';
	foreach ( array( '', 'sending/', 'telling/', 'payload/' ) as $folder ) {
		$path = __DIR__ . '/' . $folder . $file;
		if ( is_file( $path ) ) {
			require_once $path;
			return;
		}
	}
}

spl_autoload_register( 'pilito_ps_autoload' );
