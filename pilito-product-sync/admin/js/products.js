/* global pilitoPS_products, pilitoPSAsk */
( function () {
	'use strict';

	var MOST = 100;
	var ROUNDS = 20;
	var LOOK_AGAIN = 4000;
	var LOOKS = 5;
	var ask = pilitoPSAsk;
	var words = pilitoPS_products.words;
	var box = document.getElementById( 'pilito-ps-product' );

	/* An older service does not report states; there is nothing to show then. */
	function isOlder( error ) {
		return error.code === 'not_offered';
	}

	function places( id ) {
		return document.querySelectorAll( '[data-pilito="' + id + '"]' );
	}

	function show( id, state ) {
		places( id ).forEach( function ( place ) {
			place.dataset.state = state.state;
			place.classList.remove( 'is-busy' );
			place.querySelector( '.pilito-ps-label' ).textContent = state.label;
			because( place, state.why );
		} );
	}

	function because( place, text ) {
		var why = place.querySelector( '.pilito-ps-why' );
		why.textContent = text;
		why.title = text;
	}

	function showAll( answer ) {
		Object.keys( answer.states ).forEach( function ( id ) {
			show( id, answer.states[ id ] );
		} );
		return answer;
	}

	function busy( id ) {
		places( id ).forEach( function ( place ) {
			place.classList.add( 'is-busy' );
			because( place, words.sending );
		} );
	}

	function failed( ids, error ) {
		ids.forEach( function ( id ) {
			places( id ).forEach( function ( place ) {
				place.classList.remove( 'is-busy' );
				because( place, isOlder( error ) ? '' : error.message );
			} );
		} );
	}

	/* A product that was sent is known a moment later: look a few times. */
	function watch( id, looks ) {
		if ( ! looks ) {
			return;
		}
		setTimeout( function () {
			ask( 'states', { ids: id } ).then( function ( answer ) {
				showAll( answer );
				if ( answer.states[ id ] && answer.states[ id ].state === 'waiting' ) {
					watch( id, looks - 1 );
				} else if ( box ) {
					explain();
				}
			} ).catch( function ( error ) {
				failed( [ id ], error );
			} );
		}, LOOK_AGAIN );
	}

	function send( id ) {
		busy( id );
		return ask( 'send', { ids: id } ).then( function ( answer ) {
			showAll( answer );
			watch( id, LOOKS );
		} ).catch( function ( error ) {
			failed( [ id ], error );
		} );
	}

	function notice( text, again ) {
		var list = document.querySelector( '.wp-list-table' );
		var place = document.createElement( 'p' );
		var link = document.createElement( 'a' );
		if ( ! list || document.querySelector( '.pilito-ps-newer' ) ) {
			return;
		}
		place.className = 'pilito-ps-newer';
		place.setAttribute( 'role', 'status' );
		place.textContent = text + ' ';
		if ( again ) {
			link.href = window.location.href;
			link.textContent = words.again;
			place.appendChild( link );
		}
		list.parentNode.insertBefore( place, list );
	}

	function survey( rounds ) {
		if ( rounds ) {
			ask( 'survey', {} ).then( function ( answer ) {
				if ( answer.changed ) {
					notice( words.newer, true );
				}
				if ( answer.more ) {
					survey( rounds - 1 );
				}
			} ).catch( function ( error ) {
				if ( ! isOlder( error ) ) {
					notice( error.message, false );
				}
			} );
		}
	}

	function explain() {
		var said = box.querySelector( '.pilito-ps-box-words' );
		said.hidden = false;
		said.textContent = words.asking;
		return ask( 'explain', { ids: box.dataset.id } ).then( function ( answer ) {
			var known = box.querySelector( '.pilito-ps-box-known' );
			var latest = box.querySelector( '.pilito-ps-box-latest' );
			show( box.dataset.id, answer.state );
			said.textContent = answer.words;
			said.hidden = ! answer.words;
			latest.textContent = answer.latest;
			latest.hidden = ! answer.latest;
			known.hidden = ! answer.known;
			if ( answer.known ) {
				facts( known.querySelector( 'dl' ), answer.known );
				known.querySelector( '.pilito-ps-box-text' ).textContent = answer.known.text;
			}
		} ).catch( function ( error ) {
			said.hidden = isOlder( error );
			said.textContent = error.message;
		} );
	}

	function facts( list, known ) {
		list.textContent = '';
		[ 'title', 'price', 'stock' ].forEach( function ( name ) {
			if ( known[ name ] ) {
				var line = list.appendChild( document.createElement( 'div' ) );
				line.appendChild( document.createElement( 'dt' ) ).textContent = words[ name ];
				line.appendChild( document.createElement( 'dd' ) ).appendChild( document.createElement( 'bdi' ) ).textContent = known[ name ];
			}
		} );
	}

	document.addEventListener( 'click', function ( event ) {
		var button = event.target.closest( '.pilito-ps-send' );
		if ( button ) {
			send( button.dataset.id );
		}
	} );

	if ( box && box.querySelector( '[data-pilito]' ) ) {
		box.querySelector( '.pilito-ps-box-send' ).addEventListener( 'click', function () {
			send( box.dataset.id );
		} );
		box.querySelector( '.pilito-ps-box-exclude' ).addEventListener( 'click', function () {
			var button = this;
			button.disabled = true;
			ask( 'exclude', { ids: box.dataset.id, out: button.dataset.out } ).then( function ( answer ) {
				show( box.dataset.id, answer.state );
				button.dataset.out = answer.excluded ? '0' : '1';
				button.textContent = answer.excluded ? words.include : words.exclude;
				watch( box.dataset.id, LOOKS );
			} ).catch( function ( error ) {
				failed( [ box.dataset.id ], error );
			} ).then( function () {
				button.disabled = false;
			} );
		} );
		explain();
	} else {
		var ids = Array.prototype.map.call( document.querySelectorAll( '[data-pilito][data-ask]' ), function ( place ) {
			return place.dataset.pilito;
		} );
		for ( var first = 0; first < ids.length; first += MOST ) {
			( function ( some ) {
				ask( 'states', { ids: some.join( ',' ) } ).then( showAll ).catch( function ( error ) {
					failed( some.slice( 0, 1 ), error );
				} );
			}( ids.slice( first, first + MOST ) ) );
		}
		if ( pilitoPS_products.survey ) {
			survey( ROUNDS );
		}
	}
}() );
