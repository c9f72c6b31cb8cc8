<?php
use PHPUnit\Framework\TestCase;

final class AnswerTest extends TestCase {
	public static function answers() {
		return array(
			'accepted'            => array( 202, '{"status":"accepted","event_id":"a"}', 'taken', 'taken' ),
			'skipped'             => array( 200, '{"status":"skipped","event_id":"a"}', 'taken', 'taken' ),
			'a page of somebody'  => array( 200, '<html>maintenance</html>', 'outage', 'not_pilito' ),
			'JSON of somebody'    => array( 200, '[1]', 'outage', 'not_pilito' ),
			'nothing'             => array( 204, '', 'outage', 'not_pilito' ),
			'moved'               => array( 301, '', 'outage', 'redirected' ),
			'unknown token'       => array( 401, '{"detail":"Invalid token"}', 'stop', 'token_unknown' ),
			'inactive'            => array( 401, '{"detail":"Token is inactive"}', 'stop', 'token_inactive' ),
			'expired'             => array( 401, '{"detail":"Token has expired"}', 'stop', 'token_expired' ),
			'address'             => array( 401, '{"detail":"IP address not allowed"}', 'stop', 'address_refused' ),
			'another 401'         => array( 401, '{"detail":"Bad signature"}', 'stop', 'denied' ),
			'401 without a word'  => array( 401, '', 'outage', 'proxy' ),
			'401 of a page'       => array( 401, '<h1>Authorization Required</h1>', 'outage', 'proxy' ),
			'401 of other JSON'   => array( 401, '{"message":"no"}', 'outage', 'proxy' ),
			'clock'               => array( 401, '{"error":"Clock skew","server_time":"2026-01-01T10:00:00Z","sent_time":"2026-01-01T10:20:00Z"}', 'stop', 'clock' ),
			'bad field'           => array( 400, '{"error":"product.price: not a number"}', 'refused', 'invalid' ),
			'too large'           => array( 413, '', 'refused', 'too_large' ),
			'forbidden'           => array( 403, '', 'outage', 'forbidden' ),
			'no such page'        => array( 404, '', 'outage', 'not_found' ),
			'too many'            => array( 429, '', 'wait', 'busy' ),
			'fault'               => array( 500, '', 'outage', 'server' ),
			'down'                => array( 503, '', 'outage', 'server' ),
			'deeply nested lists' => array( 202, str_repeat( '[', 600 ), 'outage', 'not_pilito' ),
		);
	}

	/**
	 * Every answer is one of five things; only JSON with a status counts as taken.
	 *
	 * @dataProvider answers
	 */
	public function test_a_response( $status, $body, $kind, $code ) {
		$answer = Pilito_PS_Answer::of_response( $status, $body );
		$this->assertSame( array( $kind, $code ), array( $answer->kind, $answer->code ) );
	}

	/** The service's own words are kept for the owner, on one line and at a length. */
	public function test_the_note() {
		$answer = Pilito_PS_Answer::of_response( 400, json_encode( array( 'error' => "product.price:\n" . str_repeat( 'نه ', 300 ) ) ) );
		$this->assertStringStartsWith( 'HTTP 400 product.price: نه', $answer->note );
		$this->assertLessThanOrEqual( 200, mb_strlen( $answer->note ) );
	}

	public static function waits() {
		return array(
			'seconds'      => array( '120', 120 ),
			'too long'     => array( '99999999', 86400 ),
			'nonsense'     => array( 'soon', 0 ),
			'a past date'  => array( 'Wed, 21 Oct 2015 07:28:00 GMT', 0 ),
			'nothing'      => array( '', 0 ),
		);
	}

	/**
	 * Retry-After is honoured as seconds or a date, within a day.
	 *
	 * @dataProvider waits
	 */
	public function test_retry_after( $header, $seconds ) {
		$answer = Pilito_PS_Answer::of_response( 503, '', $header );
		$this->assertSame( $seconds, $answer->wait );
		$this->assertSame( $seconds > 0 ? 'wait' : 'outage', $answer->kind );
	}

	/** A date in Retry-After is a moment, not a number. */
	public function test_retry_after_as_a_date() {
		$answer = Pilito_PS_Answer::of_response( 429, '', gmdate( 'D, d M Y H:i:s', time() + 300 ) . ' GMT' );
		$this->assertEqualsWithDelta( 300, $answer->wait, 2 );
	}

	/** A wrong clock is named with both times. */
	public function test_clocks() {
		$answer = Pilito_PS_Answer::of_response( 401, '{"error":"Clock skew","server_time":"2026-01-01T10:00:00Z","sent_time":"2026-01-01T10:20:00Z"}' );
		$this->assertSame( '2026-01-01T10:00:00Z ≠ 2026-01-01T10:20:00Z', $answer->note );
	}

	public static function errors() {
		return array(
			array( 'http_request_failed', 'cURL error 6: Could not resolve host: api.pilito.com', 'name' ),
			array( 'http_request_failed', 'cURL error 7: Failed to connect to 10.0.0.1 port 443', 'refused' ),
			array( 'http_request_failed', 'cURL error 28: Operation timed out after 15001 milliseconds', 'timeout' ),
			array( 'http_request_failed', 'cURL error 60: SSL certificate problem', 'tls' ),
			array( 'http_request_failed', 'cURL error 56: Recv failure', 'unreachable' ),
			array( 'http_request_not_executed', 'User has blocked requests through HTTP.', 'blocked' ),
			array( 'http_request_failed', 'stream_socket_client(): Unable to connect', 'unreachable' ),
		);
	}

	/**
	 * A request without an answer is an outage whose reason is told apart.
	 *
	 * @dataProvider errors
	 */
	public function test_no_answer( $code, $message, $expected ) {
		$answer = Pilito_PS_Answer::of_transport( $code, $message );
		$this->assertSame( array( 'outage', $expected ), array( $answer->kind, $answer->code ) );
	}
}
