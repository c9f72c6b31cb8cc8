<?php
/**
 * The classes that need no WordPress.
 */

define( 'ABSPATH', __DIR__ );
require dirname( __DIR__, 3 ) . '/pilito-product-sync/includes/autoload.php';
