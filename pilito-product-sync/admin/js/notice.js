/* global pilitoPS_notice */
( function () {
	'use strict';

	document.addEventListener( 'click', function ( event ) {
		if ( ! event.target.closest( '#pilito-ps-notice .notice-dismiss' ) ) {
			return;
		}
		var body = new FormData();
		body.set( 'action', 'pilito_ps_later' );
		body.set( 'nonce', pilitoPS_notice.nonce );
		fetch( pilitoPS_notice.url, { method: 'POST', credentials: 'same-origin', body: body } );
	} );
}() );
