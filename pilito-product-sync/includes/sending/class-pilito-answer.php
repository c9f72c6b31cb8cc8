<?php
/**
 * What came back of a request.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * One of five things: taken; refused, which is about this product; stop, which lasts until the owner or the service changes something; wait,
 * which the service asks for; outage, which passes.
 */
class Pilito_PS_Answer {

	const TAKEN   = 'taken';
	const REFUSED = 'refused';
	const STOP    = 'stop';
	const WAIT    = 'wait';
	const OUTAGE  = 'outage';

	const LONGEST_WAIT = 86400;

	/**
	 * What the service says with 401.
	 */
	const DENIALS = array(
		'Invalid token'          => 'token_unknown',
		'Token is inactive'      => 'token_inactive',
		'Token has expired'      => 'token_expired',
		'IP address not allowed' => 'address_refused',
	);

	/**
	 * Numbers of cURL's errors.
	 */
	const CURL = array(
		5  => 'name',
		6  => 'name',
		7  => 'refused',
		28 => 'timeout',
		35 => 'tls',
		51 => 'tls',
		53 => 'tls',
		54 => 'tls',
		58 => 'tls',
		59 => 'tls',
		60 => 'tls',
		66 => 'tls',
		77 => 'tls',
		80 => 'tls',
		83 => 'tls',
		90 => 'tls',
		91 => 'tls',
	);

	/**
	 * One of the five.
	 *
	 * @var string
	 */
	public $kind;

	/**
	 * The reason, for Pilito_PS_Words.
	 *
	 * @var string
	 */
	public $code;

	/**
	 * What the other side said, cut to a length, without anything of ours.
	 *
	 * @var string
	 */
	public $note;

	/**
	 * How many seconds the service asks us to wait; 0 where it does not.
	 *
	 * @var int
	 */
	public $wait;

	/**
	 * The JSON of the answer.
	 *
	 * @var array
	 */
	public $json;

	/**
	 * Makes an answer.
	 *
	 * @param string $kind One of the five.
	 * @param string $code The reason.
	 * @param string $note What the other side said.
	 * @param int    $wait Seconds to wait.
	 * @param array  $json The JSON of the answer.
	 */
	public function __construct( $kind, $code, $note = '', $wait = 0, array $json = array() ) {
		$this->kind = $kind;
		$this->code = $code;
		$this->note = mb_substr( trim( (string) preg_replace( '/\s+/u', ' ', $note ) ), 0, 200 );
		$this->wait = $wait;
		$this->json = $json;
	}

	/**
	 * No answer at all.
	 *
	 * @param string $code    Code of the WP_Error.
	 * @param string $message Its message, which is the only place where the transport names its error.
	 * @return self
	 */
	public static function of_transport( $code, $message ) {
		$reason = 'unreachable';
		if ( 'http_request_not_executed' === $code ) {
			$reason = 'blocked';
		} elseif ( preg_match( '/cURL error (\d+)/', $message, $found ) && isset( self::CURL[ (int) $found[1] ] ) ) {
			$reason = self::CURL[ (int) $found[1] ];
		}
		return new self( self::OUTAGE, $reason, $message );
	}

	/**
	 * An answer with a status.
	 *
	 * @param int    $status      HTTP status.
	 * @param string $body        Body.
	 * @param string $retry_after Header Retry-After, or an empty string.
	 * @param string $location    Header Location, or an empty string.
	 * @return self
	 */
	public static function of_response( $status, $body, $retry_after = '', $location = '' ) {
		$json = json_decode( $body, true );
		$json = is_array( $json ) ? $json : array();
		$said = self::said( $json );
		$wait = self::seconds( $retry_after );

		if ( $status >= 200 && $status < 300 ) {
			return isset( $json['status'] ) && is_string( $json['status'] )
				? new self( self::TAKEN, 'taken', $json['status'], 0, $json )
				: new self( self::OUTAGE, 'not_pilito' );
		}
		if ( $status >= 300 && $status < 400 ) {
			return new self( self::OUTAGE, 'redirected', $location );
		}
		if ( 401 === $status ) {
			return self::denied( $json, $said );
		}
		if ( 429 === $status || ( 503 === $status && $wait > 0 ) ) {
			return new self( self::WAIT, 'busy', $said, $wait > 0 ? $wait : 60 );
		}
		if ( $status >= 500 || 408 === $status || 425 === $status ) {
			return new self( self::OUTAGE, 'server', trim( "HTTP {$status} {$said}" ), $wait );
		}
		if ( 403 === $status ) {
			return new self( self::OUTAGE, 'forbidden', trim( "HTTP 403 {$said}" ) );
		}
		if ( 404 === $status || 405 === $status || 410 === $status ) {
			return new self( self::OUTAGE, 'not_found', trim( "HTTP {$status} {$said}" ) );
		}
		return new self( self::REFUSED, 413 === $status ? 'too_large' : 'invalid', trim( "HTTP {$status} {$said}" ) );
	}

	/**
	 * What a 401 means. The service always says why in JSON; one without that comes from something in between, and
	 * passes like any outage.
	 *
	 * @param array  $json The JSON of the answer.
	 * @param string $said What the error says of itself.
	 * @return self
	 */
	private static function denied( array $json, $said ) {
		if ( '' === $said ) {
			return new self( self::OUTAGE, 'proxy', 'HTTP 401' );
		}
		if ( isset( $json['error'], $json['server_time'], $json['sent_time'] ) && 'Clock skew' === $json['error'] ) {
			return new self( self::STOP, 'clock', self::times( $json['server_time'], $json['sent_time'] ), 0, $json );
		}
		return new self( self::STOP, isset( self::DENIALS[ $said ] ) ? self::DENIALS[ $said ] : 'denied', $said );
	}

	/**
	 * Two clocks that differ, for Pilito_PS_Words.
	 *
	 * @param mixed $theirs What the service's clock shows.
	 * @param mixed $ours   What the clock of this server shows.
	 * @return string
	 */
	public static function times( $theirs, $ours ) {
		return ( is_string( $theirs ) ? $theirs : '?' ) . ' ≠ ' . ( is_string( $ours ) ? $ours : '?' );
	}

	/**
	 * What an error says of itself.
	 *
	 * @param array $json The JSON of the answer.
	 * @return string
	 */
	private static function said( array $json ) {
		foreach ( array( 'detail', 'error' ) as $key ) {
			if ( isset( $json[ $key ] ) && is_string( $json[ $key ] ) ) {
				return $json[ $key ];
			}
		}
		return '';
	}

	/**
	 * Reads Retry-After, which is a number of seconds or a date.
	 *
	 * @param string $header The header.
	 * @return int At most a day; 0 where it says nothing.
	 */
	private static function seconds( $header ) {
		$header = trim( $header );
		if ( '' === $header ) {
			return 0;
		}
		$seconds = ctype_digit( $header ) ? (int) $header : (int) strtotime( $header ) - time();
		return max( 0, min( self::LONGEST_WAIT, $seconds ) );
	}
}
