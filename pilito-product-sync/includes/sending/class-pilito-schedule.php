<?php
/**
 * The scheduled actions.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Two hooks in Action Scheduler: one that comes every few minutes, and one for the moment something is due.
 *
 * They are the safety net of Pilito_PS_Background. An action only asks for a run, which begins when Action
 * Scheduler has finished with all it does in this process: a product with texts that exit cannot hold its queue. Neither
 * carries arguments, and what waits is in our own table, so an action that is lost, doubled or run at the
 * same time as another changes nothing but the moment of sending.
 */
class Pilito_PS_Schedule {

	const GROUP    = 'pilito-ps';
	const REGULAR  = 'pilito_ps_run_regularly';
	const SOON     = 'pilito_ps_run_soon';
	const EVERY    = 300;
	const PRIORITY = 2;

	/**
	 * The option with the time at which the plugin was deactivated.
	 */
	const OFF = 'pilito_ps_off';

	/**
	 * Listens to both hooks and sees that the regular one exists.
	 *
	 * @return void
	 */
	public static function register() {
		add_action( self::REGULAR, array( __CLASS__, 'came' ) );
		add_action( self::REGULAR, array( 'Pilito_PS_Mail', 'check' ) );
		add_action( self::SOON, array( __CLASS__, 'came' ) );
		add_action( 'action_scheduler_init', array( __CLASS__, 'ensure' ) );
	}

	/**
	 * Makes the regular action where it is missing; looked at in the admin and by cron, not for shoppers.
	 *
	 * @return void
	 */
	public static function ensure() {
		if ( ! is_admin() && ! wp_doing_cron() && ! ( defined( 'WP_CLI' ) && WP_CLI ) ) {
			return;
		}
		if ( ! as_has_scheduled_action( self::REGULAR, array(), self::GROUP ) ) {
			as_schedule_recurring_action( time() + self::EVERY, self::EVERY, self::REGULAR, array(), self::GROUP, false, self::PRIORITY );
			self::stop_if_off();
		}
	}

	/**
	 * An action of ours has come.
	 *
	 * @return void
	 */
	public static function came() {
		Pilito_PS_Background::want( time(), true );
	}

	/**
	 * Lets the sender run at a moment.
	 *
	 * @param int $at When.
	 * @return void
	 */
	public static function wake( $at ) {
		Pilito_PS_Background::want( $at );
	}

	/**
	 * Plans an action for a moment, unless one comes by then anyway. Only pending actions count: one that is
	 * running may already have looked.
	 *
	 * @param int $at When.
	 * @return void
	 */
	public static function plan( $at ) {
		if ( ! function_exists( 'as_schedule_single_action' ) || ! did_action( 'action_scheduler_init' ) ) {
			return;
		}
		$sooner = as_get_scheduled_actions(
			array(
				'hook'         => self::SOON,
				'group'        => self::GROUP,
				'status'       => ActionScheduler_Store::STATUS_PENDING,
				'date'         => gmdate( 'Y-m-d H:i:s', $at ),
				'date_compare' => '<=',
				'per_page'     => 1,
			),
			'ids'
		);
		if ( ! $sooner ) {
			as_schedule_single_action( $at, self::SOON, array(), self::GROUP, false, self::PRIORITY );
			self::stop_if_off();
		}
	}

	/**
	 * Takes both back for as long as the plugin is not active.
	 *
	 * @return void
	 */
	public static function stop() {
		update_option( self::OFF, time(), false );
		self::take_back();
	}

	/**
	 * Takes both back where the plugin was deactivated since this request began, which no cache of it knows: what
	 * stop() did not see is planned by then, or is not planned at all.
	 *
	 * @return void
	 */
	private static function stop_if_off() {
		global $wpdb;
		$off   = (int) $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", self::OFF ) ); // phpcs:ignore WordPress.DB -- a cache may be older.
		$began = isset( $_SERVER['REQUEST_TIME'] ) ? (int) $_SERVER['REQUEST_TIME'] : time();
		if ( $off >= $began ) {
			self::take_back();
		}
	}

	/**
	 * Takes both back.
	 *
	 * @return void
	 */
	private static function take_back() {
		if ( function_exists( 'as_unschedule_all_actions' ) && did_action( 'action_scheduler_init' ) ) {
			as_unschedule_all_actions( self::REGULAR );
			as_unschedule_all_actions( self::SOON );
		}
	}
}
