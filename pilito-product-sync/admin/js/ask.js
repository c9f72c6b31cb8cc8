/* global pilitoPS_ask */
( function () {
	'use strict';

	/*
	 * Sends an action to WordPress, with a form's data or with plain fields. Promises the answer's data; an Error
	 * has a sentence for people, and the code of a refusal.
	 */
	window.pilitoPSAsk = function ( action, fields ) {
		var body = fields instanceof FormData ? fields : new FormData();
		if ( body !== fields ) {
			Object.keys( fields || {} ).forEach( function ( name ) {
				body.set( name, fields[ name ] );
			} );
		}
		body.set( 'action', 'pilito_ps_' + action );
		body.set( 'nonce', pilitoPS_ask.nonce );
		return fetch( pilitoPS_ask.url, { method: 'POST', credentials: 'same-origin', body: body } )
			.then( function ( response ) {
				return response.json();
			} )
			.catch( function () {
				return null;
			} )
			.then( function ( answer ) {
				var said = answer && answer.data ? answer.data : {};
				if ( ! answer || ! answer.success ) {
					throw Object.assign( new Error( said.message || pilitoPS_ask.lost ), { code: said.code } );
				}
				return answer.data;
			} );
	};
}() );
