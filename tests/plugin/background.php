<?php
/**
 * Products are sent behind requests only in the tests that ask for it: in the others each send is a step of the test.
 */

add_filter(
	'pilito_ps_background',
	static function () {
		return (bool) get_option( 'test_background' );
	}
);
