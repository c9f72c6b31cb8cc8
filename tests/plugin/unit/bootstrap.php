<?php
/**
 * The classes that need no WordPress.
 */

define( 'ABSPATH', __DIR__ );
$includes = dirname( __DIR__, 3 ) . '/pilito-product-sync/includes/';
require $includes . 'class-pilito-signature.php';
require $includes . 'class-pilito-answer.php';
require $includes . 'class-pilito-worker.php';
