<?php
/**
 * What went wrong and what to do, in a shop owner's words.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Sentences for the codes of Pilito_PS_Answer and of the sender.
 */
class Pilito_PS_Words {

	/**
	 * A sentence or two for a code.
	 *
	 * @param string $code The code.
	 * @param string $note What the other side said.
	 * @return string
	 */
	public static function about( $code, $note = '' ) {
		$words = self::sentences();
		$said  = isset( $words[ $code ] ) ? $words[ $code ] : $words['unreachable'];
		if ( '' !== $note && in_array( $code, array( 'denied', 'clock', 'invalid', 'redirected', 'server', 'forbidden', 'tls', 'unreachable', 'unreadable' ), true ) ) {
			/* translators: 1: what is wrong, 2: technical detail in the words of the server */
			$said = sprintf( __( '%1$s (Detail: %2$s)', 'pilito-product-sync' ), $said, $note );
		}
		return $said;
	}

	/**
	 * All of them.
	 *
	 * @return array
	 */
	private static function sentences() {
		return array(
			'token_unknown'   => __( 'Pilito does not know this token. Copy it again from your Pilito panel, or make a new one there, and paste it here.', 'pilito-product-sync' ),
			'token_inactive'  => __( 'This token has been switched off in Pilito. Switch it on there, or paste another one.', 'pilito-product-sync' ),
			'token_expired'   => __( 'This token has expired. Make a new one in your Pilito panel and paste it here.', 'pilito-product-sync' ),
			'address_refused' => __( 'This token may not be used from the address of your hosting. Add the address of your server to the token’s allowed addresses in Pilito.', 'pilito-product-sync' ),
			'denied'          => __( 'Pilito refused the token or the signing secret. Check both.', 'pilito-product-sync' ),
			'busy'            => __( 'Pilito asked to wait a little; sending goes on by itself.', 'pilito-product-sync' ),
			'invalid'         => __( 'Pilito could not read this product. Change what the detail names and save the product.', 'pilito-product-sync' ),
			'too_large'       => __( 'This product is too large to be sent. Shorten its description or reduce its variations.', 'pilito-product-sync' ),
			'not_pilito'      => __( 'Something answers at this address, but it is not Pilito. Check the API address.', 'pilito-product-sync' ),
			'redirected'      => __( 'This address redirects to another one. Enter that one as the API address.', 'pilito-product-sync' ),
			'not_found'       => __( 'There is no Pilito at this address. Check the API address.', 'pilito-product-sync' ),
			'forbidden'       => __( 'A firewall between your hosting and Pilito refused the request. Ask your hosting company to allow it.', 'pilito-product-sync' ),
			'server'          => __( 'Pilito has a fault at the moment. It is tried again by itself.', 'pilito-product-sync' ),
			'name'            => __( 'The server’s name was not found. Check the spelling of the API address; if it is right, your hosting cannot resolve names (DNS): tell your hosting company.', 'pilito-product-sync' ),
			'refused'         => __( 'The connection was refused. Either the API address has a wrong port, or your hosting’s firewall blocks outgoing connections: ask your hosting company to open the way to this address.', 'pilito-product-sync' ),
			'timeout'         => __( 'No answer came in time. Your hosting’s firewall may be holding outgoing connections back: ask your hosting company to open the way to this address.', 'pilito-product-sync' ),
			'tls'             => __( 'The secure connection (TLS) could not be made. The certificates or the clock of your hosting may be out of date: tell your hosting company.', 'pilito-product-sync' ),
			'blocked'         => __( 'This WordPress forbids requests to other servers (WP_HTTP_BLOCK_EXTERNAL in wp-config.php). Add the host of the API address to WP_ACCESSIBLE_HOSTS.', 'pilito-product-sync' ),
			'unreachable'     => __( 'Pilito could not be reached from your hosting. It is tried again by itself.', 'pilito-product-sync' ),
			'interrupted'     => __( 'Sending was cut off, by a time limit or by an error of another plugin while the product was read. It is tried again by itself.', 'pilito-product-sync' ),
			'unreadable'      => __( 'WooCommerce could not read this product. Open it and save it once; if that does not help, another plugin is in the way.', 'pilito-product-sync' ),
			'clock'           => __( 'The clocks of your hosting and of Pilito differ by more than five minutes, so signed deliveries are refused. Ask your hosting company to set the clock.', 'pilito-product-sync' ),
			'proxy'           => __( 'Something between your hosting and Pilito refused the request. It is tried again by itself.', 'pilito-product-sync' ),
		);
	}
}
