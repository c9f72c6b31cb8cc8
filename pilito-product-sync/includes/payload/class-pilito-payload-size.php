<?php
/**
 * The size of what is sent.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Cuts the texts of a product whose body would be refused for its size.
 */
class Pilito_PS_Payload_Size {

	/**
	 * The most bytes of a product as JSON; the service takes twice as many in one body.
	 */
	const BODY_BYTES = 4194304;

	/**
	 * The most characters of a description and of a variation's that the service keeps.
	 */
	const DESCRIPTION = 500000;
	const VARIATION   = 10000;

	/**
	 * The product within the limit, its texts cut as far as needed.
	 *
	 * @param array $product A product as it would be sent.
	 * @param int   $limit   The most bytes.
	 * @return array With `text_cut`: whether a text was cut.
	 */
	public static function within( array $product, $limit = self::BODY_BYTES ) {
		if ( self::bytes( $product ) <= $limit ) {
			return $product + array( 'text_cut' => false );
		}
		$most = self::DESCRIPTION;
		do {
			$product = self::each_text( $product, $most, (int) ceil( $most * self::VARIATION / self::DESCRIPTION ) );
			$most    = intdiv( $most, 2 );
		} while ( $most >= 1 && self::bytes( $product ) > $limit );
		return array( 'text_cut' => true ) + $product;
	}

	/**
	 * Cuts all texts, without the images written inside of them.
	 *
	 * @param array $product        The product.
	 * @param int   $most           The most characters of a text.
	 * @param int   $most_variation The most characters of a variation's.
	 * @return array
	 */
	private static function each_text( array $product, $most, $most_variation ) {
		foreach ( array( 'description', 'short_description' ) as $name ) {
			if ( isset( $product[ $name ] ) && is_string( $product[ $name ] ) ) {
				$product[ $name ] = self::cut( $product[ $name ], $most );
			}
		}
		if ( isset( $product['variations'] ) && is_array( $product['variations'] ) ) {
			foreach ( $product['variations'] as $at => $variation ) {
				if ( isset( $variation['description'] ) && is_string( $variation['description'] ) ) {
					$product['variations'][ $at ]['description'] = self::cut( $variation['description'], $most_variation );
				}
			}
		}
		return $product;
	}

	/**
	 * The beginning of a text.
	 *
	 * @param string $text A text.
	 * @param int    $most The most characters.
	 * @return string
	 */
	private static function cut( $text, $most ) {
		if ( false !== stripos( $text, 'data:' ) ) {
			$text = (string) preg_replace( '/data:[a-z0-9.+\/-]{1,80};base64,[a-z0-9+\/=%]*+/i', '', $text );
		}
		return mb_substr( $text, 0, $most, 'UTF-8' );
	}

	/**
	 * How many bytes a product has as JSON.
	 *
	 * @param array $product A product.
	 * @return int
	 */
	private static function bytes( array $product ) {
		return strlen( (string) wp_json_encode( $product, Pilito_PS_Api::FLAGS ) );
	}
}
