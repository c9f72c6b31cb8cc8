/* global pilitoPS, pilitoPSAsk */
( function () {
	'use strict';

	var form = document.getElementById( 'pilito-ps-form' );
	if ( ! form ) {
		return;
	}
	var BUSY = 700;
	var OFTEN = 3000;
	var SELDOM = 20000;
	var ask = pilitoPSAsk;
	var timer = null;

	function element( name ) {
		return document.getElementById( 'pilito-ps-' + name );
	}

	function say( text, look, names ) {
		var result = element( 'result' );
		result.hidden = false;
		result.className = 'pilito-ps-result' + ( look ? ' is-' + look : '' );
		result.textContent = text;
		( names || [] ).filter( Boolean ).forEach( function ( name ) {
			var line = result.appendChild( document.createElement( 'div' ) );
			line.appendChild( document.createElement( 'bdi' ) ).textContent = name;
		} );
	}

	function lost( error ) {
		say( error.message );
	}

	function cell( row, content, label ) {
		var made = row.insertCell();
		made.dataset.label = label;
		if ( content instanceof Node ) {
			made.appendChild( content );
		} else {
			made.textContent = content;
		}
	}

	function showFailures( failures ) {
		var body = element( 'failures' ).querySelector( 'tbody' );
		element( 'failures' ).hidden = ! failures.length;
		body.textContent = '';
		failures.forEach( function ( failure ) {
			var row = body.insertRow();
			var title = document.createElement( failure.edit ? 'a' : 'span' );
			var again = document.createElement( 'button' );
			if ( failure.edit ) {
				title.href = failure.edit;
			}
			title.textContent = failure.title;
			again.type = 'button';
			again.className = 'button button-small';
			again.textContent = pilitoPS.words.sendAgain;
			again.addEventListener( 'click', function () {
				var fields = new FormData();
				fields.set( 'product', failure.id );
				act( again, 'retry', fields );
			} );
			[ title, failure.words, failure.tries, failure.next, again ].forEach( function ( content, place ) {
				var head = body.parentNode.tHead.rows[ 0 ].cells[ place ];
				cell( row, content, head.querySelector( '.screen-reader-text' ) ? '' : head.textContent );
			} );
		} );
	}

	function show( status ) {
		var texts = Object.assign( { bulkText: status.bulk.text }, status );
		document.querySelectorAll( '.pilito-ps [data-show]' ).forEach( function ( place ) {
			place.textContent = texts[ place.dataset.show ] || ( place.tagName === 'BDI' ? '—' : '' );
		} );
		document.querySelector( '.pilito-ps [data-mood]' ).dataset.mood = status.mood;
		element( 'sync' ).disabled = ! status.ready || status.bulk.running;
		element( 'cancel' ).hidden = ! status.bulk.running;
		element( 'progress' ).hidden = ! status.bulk.running;
		element( 'progress' ).setAttribute( 'aria-valuenow', status.bulk.percent );
		element( 'progress' ).firstElementChild.style.width = status.bulk.percent + '%';
		showFailures( status.failures );
		document.dispatchEvent( new CustomEvent( 'pilito-ps-status', { detail: status } ) );
		clearTimeout( timer );
		timer = setTimeout( function () {
			poll( status );
		}, status.bulk.running ? BUSY : ( status.busy ? OFTEN : SELDOM ) );
	}

	function poll( status ) {
		if ( document.hidden ) {
			timer = setTimeout( function () {
				poll( status );
			}, OFTEN );
			return;
		}
		ask( status.run ? 'run' : 'status' ).catch( function ( error ) {
			if ( ! status.run ) {
				throw error;
			}
			return ask( 'status' );
		} ).then( show, function () {
			timer = setTimeout( function () {
				poll( status );
			}, SELDOM );
		} );
	}

	function act( button, action, fields ) {
		button.disabled = true;
		ask( action, fields ).then( show, lost ).then( function () {
			button.disabled = action === 'sync' && ! element( 'cancel' ).hidden;
		} );
	}

	element( 'test' ).addEventListener( 'click', function () {
		var button = this;
		button.disabled = true;
		say( pilitoPS.words.testing, 'busy' );
		ask( 'test', new FormData( form ) ).then( function ( tested ) {
			say( tested.text, tested.good ? 'good' : '', tested.good ? [ tested.status.account, tested.status.store ] : [] );
			if ( tested.good ) {
				[ 'token', 'secret' ].forEach( function ( name ) {
					if ( element( name ).value || name === 'token' ) {
						element( name ).placeholder = pilitoPS.words.stored;
						element( name ).classList.add( 'is-stored' );
					}
					element( name ).value = '';
				} );
				element( 'on' ).checked = true;
				document.dispatchEvent( new CustomEvent( 'pilito-ps-tested', { detail: tested.step } ) );
			}
			show( tested.status );
		} ).catch( lost ).then( function () {
			button.disabled = false;
		} );
	} );

	function really( asked ) {
		element( 'really' ).hidden = ! asked;
		element( 'sync' ).setAttribute( 'aria-expanded', asked );
		element( asked ? 'yes' : 'sync' ).focus();
	}

	element( 'sync' ).addEventListener( 'click', function () {
		really( element( 'really' ).hidden );
	} );
	element( 'no' ).addEventListener( 'click', function () {
		really( false );
	} );
	element( 'yes' ).addEventListener( 'click', function () {
		really( false );
		act( element( 'sync' ), 'sync' );
	} );
	element( 'cancel' ).addEventListener( 'click', function () {
		act( this, 'cancel' );
	} );
	element( 'retry' ).addEventListener( 'click', function () {
		act( this, 'retry' );
	} );

	show( pilitoPS.status );
}() );
