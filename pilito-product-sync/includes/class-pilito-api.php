<?php
/**
 * Requests to the service.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * The requests of the sender: who owns the token, which products changed, and what became of the plugin.
 */
class Pilito_PS_Api {

	const HEALTH            = '/api/integrations/woocommerce/health/';
	const WEBHOOK           = '/api/integrations/woocommerce/webhook/';
	const BATCH             = '/api/integrations/woocommerce/batch/';
	const LIFECYCLE         = '/api/integrations/woocommerce/lifecycle/';
	const TIMEOUT           = 15;
	const BATCH_TIMEOUT     = 30;
	const LIFECYCLE_TIMEOUT = 3;
	const LONGEST_ANSWER    = 1048576;
	const FLAGS             = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR;

	/**
	 * Asks who owns the token.
	 *
	 * @param string $url   Address of the service.
	 * @param string $token The token.
	 * @return Pilito_PS_Answer
	 */
	public static function health( $url, $token ) {
		$answer = self::request( 'GET', $url . self::HEALTH, $token );
		if ( Pilito_PS_Answer::TAKEN === $answer->kind && ! isset( $answer->json['user'], $answer->json['token'] ) ) {
			return new Pilito_PS_Answer( Pilito_PS_Answer::OUTAGE, 'not_pilito' );
		}
		if ( Pilito_PS_Answer::TAKEN === $answer->kind ) {
			Pilito_PS_Service::learn( $url, $token, $answer->json );
		}
		return $answer;
	}

	/**
	 * What became of a product, as it is sent.
	 *
	 * @param string $kind    What happened.
	 * @param array  $product The product.
	 * @param string $key     Name of the change.
	 * @return array Id of the event, and its JSON.
	 */
	public static function event( $kind, array $product, $key ) {
		$event_id = self::event_id( $kind, $product, $key );
		$event    = array(
			'event_id'   => $event_id,
			'event_type' => 'product.' . $kind,
			'timestamp'  => gmdate( 'Y-m-d\TH:i:s\Z' ),
			'product'    => $product,
		);
		return array( $event_id, self::encode( $event ) );
	}

	/**
	 * Sends one event.
	 *
	 * @param string $event_id Its id.
	 * @param string $body     Its JSON.
	 * @return Pilito_PS_Answer
	 */
	public static function send( $event_id, $body ) {
		$answer = self::post( self::WEBHOOK, $event_id, $body, self::TIMEOUT );
		if ( Pilito_PS_Answer::TAKEN === $answer->kind && isset( $answer->json['event_id'] ) && $answer->json['event_id'] !== $event_id ) {
			return new Pilito_PS_Answer( Pilito_PS_Answer::OUTAGE, 'not_pilito' );
		}
		return $answer;
	}

	/**
	 * Sends several events.
	 *
	 * @param array $events JSON of the events, by id.
	 * @return Pilito_PS_Answer Where it is taken, `results` of its JSON has one entry per event, in their order.
	 */
	public static function send_batch( array $events ) {
		$ids    = array_map( 'strval', array_keys( $events ) );
		$answer = self::post( self::BATCH, 'batch_' . bin2hex( random_bytes( 8 ) ), '{"events":[' . implode( ',', $events ) . ']}', self::BATCH_TIMEOUT );
		if ( Pilito_PS_Answer::TAKEN !== $answer->kind ) {
			return $answer;
		}
		$results = isset( $answer->json['results'] ) && is_array( $answer->json['results'] ) ? $answer->json['results'] : array();
		return array_column( $results, 'event_id' ) === $ids ? $answer : new Pilito_PS_Answer( Pilito_PS_Answer::OUTAGE, 'not_pilito' );
	}

