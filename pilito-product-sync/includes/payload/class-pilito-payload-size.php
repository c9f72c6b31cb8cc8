<?php
/**
 * The size of what is sent.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Cuts the texts of a product whose body would be refused for its size: a product with a cut text can be found,
 * one that is never sent cannot.
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
	 * The bytes that `shortened` leaves of a text.
	 */
	const SHORTEST = 500;

	const OF_VARIATION = 'variations.';

	/**
	 * The product within the limit; all its texts are cut alike, as far as needed.
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
	 * The product with some bytes less; its longest texts are cut, and no more of them than needed.
	 *
	 * @param array $product The product as it is sent.
	 * @param int   $over    How many bytes are too many.
	 * @return array With a `text_cut` where something had to be cut.
	 */
	public static function shortened( array $product, $over ) {
		if ( $over <= 0 ) {
			return $product;
		}
		$texts = array_filter(
			self::texts( $product ),
			static function ( $text ) {
				return strlen( $text ) > self::SHORTEST;
			}
		);
		uasort(
			$texts,
			static function ( $one, $other ) {
				return strlen( $other ) - strlen( $one );
			}
		);
		foreach ( $texts as $place => $text ) {
			if ( $over <= 0 ) {
				break;
			}
			$short = mb_strcut( $text, 0, max( self::SHORTEST, strlen( $text ) - $over - 64 ), 'UTF-8' );
			$over -= strlen( $text ) - strlen( $short );
			self::put( $product, $place, $short );
		}
		$product['text_cut'] = true;
		return $product;
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
		foreach ( self::texts( $product ) as $place => $text ) {
			self::put( $product, $place, self::cut( $text, self::of_variation( $place ) ? $most_variation : $most ) );
		}
		return $product;
	}

	/**
	 * The texts of a product and of its variations.
	 *
	 * @param array $product The product.
	 * @return array Text by place: the name of a field, or the key of a variation behind `OF_VARIATION`.
	 */
	private static function texts( array $product ) {
		$texts      = array();
		$variations = isset( $product['variations'] ) && is_array( $product['variations'] ) ? $product['variations'] : array();
		foreach ( array( 'description', 'short_description' ) as $name ) {
			if ( isset( $product[ $name ] ) && is_string( $product[ $name ] ) ) {
				$texts[ $name ] = $product[ $name ];
			}
		}
		foreach ( $variations as $at => $variation ) {
			if ( is_array( $variation ) && isset( $variation['description'] ) && is_string( $variation['description'] ) ) {
				$texts[ self::OF_VARIATION . $at ] = $variation['description'];
			}
		}
		return $texts;
	}

	/**
	 * Puts a text into its place.
	 *
	 * @param array  $product The product.
	 * @param string $place   The place, as `texts` names it.
	 * @param string $text    The text.
	 * @return void
	 */
	private static function put( array &$product, $place, $text ) {
		if ( self::of_variation( $place ) ) {
			$product['variations'][ substr( $place, strlen( self::OF_VARIATION ) ) ]['description'] = $text;
		} else {
			$product[ $place ] = $text;
		}
	}

	/**
	 * Whether a text is a variation's.
	 *
	 * @param string $place The place, as `texts` names it.
	 * @return bool
	 */
	private static function of_variation( $place ) {
		return 0 === strpos( $place, self::OF_VARIATION );
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
