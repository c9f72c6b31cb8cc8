/* global pilitoPS_setup, pilitoPSAsk */
( function () {
	'use strict';

	var page = document.getElementById( 'pilito-ps' );
	if ( ! page ) {
		return;
	}
	var ORDER = [ 'token', 'sync', 'ask', 'done' ];
	var ask = pilitoPSAsk;
	var questions = 0;

	function element( name ) {
		return document.getElementById( 'pilito-ps-' + name );
	}

	function made( tag, look, text ) {
		var one = document.createElement( tag );
		one.className = look;
		one.textContent = text || '';
		return one;
	}

	function go( step ) {
		var steps = page.querySelectorAll( '.pilito-ps-steps li' );
		page.dataset.step = step;
		steps.forEach( function ( one ) {
			one.classList.toggle( 'is-past', ORDER.indexOf( one.dataset.of ) < ORDER.indexOf( step ) );
			if ( one.dataset.of === step ) {
				one.setAttribute( 'aria-current', 'step' );
			} else {
				one.removeAttribute( 'aria-current' );
			}
		} );
	}

	function say( text, look ) {
		var words = element( 'ask-words' );
		words.textContent = text;
		words.hidden = ! text;
		words.className = 'pilito-ps-ask-words' + ( look ? ' is-' + look : '' );
	}

	function show( product ) {
		var line = document.createElement( 'li' );
		var picture = line.appendChild( made( 'span', 'pilito-ps-picture dashicons dashicons-products' ) );
		var about = line.appendChild( made( 'div', 'pilito-ps-about' ) );
		var title = about.appendChild( made( product.edit ? 'a' : 'span', 'pilito-ps-title' ) );
		var facts = about.appendChild( made( 'div', 'pilito-ps-facts' ) );
		if ( product.image ) {
			var image = new Image();
			image.alt = '';
			image.addEventListener( 'load', function () {
				picture.className = 'pilito-ps-picture';
				picture.appendChild( image );
			} );
			image.src = product.image;
		}
		if ( product.edit ) {
			title.href = product.edit;
		}
		title.appendChild( document.createElement( 'bdi' ) ).textContent = product.title;
		facts.appendChild( made( 'bdi', 'pilito-ps-price', product.price ) );
		if ( product.stock ) {
			facts.appendChild( made( 'span', product.inStock ? 'is-good' : 'is-bad', product.stock ) );
		}
		return line;
	}

	function question( text ) {
		var mine = ++questions;
		var found = element( 'found' );
		found.hidden = true;
		found.textContent = '';
		say( pilitoPS_setup.words.asking, 'busy' );
		ask( 'ask', { question: text } ).then( function ( answer ) {
			if ( mine !== questions ) {
				return;
			}
			say( answer.words );
			answer.found.forEach( function ( product ) {
				found.appendChild( show( product ) );
			} );
			found.hidden = ! answer.found.length;
		} ).catch( function ( error ) {
			if ( mine === questions ) {
				say( error.message, 'bad' );
			}
		} );
	}

	element( 'ask-form' ).addEventListener( 'submit', function ( event ) {
		event.preventDefault();
		question( element( 'ask-text' ).value );
	} );

	page.querySelectorAll( '[data-question]' ).forEach( function ( chip ) {
		chip.addEventListener( 'click', function () {
			element( 'ask-text' ).value = chip.dataset.question;
			question( chip.dataset.question );
		} );
	} );

	element( 'finish' ).addEventListener( 'click', function () {
		ask( 'finish' ).then( function ( answer ) {
			go( answer.step );
			window.scrollTo( 0, 0 );
		} ).catch( function ( error ) {
			say( error.message, 'bad' );
		} );
	} );

	document.addEventListener( 'pilito-ps-tested', function ( event ) {
		var first = page.dataset.step === 'token';
		go( event.detail );
		if ( first && event.detail !== 'token' ) {
			element( 'connection' ).open = false;
			window.scrollTo( 0, 0 );
		}
	} );

	document.addEventListener( 'pilito-ps-status', function ( event ) {
		var running = event.detail.bulk.running;
		page.classList.toggle( 'is-in-bulk', running );
		element( 'sync' ).hidden = running;
		element( 'goes-on' ).hidden = ! running;
		element( 'all-about' ).hidden = running;
		if ( page.dataset.step === 'sync' && ! running ) {
			go( 'ask' );
		}
	} );

	go( page.dataset.step );
}() );