	/**
	 * Says what became of the plugin.
	 *
	 * @param string $event `activated`, `deactivated` or `uninstalled`.
	 * @return Pilito_PS_Answer
	 */
	public static function lifecycle( $event ) {
		$body = array(
			'event'          => $event,
			'plugin_version' => PILITO_PS_VERSION,
			'at'             => gmdate( 'Y-m-d\TH:i:s\Z' ),
		);
		return self::request( 'POST', pilito_ps_api_url() . self::LIFECYCLE, pilito_ps_token(), self::encode( $body ), array(), self::LIFECYCLE_TIMEOUT );
	}

	/**
	 * Posts a signed body.
	 *
	 * @param string $path    Where to.
	 * @param string $id      Id of the delivery.
	 * @param string $body    JSON.
	 * @param int    $timeout In seconds.
	 * @return Pilito_PS_Answer
	 */
	private static function post( $path, $id, $body, $timeout ) {
		$headers = Pilito_PS_Signature::headers( $id, time(), $body, pilito_ps_secret() );
		return self::request( 'POST', pilito_ps_api_url() . $path, pilito_ps_token(), $body, $headers, $timeout );
	}

	/**
	 * The id of an event: the same for each try of a change, and another where the product reads otherwise
	 * by then, since the service takes an id only once.
	 *
	 * @param string $kind    What happened.
	 * @param array  $product The product.
	 * @param string $key     Name of the change.
	 * @return string
	 */
	public static function event_id( $kind, array $product, $key ) {
		return "wp_{$key}_" . substr( hash( 'sha256', $kind . self::encode( $product ) ), 0, 12 );
	}

	/**
	 * JSON that holds Persian as it is, which is a third of its escaped length.
	 *
	 * @param array $what What to encode.
	 * @return string
	 */
	private static function encode( array $what ) {
		return (string) wp_json_encode( $what, self::FLAGS );
	}

	/**
	 * Does one request. Redirects are not followed: WordPress would make a GET of a POST.
	 *
	 * @param string $method  HTTP method.
	 * @param string $url     Where to.
	 * @param string $token   The token.
	 * @param string $body    JSON, or an empty string.
	 * @param array  $headers More headers.
	 * @param int    $timeout In seconds.
	 * @return Pilito_PS_Answer
	 */
	private static function request( $method, $url, $token, $body = '', array $headers = array(), $timeout = self::TIMEOUT ) {
		global $wp_version;
		$arguments = array(
			'method'              => $method,
			'timeout'             => $timeout,
			'redirection'         => 0,
			'limit_response_size' => self::LONGEST_ANSWER,
			'user-agent'          => 'Pilito-Product-Sync/' . PILITO_PS_VERSION . ' WordPress/' . $wp_version . ' WooCommerce/' . ( defined( 'WC_VERSION' ) ? WC_VERSION : '?' ) . '; ' . home_url(),
			'headers'             => array(
				'Authorization'   => 'Bearer ' . $token,
				'Accept'          => 'application/json',
				'Accept-Language' => 0 === strpos( get_locale(), 'fa' ) ? 'fa' : 'en',
			) + $headers,
		);
		if ( '' !== $body ) {
			$arguments['body']                    = $body;
			$arguments['headers']['Content-Type'] = 'application/json; charset=utf-8';
			$arguments['headers']['Expect']       = '';
		}
		$response = wp_remote_request( $url, $arguments );
		if ( is_wp_error( $response ) ) {
			return Pilito_PS_Answer::of_transport( (string) $response->get_error_code(), $response->get_error_message() );
		}
		return Pilito_PS_Answer::of_response(
			(int) wp_remote_retrieve_response_code( $response ),
			wp_remote_retrieve_body( $response ),
			self::header( $response, 'retry-after' ),
			self::header( $response, 'location' )
		);
	}

	/**
	 * A header of a response, the last where it came several times.
	 *
	 * @param array  $response The response.
	 * @param string $name     Name of the header.
	 * @return string
	 */
	private static function header( $response, $name ) {
		$value = wp_remote_retrieve_header( $response, $name );
		return (string) ( is_array( $value ) ? end( $value ) : $value );
	}
}
