<?php
/**
 * What the service can do.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * One option: what `health/` last said of the service's features and limits. An older service says nothing of
 * them and gets products one by one.
 */
class Pilito_PS_Service {

	const OPTION  = 'pilito_ps_service';
	const FRESH   = 86400;
	const OFF     = 3600;
	const ITEMS   = 100;
	const BYTES   = 2097152;
	const LARGEST = 8388608;
	const SHORT   = 65536;
	const UNKNOWN = array(
		'of'        => '',
		'at'        => 0,
		'features'  => array(),
		'items'     => 0,
		'bytes'     => 0,
		'products'  => array(),
		'batch_off' => 0,
	);

	/**
	 * Whether this process has asked already.
	 *
	 * @var bool
	 */
	private static $asked = false;

	/**
	 * What is known of the service that is set now.
	 *
	 * @return array
	 */
	public static function get() {
		$known = pilito_ps_fresh_option( self::OPTION );
		$known = array_merge( self::UNKNOWN, is_array( $known ) ? $known : array() );
		return self::name( pilito_ps_api_url(), pilito_ps_token() ) === $known['of'] ? $known : self::UNKNOWN;
	}

	/**
	 * Keeps what `health/` said.
	 *
	 * @param string $url   Address of the service.
	 * @param string $token The token.
	 * @param array  $json  The answer.
	 * @return void
	 */
	public static function learn( $url, $token, array $json ) {
		$limits   = isset( $json['limits'] ) && is_array( $json['limits'] ) ? $json['limits'] : array();
		$features = isset( $json['features'] ) && is_array( $json['features'] ) ? array_filter( $json['features'], 'is_string' ) : array();
		$products = isset( $json['products'] ) && is_array( $json['products'] ) ? array_filter( $json['products'], 'is_int' ) : array();
		pilito_ps_write_option(
			self::OPTION,
			array(
				'of'       => self::name( $url, $token ),
				'at'       => time(),
				'features' => array_values( $features ),
				'items'    => self::number( $limits, 'batch_items' ),
				'bytes'    => self::number( $limits, 'batch_bytes' ),
				'products' => $products,
			) + self::get()
		);
	}

	/**
	 * Whether the service is known to have a feature; makes no request.
	 *
	 * @param string $feature Name of the feature.
	 * @return bool
	 */
	public static function has( $feature ) {
		return in_array( $feature, self::get()['features'], true );
	}

	/**
	 * How many events a batch may have. Asks the service where it has not been asked for a day.
	 *
	 * @return int 0 where it takes no batches.
	 */
	public static function batch_items() {
		$known = self::get();
		if ( ! self::$asked && time() - $known['at'] > self::FRESH ) {
			self::$asked = true;
			Pilito_PS_Api::health( pilito_ps_api_url(), pilito_ps_token() );
			$known = self::get();
		}
		if ( ! in_array( 'batch', $known['features'], true ) || $known['batch_off'] > time() ) {
			return 0;
		}
		return $known['items'] ? min( self::ITEMS, $known['items'] ) : self::ITEMS;
	}

	/**
	 * How many bytes a batch may have: less than the service allows, so that the memory of a small hosting lasts.
	 *
	 * @return int
	 */
	public static function batch_bytes() {
		$known = self::get();
		return $known['bytes'] ? min( self::BYTES, $known['bytes'] ) : self::BYTES;
	}

	/**
	 * How many bytes one event may have.
	 *
	 * @return int
	 */
	public static function event_bytes() {
		$known = self::get();
		return $known['bytes'] ? min( self::LARGEST, $known['bytes'] ) : self::LARGEST;
	}

	/**
	 * A batch was refused as a whole: the next is half as long, or there is none for an hour.
	 *
	 * @param int $items How many events it had; 0 where its length was not the reason.
	 * @return void
	 */
	public static function refused_batch( $items ) {
		$changes = $items > 1 ? array( 'items' => (int) ceil( $items / 2 ) ) : array( 'batch_off' => time() + self::OFF );
		pilito_ps_write_option( self::OPTION, array_merge( self::named(), $changes ) );
	}

	/**
	 * An event was refused for its length: products are cut to half of it from now on.
	 *
	 * @param int $bytes How long it was.
	 * @return bool Whether a shorter one is worth a try.
	 */
	public static function refused_event( $bytes ) {
		if ( $bytes < self::SHORT ) {
			return false;
		}
		pilito_ps_write_option( self::OPTION, array_merge( self::named(), array( 'bytes' => (int) ( $bytes / 2 ) ) ) );
		return true;
	}

	/**
	 * A name for an address and a token, without either.
	 *
	 * @param string $url   Address of the service.
	 * @param string $token The token.
	 * @return string
	 */
	private static function name( $url, $token ) {
		return substr( hash( 'sha256', $url . '|' . $token ), 0, 16 );
	}

	/**
	 * What is known, under the name of the service that is set now.
	 *
	 * @return array
	 */
	private static function named() {
		return array( 'of' => self::name( pilito_ps_api_url(), pilito_ps_token() ) ) + self::get();
	}

	/**
	 * A limit as the service says it.
	 *
	 * @param array  $limits The limits.
	 * @param string $name   Name of one.
	 * @return int 0 where it says nothing of use.
	 */
	private static function number( array $limits, $name ) {
		return isset( $limits[ $name ] ) && is_int( $limits[ $name ] ) ? max( 0, $limits[ $name ] ) : 0;
	}
}
