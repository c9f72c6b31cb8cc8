<?php
/**
 * What the scripts of the product list and of the editor ask for.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * The states of products, and sending them now.
 */
class Pilito_PS_Admin_Product_Answers {

	const OLD = 600;

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		foreach ( array( 'states', 'send', 'survey' ) as $action ) {
			Pilito_PS_Admin_Actions::on( $action, array( __CLASS__, $action ) );
		}
		add_action( 'deleted_post', array( 'Pilito_PS_Known', 'forget' ) );
	}

	/**
	 * Asks the service for the states of the products on the screen.
	 *
	 * @return array|WP_Error `states`, by product id.
	 */
	public static function states() {
		$ids   = Pilito_PS_Admin_Actions::ids();
		$stale = array_keys(
			array_filter(
				Pilito_PS_Admin_Product_State::of( $ids ),
				static function ( $state ) {
					return ! $state['fresh'];
				}
			)
		);
		$error = self::learn( $stale );
		return is_wp_error( $error ) ? $error : array( 'states' => Pilito_PS_Admin_Product_State::of( $ids ) );
	}

	/**
	 * Sends products now.
	 *
	 * @return array `states`, by product id.
	 */
	public static function send() {
		$ids = Pilito_PS_Admin_Actions::ids();
		Pilito_PS_Admin_Send_Now::run( $ids );
		return array( 'states' => Pilito_PS_Admin_Product_State::of( $ids ) );
	}

	/**
	 * Asks the service for the products it was not asked about for longest, while a filter is chosen.
	 *
	 * @return array|WP_Error `more` (whether others are left) and `changed` (whether a state is another now).
	 */
	public static function survey() {
		$ids    = Pilito_PS_Known::longest_ago( Pilito_PS_Admin_Ask::MOST_STATES, time() - self::OLD );
		$before = Pilito_PS_Admin_Product_State::of( $ids );
		$error  = self::learn( $ids );
		if ( is_wp_error( $error ) ) {
			return $error;
		}
		return array(
			'more'    => count( $ids ) === Pilito_PS_Admin_Ask::MOST_STATES,
			'changed' => wp_list_pluck( $before, 'state' ) !== wp_list_pluck( Pilito_PS_Admin_Product_State::of( $ids ), 'state' ),
		);
	}

	/**
	 * Asks and keeps.
	 *
	 * @param int[] $ids Products.
	 * @return true|WP_Error
	 */
	public static function learn( array $ids ) {
		if ( $ids ) {
			$said = Pilito_PS_Admin_Ask::states( $ids );
			if ( is_wp_error( $said ) ) {
				return $said;
			}
			Pilito_PS_Known::keep( $ids, $said );
		}
		return true;
	}
}
