<?php
/**
 * Products as the service knows them, in texts for the reader.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads a product out of an answer of the service; every part of it may be missing or of another kind.
 */
class Pilito_PS_Admin_Found {

	const QUESTION = 300;
	const COUNT    = 5;

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		Pilito_PS_Admin_Actions::on( 'ask', array( __CLASS__, 'ask' ) );
	}

	/**
	 * Searches for what the owner asked.
	 *
	 * @return array|WP_Error `found` (products) and `words` (a sentence on how well they fit).
	 */
	public static function ask() {
		$question = Pilito_PS_Admin_Actions::text( 'question', self::QUESTION );
		if ( '' === $question ) {
			return new WP_Error( 'no_question', __( 'Write a question first, as a customer would ask it.', 'pilito-product-sync' ) );
		}
		$answer = Pilito_PS_Admin_Ask::search( $question, self::COUNT );
		if ( is_wp_error( $answer ) ) {
			return $answer;
		}
		Pilito_PS_Admin_Setup::asked();
		$found = array();
		foreach ( array_slice( $answer['results'], 0, self::COUNT ) as $hit ) {
			if ( isset( $hit['product'] ) && is_array( $hit['product'] ) ) {
				$found[] = self::product( $hit['product'] );
			}
		}
		$words = '';
		if ( ! $found ) {
			$words = __( 'The assistant knows no product that fits. If you have just connected, wait until all products are sent.', 'pilito-product-sync' );
		} elseif ( isset( $answer['confidence'] ) && 'low' === $answer['confidence'] ) {
			$words = __( 'Nothing in your shop answers this well. These products come closest:', 'pilito-product-sync' );
		}
		return array(
			'found' => $found,
			'words' => $words,
		);
	}

	/**
	 * A text of an answer.
	 *
	 * @param array  $from  Part of the answer.
	 * @param string $name  Name of the text.
	 * @param int    $limit Characters at most.
	 * @return string
	 */
	public static function text( array $from, $name, $limit ) {
		$text = isset( $from[ $name ] ) && is_scalar( $from[ $name ] ) ? sanitize_textarea_field( (string) $from[ $name ] ) : '';
		return mb_strlen( $text ) > $limit ? mb_substr( $text, 0, $limit - 1 ) . '…' : $text;
	}

	/**
	 * The price with its currency; from the lowest to the highest where the variations differ.
	 *
	 * @param array $product Part of the answer.
	 * @return string
	 */
	public static function price( array $product ) {
		$low  = self::text( $product, 'min_price', 30 );
		$high = self::text( $product, 'max_price', 30 );
		$one  = '' === $low ? self::text( $product, 'price', 30 ) : $low;
		if ( '' === $one ) {
			return __( 'without a price', 'pilito-product-sync' );
		}
		$price = Pilito_PS_Format::price( $one );
		if ( '' !== $high && $high !== $one ) {
			/* translators: 1: lowest price, 2: highest price */
			$price = sprintf( __( '%1$s to %2$s', 'pilito-product-sync' ), $price, Pilito_PS_Format::price( $high ) );
		}
		return trim( $price . ' ' . self::currency( self::text( $product, 'currency', 10 ) ) );
	}

	/**
	 * Whether it can be bought.
	 *
	 * @param array $product Part of the answer.
	 * @return string
	 */
	public static function stock( array $product ) {
		if ( ! isset( $product['in_stock'] ) ) {
			return '';
		}
		$count = self::text( $product, 'stock_quantity', 15 );
		if ( ! $product['in_stock'] ) {
			return __( 'out of stock', 'pilito-product-sync' );
		}
		/* translators: %s: a number */
		return is_numeric( $count ) && (float) $count > 0 ? sprintf( __( '%s in stock', 'pilito-product-sync' ), Pilito_PS_Format::number( (float) $count ) ) : __( 'in stock', 'pilito-product-sync' );
	}

	/**
	 * A product of an answer.
	 *
	 * @param array $product Part of the answer.
	 * @return array
	 */
	private static function product( array $product ) {
		$id = 0;
		if ( preg_match( '/^woo_(\d{1,18})$/D', self::text( $product, 'external_id', 60 ), $found ) ) {
			$id = (int) $found[1];
		}
		return array(
			'title'   => self::text( $product, 'title', 200 ),
			'price'   => self::price( $product ),
			'stock'   => self::stock( $product ),
			'inStock' => ! empty( $product['in_stock'] ),
			'image'   => esc_url_raw( self::text( $product, 'image', 2000 ), array( 'https', 'http' ) ),
			'edit'    => $id ? (string) get_edit_post_link( $id, 'raw' ) : '',
		);
	}

	/**
	 * A currency in the reader's words.
	 *
	 * @param string $code Its code.
	 * @return string
	 */
	private static function currency( $code ) {
		$names = array(
			'IRT' => __( 'toman', 'pilito-product-sync' ),
			'IRR' => __( 'rial', 'pilito-product-sync' ),
			'USD' => __( 'US dollars', 'pilito-product-sync' ),
			'EUR' => __( 'euros', 'pilito-product-sync' ),
		);
		return isset( $names[ $code ] ) ? $names[ $code ] : Pilito_PS_Format::isolate( $code );
	}
}
