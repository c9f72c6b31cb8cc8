<?php
/**
 * Runs PHP from standard input inside the WordPress named by the first argument, and prints what it returns
 * as JSON. Everything WordPress does when a request ends happens after that.
 */

ini_set( 'display_errors', 'stderr' );
$_SERVER['HTTP_HOST']      = parse_url( $argv[2], PHP_URL_HOST ) . ':' . parse_url( $argv[2], PHP_URL_PORT );
$_SERVER['REQUEST_URI']    = '/';
$_SERVER['REQUEST_METHOD'] = 'GET';
if ( isset( $argv[3] ) ) {
	define( 'WP_INSTALLING', true );
}
require $argv[1] . '/wp-load.php';
echo wp_json_encode( eval( stream_get_contents( STDIN ) ) ), "\n";
