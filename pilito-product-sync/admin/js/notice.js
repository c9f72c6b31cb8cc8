/* global pilitoPSAsk */
( function () {
	'use strict';

	document.addEventListener( 'click', function ( event ) {
		if ( event.target.closest( '#pilito-ps-notice .notice-dismiss' ) ) {
			pilitoPSAsk( 'later' );
		}
	} );
}() );
