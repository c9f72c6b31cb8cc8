<?php
/**
 * Reading as a visitor.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Runs something as a visitor who is signed out and whose basket is empty.
 *
 * The queue runs in the request of any user, even of a manager or of a shopper who is exempt from tax, and
 * what the assistant says is for all.
 */
class Pilito_PS_Payload_Visitor {

	/**
	 * Runs something as a visitor of a product's page, and restores the request as it was.
	 *
	 * @param callable     $work What to run.
	 * @param WP_Post|null $post The product whose page is visited.
	 * @return mixed What it returns.
	 */
	public static function run( $work, $post = null ) {
		$user     = get_current_user_id();
		$cookie   = 'wp-postpass_' . ( defined( 'COOKIEHASH' ) ? COOKIEHASH : '' );
		$password = isset( $_COOKIE[ $cookie ] ) ? $_COOKIE[ $cookie ] : null; // phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- put back as it was.
		$page     = isset( $GLOBALS['post'] ) ? $GLOBALS['post'] : null;
		$shopper  = self::swap_shopper( null );
		unset( $_COOKIE[ $cookie ] );
		wp_set_current_user( 0 );
		$GLOBALS['post'] = $post; // phpcs:ignore WordPress.WP.GlobalVariablesOverride -- shortcodes read the page they are on; put back below.
		add_filter( 'woocommerce_get_tax_location', array( __CLASS__, 'tax_location' ), 1000 );
		try {
			return $work();
		} finally {
			remove_filter( 'woocommerce_get_tax_location', array( __CLASS__, 'tax_location' ), 1000 );
			$GLOBALS['post'] = $page; // phpcs:ignore WordPress.WP.GlobalVariablesOverride -- as it was.
			wp_set_current_user( $user );
			self::swap_shopper( $shopper );
			if ( null !== $password ) {
				$_COOKIE[ $cookie ] = $password;
			}
		}
	}

	/**
	 * The place whose taxes are shown: the shop's own where WooCommerce would look for the visitor's place.
	 *
	 * @param mixed $location Country, state, postcode and city; empty where WooCommerce knows none.
	 * @return mixed
	 */
	public static function tax_location( $location ) {
		$countries = function_exists( 'WC' ) && isset( WC()->countries ) ? WC()->countries : null;
		if ( $location || ! $countries || '' === get_option( 'woocommerce_default_customer_address', 'base' ) ) {
			return $location;
		}
		return array( $countries->get_base_country(), $countries->get_base_state(), $countries->get_base_postcode(), $countries->get_base_city() );
	}

	/**
	 * Puts another shopper into WooCommerce, whose place and exemption decide about the taxes shown.
	 *
	 * @param WC_Customer|null $shopper The shopper.
	 * @return WC_Customer|null The one before.
	 */
	private static function swap_shopper( $shopper ) {
		$shop = function_exists( 'WC' ) ? WC() : null;
		if ( ! $shop || ! property_exists( $shop, 'customer' ) ) {
			return null;
		}
		$before         = $shop->customer;
		$shop->customer = $shopper;
		return $before;
	}
}
