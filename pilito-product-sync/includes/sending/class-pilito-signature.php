<?php
/**
 * How a delivery is signed.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * The scheme of Standard Webhooks: HMAC-SHA256 over id, time and body.
 */
class Pilito_PS_Signature {

	/**
	 * The headers that name a delivery and, with a secret, prove where it comes from.
	 *
	 * @param string $id     Event id.
	 * @param int    $time   Seconds since 1970.
	 * @param string $body   The body, byte by byte as it is sent.
	 * @param string $secret The secret; empty for none.
	 * @return array
	 */
	public static function headers( $id, $time, $body, $secret ) {
		$headers = array(
			'webhook-id'        => $id,
			'webhook-timestamp' => (string) $time,
		);
		$key     = self::key( $secret );
		if ( '' !== $key ) {
			// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- the scheme asks for it.
			$headers['webhook-signature'] = 'v1,' . base64_encode( hash_hmac( 'sha256', "{$id}.{$time}.{$body}", $key, true ) );
		}
		return $headers;
	}

	/**
	 * The bytes a secret stands for: what follows whsec_ is Base64, anything else is meant as it is.
	 *
	 * @param string $secret The secret as it was pasted.
	 * @return string Empty where it cannot be read.
	 */
	public static function key( $secret ) {
		if ( 0 !== strpos( $secret, 'whsec_' ) ) {
			return $secret;
		}
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_decode -- the scheme asks for it.
		return (string) base64_decode( substr( $secret, 6 ), true );
	}
}
