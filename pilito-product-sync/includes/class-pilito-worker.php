<?php
/**
 * The sender.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Sends what is due, one product after the other, as long as time and memory last.
 *
 * A row is marked as tried before its product is read and goes when the service has taken it. Whatever ends
 * this process in between, the row comes again with the same event id.
 */
class Pilito_PS_Worker {

	const BATCH         = 20;
	const SECONDS       = 20;
	const MEMORY        = 0.8;
	const FIRST_PAUSE   = 30;
	const LONGEST_PAUSE = 900;
	const FIRST_RETRY   = 60;
	const LONGEST_RETRY = 3600;
	const AFTER_REFUSAL = 86400;
	const IN_A_ROW      = 3;

	/**
	 * Failures one after the other in this run.
	 *
	 * @var int
	 */
	private static $failures = 0;

	/**
	 * Sends what is due.
	 *
	 * @param int $seconds For how long at most.
	 * @return int How many were taken.
	 */
	public static function run( $seconds = self::SECONDS ) {
		if ( ! self::may_send() || ! Pilito_PS_Lock::acquire() ) {
			return 0;
		}
		$end   = microtime( true ) + self::within_limits( (int) $seconds ? (int) $seconds : self::SECONDS );
		$taken = 0;

		self::$failures = 0;
		Pilito_PS_State::set( array( 'last_run' => time() ) );
		try {
			do {
				Pilito_PS_Bulk::feed();
				self::forget_read_products();
				$rows = Pilito_PS_Queue::due( self::BATCH );
				foreach ( $rows as $row ) {
					if ( microtime( true ) >= $end || self::memory_is_short() || ! self::may_send() || ! Pilito_PS_Lock::renew() ) {
						$rows = array();
						break;
					}
					$taken += self::attempt( $row ) ? 1 : 0;
				}
			} while ( $rows );
		} finally {
			Pilito_PS_Lock::release();
		}
		self::come_again();
		return $taken;
	}

	/**
	 * Seconds until a row is tried again.
	 *
	 * @param int $attempts How often it was tried.
	 * @return int
	 */
	public static function backoff( $attempts ) {
		return (int) min( self::LONGEST_RETRY, self::FIRST_RETRY * pow( 2, max( 0, min( 20, $attempts - 1 ) ) ) );
	}

	/**
	 * Whether sending makes sense: there is a token, it is switched on, nothing is stopped or pausing.
	 *
	 * @return bool
	 */
	public static function may_send() {
		$state = Pilito_PS_State::get();
		return pilito_ps_is_on() && '' !== pilito_ps_token() && '' === $state['stopped'] && $state['pause_until'] <= time();
	}

	/**
	 * Tries one row.
	 *
	 * @param object $row The row.
	 * @return bool Whether the service took it.
	 */
	private static function attempt( $row ) {
		$attempts = (int) $row->attempts + 1;
		if ( ! Pilito_PS_Queue::claim( $row, time() + self::backoff( $attempts ) + Pilito_PS_Lock::SECONDS ) ) {
			return false;
		}
		try {
			$event = Pilito_PS_Payload::read( (int) $row->product_id, $row->event_type );
		} catch ( Throwable $error ) {
			Pilito_PS_Queue::postpone( $row, time() + self::backoff( $attempts ), $attempts, 'unreadable', get_class( $error ) . ': ' . $error->getMessage() );
			return false;
		}
		if ( null === $event ) {
			Pilito_PS_Queue::done( $row );
			return false;
		}
		return self::settle( $row, $attempts, Pilito_PS_Api::send( $event[0], $event[1], $row->change_key ) );
	}

	/**
	 * Acts on what the service said.
	 *
	 * @param object           $row      The row.
	 * @param int              $attempts How often it was tried.
	 * @param Pilito_PS_Answer $answer   What the service said.
	 * @return bool Whether it took the change.
	 */
	private static function settle( $row, $attempts, Pilito_PS_Answer $answer ) {
		switch ( $answer->kind ) {
			case Pilito_PS_Answer::TAKEN:
				Pilito_PS_Queue::done( $row );
				self::$failures = 0;
				if ( Pilito_PS_State::worked() ) {
					Pilito_PS_Queue::hasten( 0, 'invalid' );
				}
				return true;
			case Pilito_PS_Answer::REFUSED:
				self::$failures = 0;
				Pilito_PS_Queue::postpone( $row, time() + self::AFTER_REFUSAL, $attempts, $answer->code, $answer->note );
				return false;
			case Pilito_PS_Answer::STOP:
				Pilito_PS_Queue::postpone( $row, time(), (int) $row->attempts, $row->error, $row->note );
				Pilito_PS_State::stop( $answer );
				return false;
			case Pilito_PS_Answer::WAIT:
				Pilito_PS_Queue::postpone( $row, time() + $answer->wait, (int) $row->attempts, $row->error, $row->note );
				Pilito_PS_State::pause( $answer, $answer->wait, false );
				return false;
		}
		++self::$failures;
		Pilito_PS_Queue::postpone( $row, time() + max( $answer->wait, self::backoff( $attempts ) ), $attempts, $answer->code, $answer->note );
		if ( self::$failures >= self::IN_A_ROW || Pilito_PS_State::get()['outages'] > 0 ) {
			self::pause( $answer );
		}
		return false;
	}

	/**
	 * Leaves the service alone for a while, longer each time; the first sent after it says whether it is back.
	 *
	 * @param Pilito_PS_Answer $answer What was wrong.
	 * @return void
	 */
	private static function pause( Pilito_PS_Answer $answer ) {
		$outages = min( 10, Pilito_PS_State::get()['outages'] );
		Pilito_PS_State::pause( $answer, (int) min( self::LONGEST_PAUSE, self::FIRST_PAUSE * pow( 2, $outages ) ), true );
	}

	/**
	 * What is left over gets a run of its own, after whatever else waits in Action Scheduler.
	 *
	 * @return void
	 */
	private static function come_again() {
		$next  = Pilito_PS_Queue::summary()['next'];
		$state = Pilito_PS_State::get();
		if ( $next && pilito_ps_is_on() && '' === $state['stopped'] ) {
			Pilito_PS_Schedule::wake( max( time(), $next, $state['pause_until'] ) );
		}
	}

	/**
	 * Forgets what this process has read, so that the next batch is read as it is now.
	 *
	 * @return void
	 */
	private static function forget_read_products() {
		if ( ! wp_using_ext_object_cache() || ( function_exists( 'wp_cache_supports' ) && wp_cache_supports( 'flush_runtime' ) ) ) {
			wp_cache_flush_runtime();
		}
	}

	/**
	 * Half of what PHP allows, at most.
	 *
	 * @param int $seconds What is wished for.
	 * @return float
	 */
	private static function within_limits( $seconds ) {
		$allowed = (int) ini_get( 'max_execution_time' );
		return $allowed > 0 ? min( $seconds, $allowed / 2 ) : $seconds;
	}

	/**
	 * Whether little memory is left.
	 *
	 * @return bool
	 */
	private static function memory_is_short() {
		$limit = wp_convert_hr_to_bytes( (string) ini_get( 'memory_limit' ) );
		return $limit > 0 && memory_get_usage( true ) > self::MEMORY * $limit;
	}
}
