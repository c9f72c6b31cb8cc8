<?php
/**
 * Sending without making a request wait.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Lets the sender run a few seconds after a change: in the process of the request that made it, once its answer is
 * out, or where PHP cannot hand out an answer before it ends, in a request of the shop to itself, without
 * waiting for its answer. One process waits at a time; Action Scheduler is the safety net under it.
 */
class Pilito_PS_Background {

	const WAITER   = 'pilito_ps_waiter';
	const BUDGET   = 30;
	const SMALL    = 8;
	const SOON     = 15;
	const NET      = 30;
	const OVERDUE  = 20;
	const STRANDED = 60;

	/**
	 * When a run is wanted; 0 where none is.
	 *
	 * @var int
	 */
	private static $at = 0;

	/**
	 * Whether this process runs nothing else than tasks, so that it may send without handing out an answer.
	 *
	 * @var bool
	 */
	private static $is_task = false;

	/**
	 * Whether the request has ended.
	 *
	 * @var bool
	 */
	private static $ended = false;

	/**
	 * Whether the plugin is being deactivated.
	 *
	 * @var bool
	 */
	private static $stopped = false;

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		add_action( 'shutdown', array( __CLASS__, 'at_shutdown' ), PHP_INT_MAX );
		add_action( 'wp_ajax_' . Pilito_PS_Loopback::ACTION, array( 'Pilito_PS_Loopback', 'came' ) );
		add_action( 'wp_ajax_nopriv_' . Pilito_PS_Loopback::ACTION, array( 'Pilito_PS_Loopback', 'came' ) );
	}

	/**
	 * Wants a run.
	 *
	 * @param int  $at      When.
	 * @param bool $is_task Whether this process runs tasks.
	 * @return void
	 */
	public static function want( $at, $is_task = false ) {
		self::$is_task = self::$is_task || $is_task;
		if ( self::$stopped ) {
			return;
		}
		if ( self::$ended ) {
			Pilito_PS_Schedule::plan( $at );
		} else {
			self::$at = self::$at ? min( self::$at, $at ) : $at;
		}
	}

	/**
	 * The plugin is being deactivated: nothing is sent and nothing is planned any more.
	 *
	 * @return void
	 */
	public static function stop() {
		self::$stopped = true;
		self::forget();
	}

	/**
	 * This process does no more; what is wanted from now on is planned.
	 *
	 * @return void
	 */
	private static function forget() {
		self::$at    = 0;
		self::$ended = true;
	}

	/**
	 * This process runs the sender and nothing else.
	 *
	 * @return void
	 */
	public static function is_task() {
		self::$is_task = true;
	}

	/**
	 * The request ends.
	 *
	 * @return void
	 */
	public static function at_shutdown() {
		if ( self::$ended ) {
			return;
		}
		if ( Pilito_PS_Reading::end() ) {
			self::go_on_elsewhere();
			return;
		}
		$stranded = ! self::$at && is_admin() && is_user_logged_in() && self::visited();
		$at       = self::$at;
		if ( ! $at ) {
			return;
		}
		$is_soon = $at - time() <= self::SOON;
		if ( $is_soon && self::$is_task ) {
			self::work();
		} elseif ( ! $is_soon || ! self::is_allowed() ) {
			self::$ended = true;
			Pilito_PS_Schedule::plan( $at );
		} elseif ( Pilito_PS_Worker::can_forget() && Pilito_PS_Loopback::hand_out() ) {
			self::work();
		} elseif ( $stranded ) {
			self::work( self::SMALL );
		} else {
			self::$ended = true;
			Pilito_PS_Schedule::plan( $at );
			Pilito_PS_Loopback::ask();
		}
	}

	/**
	 * A product ended this process while it was read: what is left goes to another one.
	 *
	 * @return void
	 */
	public static function go_on_elsewhere() {
		self::forget();
		self::hand_over();
	}

	/**
	 * Sends what is due, and waits for what will be soon, until the budget is used up.
	 *
	 * @param int $budget Seconds.
	 * @return int How many changes the service took.
	 */
	public static function work( $budget = self::BUDGET ) {
		self::$at = time();
		if ( null === Pilito_PS_Lock::acquire( self::WAITER ) ) {
			self::forget();
			return 0;
		}
		$taken = 0;
		$until = time() + $budget;
		Pilito_PS_Schedule::plan( time() + self::NET );
		$next = self::next();
		while ( $next && $next - time() <= self::SOON && time() < $until ) {
			if ( $next > time() ) {
				sleep( min( 5, $next - time() ) );
			} elseif ( Pilito_PS_Lock::is_held() ) {
				break; // another process is sending; what is left then, it sees itself.
			} else {
				$taken += Pilito_PS_Worker::run( max( 1, $until - time() ) );
			}
			if ( ! Pilito_PS_Lock::renew( 0, self::WAITER ) ) {
				break;
			}
			$next = self::next();
		}
		Pilito_PS_Lock::release( self::WAITER );
		self::forget();
		self::hand_over();
		return $taken;
	}

	/**
	 * Whether requests may have the sender run behind them. Commands do not, except those of WP-CLI; a hosting that
	 * does not like it leaves all sending to the scheduled tasks with the filter.
	 *
	 * @return bool
	 */
	private static function is_allowed() {
		$is_command = 'cli' === PHP_SAPI && ! ( defined( 'WP_CLI' ) && WP_CLI );
		/**
		 * Whether products are sent right after the request that changed them, else by scheduled tasks only.
		 *
		 * @param bool $allowed Whether they are.
		 */
		return ! $is_command && (bool) apply_filters( 'pilito_ps_background', true );
	}

	/**
	 * When there is something to do next.
	 *
	 * @return int 0 where there is nothing.
	 */
	private static function next() {
		if ( Pilito_PS_Probe::is_due() ) {
			return time();
		}
		if ( ! Pilito_PS_Worker::may_send() ) {
			return 0;
		}
		$next = Pilito_PS_Queue::next();
		return ! $next && Pilito_PS_Bulk::get()['running'] ? time() : $next;
	}

	/**
	 * What this process has left goes to another one.
	 *
	 * @return void
	 */
	private static function hand_over() {
		$next = self::next();
		if ( ! $next || Pilito_PS_Lock::is_held() ) {
			return;
		}
		Pilito_PS_Schedule::plan( $next );
		if ( $next - time() <= self::SOON && self::is_allowed() ) {
			Pilito_PS_Loopback::ask();
		}
	}

	/**
	 * A user visits wp-admin: where neither the request to ourselves nor the scheduled tasks work, this visit
	 * sends what is overdue.
	 *
	 * @return bool Whether it is so long overdue that this process sends, in a request that no user waits for.
	 */
	private static function visited() {
		$next = Pilito_PS_Queue::next();
		if ( Pilito_PS_Probe::is_due() ) {
			self::want( time() );
		}
		if ( ! $next || time() - $next < self::OVERDUE || ! Pilito_PS_Worker::may_send() ) {
			return false;
		}
		self::want( time() );
		return time() - $next > self::STRANDED && did_action( 'wp_ajax_heartbeat' );
	}
}
