<?php
/**
 * The request of the shop to itself.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Lets PHP go on after its answer: by handing the answer out where the server can, else by a signed request to
 * admin-ajax.php, without waiting for its answer.
 */
class Pilito_PS_Loopback {

	const ACTION = 'pilito_ps_work';
	const VALID  = 120;

	/**
	 * Sends the request.
	 *
	 * @return void
	 */
	public static function ask() {
		$at = time();
		wp_remote_post(
			admin_url( 'admin-ajax.php' ),
			array(
				'timeout'   => 0.01,
				'blocking'  => false,
				// phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals.NonPrefixedHooknameFound -- WordPress' own filter for such requests.
				'sslverify' => apply_filters( 'https_local_ssl_verify', false ),
				'body'      => array(
					'action' => self::ACTION,
					'at'     => $at,
					'sign'   => self::sign( $at ),
				),
			)
		);
	}

	/**
	 * The request has come.
	 *
	 * @return void
	 */
	public static function came() {
		// phpcs:disable WordPress.Security.NonceVerification, WordPress.Security.ValidatedSanitizedInput -- signed by us, and only compared.
		$at   = isset( $_POST['at'] ) && is_string( $_POST['at'] ) ? (int) $_POST['at'] : 0;
		$sign = isset( $_POST['sign'] ) && is_string( $_POST['sign'] ) ? $_POST['sign'] : '';
		// phpcs:enable
		if ( abs( time() - $at ) > self::VALID || ! hash_equals( self::sign( $at ), $sign ) ) {
			wp_die( '', '', array( 'response' => 403 ) );
		}
		ignore_user_abort( true );
		Pilito_PS_Background::is_task();
		self::answer();
		Pilito_PS_Background::work();
		exit;
	}

	/**
	 * Hands out the answer while PHP goes on, where it can.
	 *
	 * @return bool Whether it could.
	 */
	public static function hand_out() {
		foreach ( array( 'fastcgi_finish_request', 'litespeed_finish_request' ) as $function ) {
			if ( function_exists( $function ) ) {
				if ( PHP_SESSION_ACTIVE === session_status() ) {
					session_write_close();
				}
				call_user_func( $function );
				return true;
			}
		}
		return false;
	}

	/**
	 * Answers with nothing.
	 *
	 * @return void
	 */
	private static function answer() {
		if ( self::hand_out() || headers_sent() ) {
			return;
		}
		while ( ob_get_level() ) {
			ob_end_clean();
		}
		status_header( 202 );
		header( 'Connection: close' );
		header( 'Content-Length: 0' );
		flush();
	}

	/**
	 * Proves that a request comes from this shop.
	 *
	 * @param int $at When it was made.
	 * @return string
	 */
	private static function sign( $at ) {
		return hash_hmac( 'sha256', self::ACTION . '|' . (int) $at, wp_salt( 'nonce' ) );
	}
}
