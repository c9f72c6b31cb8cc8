<?php
/**
 * Numbers and spans of time in the language of the reader.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * WordPress leaves the digits of Persian as they are in English; these are the reader's own.
 */
class Pilito_PS_Format {

	const PERSIAN = array( '۰', '۱', '۲', '۳', '۴', '۵', '۶', '۷', '۸', '۹' );

	/**
	 * Whether the reader reads Persian.
	 *
	 * @return bool
	 */
	public static function is_persian() {
		return 0 === strpos( determine_locale(), 'fa' );
	}

	/**
	 * Lets WordPress' own functions for numbers and spans write for the reader. For our requests only: what
	 * other plugins print is theirs.
	 *
	 * @return void
	 */
	public static function begin() {
		if ( self::is_persian() ) {
			add_filter( 'number_format_i18n', array( __CLASS__, 'number_filter' ), 99, 3 );
			add_filter( 'human_time_diff', array( __CLASS__, 'span_filter' ), 99, 2 );
		}
	}

	/**
	 * Takes that back.
	 *
	 * @return void
	 */
	public static function end() {
		remove_filter( 'number_format_i18n', array( __CLASS__, 'number_filter' ), 99 );
		remove_filter( 'human_time_diff', array( __CLASS__, 'span_filter' ), 99 );
	}

	/**
	 * A number with its thousands set apart.
	 *
	 * @param float $number   The number.
	 * @param int   $decimals Digits after the point.
	 * @return string
	 */
	public static function number( $number, $decimals = 0 ) {
		return self::is_persian() ? self::number_filter( '', $number, $decimals ) : number_format( (float) $number, $decimals );
	}

	/**
	 * A price as text, such as "1250000" or "19.90", with its thousands set apart.
	 *
	 * @param string $price Digits, perhaps with a point.
	 * @return string Unchanged where it is no number.
	 */
	public static function price( $price ) {
		if ( ! preg_match( '/^\d{1,15}(?:\.(\d{1,6}))?$/D', $price, $found ) ) {
			return $price;
		}
		$fraction = isset( $found[1] ) ? rtrim( $found[1], '0' ) : '';
		return self::number( (float) $price, '' === $fraction ? 0 : max( 2, strlen( $fraction ) ) );
	}

	/**
	 * A span of time, such as "5 minutes".
	 *
	 * @param int $from A moment.
	 * @param int $to   Another; 0 is now.
	 * @return string
	 */
	public static function span( $from, $to = 0 ) {
		$to = $to ? $to : time();
		return self::is_persian() ? self::span_filter( '', abs( $to - $from ) ) : human_time_diff( $from, $to );
	}

	/**
	 * Digits of the reader's language in place of 0 to 9.
	 *
	 * @param string $text A text without names or codes.
	 * @return string
	 */
	public static function digits( $text ) {
		return self::is_persian() ? str_replace( range( 0, 9 ), self::PERSIAN, $text ) : $text;
	}

	/**
	 * A text that keeps its own direction inside a sentence: any inside a Persian one, and one with letters from right
	 * to left inside an English one.
	 *
	 * @param string $text A name, a code, or the words of a server.
	 * @return string
	 */
	public static function isolate( $text ) {
		$differs = self::is_persian() ? '' !== $text : 1 === preg_match( '/[\x{0590}-\x{08FF}]/u', $text );
		return $differs ? "\u{2068}{$text}\u{2069}" : $text;
	}

	/**
	 * Whether the first letter of a text is one of the Persian or Arabic script.
	 *
	 * @param string $text A sentence of the service, which was said in the language of another reader.
	 * @return bool
	 */
	public static function begins_persian( $text ) {
		return 1 === preg_match( '/^\P{L}*\p{Arabic}/u', $text );
	}

	/**
	 * A text with the mark that ends a sentence.
	 *
	 * @param string $text Words of the service, which may lack the mark.
	 * @return string
	 */
	public static function sentence( $text ) {
		$text = trim( $text );
		return '' === $text || preg_match( '/[.!?:…؟؛]$/Du', $text ) ? $text : $text . '.';
	}

	/**
	 * Filter of WordPress: the number with Persian digits and marks.
	 *
	 * @param string $written  What WordPress wrote.
	 * @param float  $number   The number.
	 * @param int    $decimals Digits after the point.
	 * @return string
	 */
	public static function number_filter( $written, $number, $decimals = 0 ) {
		return str_replace( range( 0, 9 ), self::PERSIAN, number_format( (float) $number, max( 0, (int) $decimals ), '٫', '٬' ) );
	}

	/**
	 * Filter of WordPress: the span in Persian, also where WordPress itself has no translation.
	 *
	 * @param string $written What WordPress wrote.
	 * @param int    $seconds The span.
	 * @return string
	 */
	public static function span_filter( $written, $seconds ) {
		$seconds = (int) $seconds;
		if ( $seconds < MINUTE_IN_SECONDS ) {
			/* translators: %s: a number, more than one or one */
			return sprintf( __( '%s seconds', 'pilito-product-sync' ), self::number( max( 1, $seconds ) ) );
		}
		if ( $seconds < HOUR_IN_SECONDS ) {
			/* translators: %s: a number, more than one or one */
			return sprintf( __( '%s minutes', 'pilito-product-sync' ), self::number( round( $seconds / MINUTE_IN_SECONDS ) ) );
		}
		if ( $seconds < DAY_IN_SECONDS ) {
			/* translators: %s: a number, more than one or one */
			return sprintf( __( '%s hours', 'pilito-product-sync' ), self::number( round( $seconds / HOUR_IN_SECONDS ) ) );
		}
		/* translators: %s: a number, more than one or one */
		return sprintf( __( '%s days', 'pilito-product-sync' ), self::number( round( $seconds / DAY_IN_SECONDS ) ) );
	}
}
