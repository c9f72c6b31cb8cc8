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
	 * Reasons that lie in one product; any other concerns all of them and is said once.
	 */
	const OF_PRODUCTS = array( 'invalid', 'too_large', 'unreadable', 'interrupted' );

	/**
	 * Reasons that pass without the owner, once Pilito and the owner's hosting have worked together.
	 */
	const OUTAGES = array( 'proxy', 'not_pilito', 'redirected', 'not_found', 'forbidden', 'server', 'name', 'refused', 'timeout', 'tls', 'unreachable' );

	const WITH_DETAIL = array( 'denied', 'clock', 'invalid', 'redirected', 'server', 'forbidden', 'tls', 'unreachable', 'unreadable' );

	/**
	 * A sentence or two for a code.
	 *
	 * @param string    $code   The code.
	 * @param string    $note   What the other side said.
	 * @param bool|null $worked Whether sending to this address has worked before; null asks the state.
	 * @return string
	 */
	public static function about( $code, $note = '', $worked = null ) {
		$worked = null === $worked ? Pilito_PS_State::get()['last_success'] > 0 : $worked;
		if ( $worked && in_array( $code, self::OUTAGES, true ) ) {
			$said = __( 'Pilito cannot be reached at the moment. Nothing is lost: your changes wait here and are sent as soon as Pilito is back.', 'pilito-product-sync' );
			return self::with_detail( $said, $note );
		}
		$words = self::sentences();
		$said  = isset( $words[ $code ] ) ? $words[ $code ] : $words['unreachable'];
		return in_array( $code, self::WITH_DETAIL, true ) || ! isset( $words[ $code ] ) ? self::with_detail( $said, $note ) : $said;
	}

	/**
	 * A sentence, and on a line of its own what the other side said, which keeps its direction.
	 *
	 * @param string $said The sentence.
	 * @param string $note What the other side said.
	 * @return string
	 */
	private static function with_detail( $said, $note ) {
		if ( '' === $note ) {
			return $said;
		}
		/* translators: %s: technical detail in the words of the server */
		return $said . "\n" . sprintf( __( 'Detail: %s', 'pilito-product-sync' ), 0 === strpos( determine_locale(), 'fa' ) ? "\u{2068}{$note}\u{2069}" : $note );
	}

	/**
	 * All of them.
	 *
	 * @return array
	 */
	private static function sentences() {
		return array(
			'token_unknown'   => __( 'Pilito does not know this token. Copy it again from your Pilito panel, or make a new one there, and paste it in the settings of Pilito Sync.', 'pilito-product-sync' ),
			'token_inactive'  => __( 'This token has been switched off in Pilito. Switch it on there, or paste another one in the settings of Pilito Sync.', 'pilito-product-sync' ),
			'token_expired'   => __( 'This token has expired. Make a new one in your Pilito panel and paste it in the settings of Pilito Sync.', 'pilito-product-sync' ),
			'address_refused' => __( 'This token may not be used from the address of your hosting. Add the address of your server to the token’s allowed addresses in Pilito.', 'pilito-product-sync' ),
			'denied'          => __( 'Pilito refused the token or the signing secret. Check both.', 'pilito-product-sync' ),
			'busy'            => __( 'Pilito asked to wait a little. Sending goes on by itself.', 'pilito-product-sync' ),
			'invalid'         => __( 'Pilito could not read this product. Change what the detail names and save the product.', 'pilito-product-sync' ),
			'too_large'       => __( 'This product is too large to be sent. Shorten its description or reduce its variations.', 'pilito-product-sync' ),
			'not_pilito'      => __( 'Something answers at this address, but it is not Pilito. Check the API address.', 'pilito-product-sync' ),
			'redirected'      => __( 'This address leads on to another one. Enter that one as the API address.', 'pilito-product-sync' ),
			'not_found'       => __( 'There is no Pilito at this address. Check the API address.', 'pilito-product-sync' ),
			'forbidden'       => __( 'A firewall between your hosting and Pilito refused the request. Ask your hosting company to allow it.', 'pilito-product-sync' ),
			'server'          => __( 'Pilito has a fault at the moment. It is tried again by itself.', 'pilito-product-sync' ),
			'name'            => __( 'No server was found under this name. Check the spelling of the address. If it is right, ask your hosting company why your hosting does not find the name.', 'pilito-product-sync' ),
			'refused'         => __( 'The connection was refused. Check the address and its port. If both are right, ask your hosting company to allow connections to this address.', 'pilito-product-sync' ),
			'timeout'         => __( 'No answer came in time. Try again in a minute. If it stays like this, ask your hosting company to allow connections to this address.', 'pilito-product-sync' ),
			'tls'             => __( 'No secure connection could be made. The certificates or the clock of your hosting may be out of date. Ask your hosting company.', 'pilito-product-sync' ),
			'blocked'         => __( 'This WordPress forbids requests to other servers (WP_HTTP_BLOCK_EXTERNAL in wp-config.php). Add the host of the API address to WP_ACCESSIBLE_HOSTS.', 'pilito-product-sync' ),
			'unreachable'     => __( 'Pilito could not be reached. It is tried again by itself.', 'pilito-product-sync' ),
			'interrupted'     => __( 'Sending was cut off by a time limit, or by an error of another plugin while the product was read. It is tried again by itself.', 'pilito-product-sync' ),
			'unreadable'      => __( 'WooCommerce could not read this product. Open it and save it once. If that does not help, another plugin is in the way.', 'pilito-product-sync' ),
			'clock'           => __( 'The clocks of your hosting and of Pilito differ by more than five minutes, so signed deliveries are refused. Ask your hosting company to set the clock.', 'pilito-product-sync' ),
			'proxy'           => __( 'Something between your hosting and Pilito refused the request. It is tried again by itself.', 'pilito-product-sync' ),
		);
	}
}
