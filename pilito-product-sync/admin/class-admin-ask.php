<?php
/**
 * What the admin asks the service while somebody looks.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reading requests: the states of products, the explanation of one, and a search. None of them is made while
 * a page is built; scripts of the page ask for them afterwards.
 */
class Pilito_PS_Admin_Ask {

	const STATES  = '/api/integrations/woocommerce/products/states/';
	const EXPLAIN = '/api/integrations/woocommerce/products/%d/explain/';
	const SEARCH  = '/api/v1/knowledge/search/';

	const MOST_STATES = 100;
	const TIMEOUT     = 10;
	const MOST_BYTES  = 1048576;

	/**
	 * The states of up to 100 products.
	 *
	 * @param int[] $ids Product ids.
	 * @return array|WP_Error By product id, `state` and `message`.
	 */
	public static function states( array $ids ) {
		$answer = self::request( self::STATES, array( 'ids' => array_slice( array_values( $ids ), 0, self::MOST_STATES ) ) );
		if ( is_wp_error( $answer ) ) {
			return $answer;
		}
		return isset( $answer['states'] ) && is_array( $answer['states'] ) ? $answer['states'] : self::not_pilito();
	}

	/**
	 * What the service knows of one product, and why not.
	 *
	 * @param int $id Product id.
	 * @return array|WP_Error The explanation.
	 */
	public static function explain( $id ) {
		$answer = self::request( sprintf( self::EXPLAIN, $id ) );
		if ( is_wp_error( $answer ) ) {
			return $answer;
		}
		return isset( $answer['verdict'] ) && is_string( $answer['verdict'] ) ? $answer : self::not_pilito();
	}

	/**
	 * Searches as an assistant does.
	 *
	 * @param string $question The question.
	 * @param int    $count    How many products at most.
	 * @return array|WP_Error The answer.
	 */
	public static function search( $question, $count ) {
		$answer = self::request(
			self::SEARCH,
			array(
				'query' => $question,
				'limit' => $count,
			)
		);
		if ( is_wp_error( $answer ) ) {
			return $answer;
		}
		return isset( $answer['results'] ) && is_array( $answer['results'] ) ? $answer : self::not_pilito();
	}

	/**
	 * Does one request.
	 *
	 * @param string     $path Where to.
	 * @param array|null $body What to post; null reads.
	 * @return array|WP_Error The JSON of the answer, or a sentence for the owner with the code of the reason.
	 */
	private static function request( $path, $body = null ) {
		$token = pilito_ps_token();
		if ( '' === $token ) {
			return new WP_Error( 'no_token', __( 'Connect your shop first: paste the token on the page of Pilito Sync.', 'pilito-product-sync' ) );
		}
		$arguments = array(
			'method'              => null === $body ? 'GET' : 'POST',
			'timeout'             => self::TIMEOUT,
			'redirection'         => 0,
			'limit_response_size' => self::MOST_BYTES,
			'user-agent'          => 'Pilito-Product-Sync/' . PILITO_PS_VERSION . '; ' . home_url(),
			'headers'             => array(
				'Authorization'   => 'Bearer ' . $token,
				'Accept'          => 'application/json',
				'Accept-Language' => Pilito_PS_Format::is_persian() ? 'fa' : 'en',
			),
		);
		if ( null !== $body ) {
			$arguments['headers']['Content-Type'] = 'application/json; charset=utf-8';
			$arguments['body']                    = (string) wp_json_encode( $body );
		}
		$response = wp_remote_request( pilito_ps_api_url() . $path, $arguments );
		if ( is_wp_error( $response ) ) {
			return self::failed( Pilito_PS_Answer::of_transport( (string) $response->get_error_code(), $response->get_error_message() ) );
		}
		$status = (int) wp_remote_retrieve_response_code( $response );
		$text   = wp_remote_retrieve_body( $response );
		$json   = json_decode( $text, true );
		if ( 200 === $status && is_array( $json ) ) {
			return $json;
		}
		if ( in_array( $status, array( 404, 405 ), true ) ) {
			return new WP_Error( 'not_offered', __( 'This Pilito is older than the plugin and cannot answer this yet. Sending products works all the same.', 'pilito-product-sync' ) );
		}
		return self::failed( Pilito_PS_Answer::of_response( $status, $text, (string) wp_remote_retrieve_header( $response, 'retry-after' ) ) );
	}

	/**
	 * Why there is no answer, in a sentence.
	 *
	 * @param Pilito_PS_Answer $answer What came back.
	 * @return WP_Error
	 */
	private static function failed( Pilito_PS_Answer $answer ) {
		if ( in_array( $answer->code, Pilito_PS_Words::OUTAGES, true ) ) {
			return new WP_Error( 'outage', __( 'Pilito cannot be reached at the moment. Nothing is lost.', 'pilito-product-sync' ) );
		}
		if ( Pilito_PS_Answer::REFUSED === $answer->kind ) {
			return new WP_Error( 'refused', __( 'Pilito could not read this question. Write it in other words.', 'pilito-product-sync' ) );
		}
		return new WP_Error( $answer->code, Pilito_PS_Words::about( $answer->code, $answer->note ) );
	}

	/**
	 * An answer of something else.
	 *
	 * @return WP_Error
	 */
	private static function not_pilito() {
		return self::failed( new Pilito_PS_Answer( Pilito_PS_Answer::OUTAGE, 'not_pilito' ) );
	}
}
