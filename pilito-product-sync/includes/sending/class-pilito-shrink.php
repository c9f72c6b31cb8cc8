<?php
/**
 * A product that is too large to be taken.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Cuts the texts of a product, the longest first: a product with a cut text can be found, one that is never sent
 * cannot.
 */
class Pilito_PS_Shrink {

	const SHORTEST = 500;

	/**
	 * Cuts texts until a product fits.
	 *
	 * @param array $product The product as it is sent.
	 * @param int   $bytes   Its length, encoded.
	 * @param int   $limit   How long it may be.
	 * @return array The product, with `text_cut` where something was cut.
	 */
	public static function within( array $product, $bytes, $limit ) {
		$over = $bytes - $limit;
		if ( $over <= 0 ) {
			return $product;
		}
		$texts = self::texts( $product );
		while ( $over > 0 && $texts ) {
			uasort(
				$texts,
				static function ( $one, $other ) {
					return strlen( $other ) - strlen( $one );
				}
			);
			$place = key( $texts );
			$text  = $texts[ $place ];
			unset( $texts[ $place ] );
			$kept  = max( self::SHORTEST, strlen( $text ) - $over - 64 );
			$short = mb_strcut( $text, 0, $kept, 'UTF-8' );
			$over -= strlen( $text ) - strlen( $short );
			self::put( $product, $place, $short );
		}
		$product['text_cut'] = true;
		return $product;
	}

	/**
	 * The texts of a product and of its variations.
	 *
	 * @param array $product The product.
	 * @return array Text by place.
	 */
	private static function texts( array $product ) {
		$texts = array();
		foreach ( array( 'description', 'short_description' ) as $name ) {
			if ( isset( $product[ $name ] ) && is_string( $product[ $name ] ) ) {
				$texts[ $name ] = $product[ $name ];
			}
		}
		foreach ( isset( $product['variations'] ) ? $product['variations'] : array() as $index => $variation ) {
			if ( isset( $variation['description'] ) && is_string( $variation['description'] ) ) {
				$texts[ 'variations.' . $index ] = $variation['description'];
			}
		}
		return array_filter(
			$texts,
			static function ( $text ) {
				return strlen( $text ) > self::SHORTEST;
			}
		);
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
		if ( 0 === strpos( $place, 'variations.' ) ) {
			$product['variations'][ (int) substr( $place, 11 ) ]['description'] = $text;
		} else {
			$product[ $place ] = $text;
		}
	}
}
