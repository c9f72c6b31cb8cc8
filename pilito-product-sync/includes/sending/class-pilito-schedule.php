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
		}
	}

	/**
	 * Takes both back.
	 *
	 * @return void
	 */
	public static function stop() {
		if ( function_exists( 'as_unschedule_all_actions' ) && did_action( 'action_scheduler_init' ) ) {
			as_unschedule_all_actions( self::REGULAR );
			as_unschedule_all_actions( self::SOON );
		}
	}
}
