<?php
/**
 * The sender.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Sends what is due as long as time and memory last: single changes one after the other, many changes and complete
 * syncs in batches.
 *
 * A row is marked as tried before its product is read and goes when the service has taken it. If this process ends
 * in between, the row comes again with the same event id.
 */
class Pilito_PS_Worker {

	const SECONDS      = 20;
	const MEMORY       = 0.8;
	const SINGLY       = 10;
	const READ_SECONDS = 1;

	/**
	 * When this run ends.
	 *
	 * @var float
	 */
	private static $end = 0.0;

	/**
	 * Sends what is due.
	 *
	 * @param float $seconds For how long at most.
	 * @return int How many changes the service took.
	 */
	public static function run( $seconds = self::SECONDS ) {
		if ( ! self::may_send() && ! Pilito_PS_Probe::succeeds() ) {
			self::come_again();
			return 0;
		}
		$victim = Pilito_PS_Lock::acquire();
		if ( null === $victim ) {
			Pilito_PS_Schedule::plan( Pilito_PS_Lock::ends() + 1 );
			return 0;
		}
		if ( $victim ) {
			Pilito_PS_Turn::died( $victim );
		}
		self::$end = microtime( true ) + self::within_limits( $seconds > 0 ? (float) $seconds : (float) self::SECONDS );
		$taken     = 0;

		Pilito_PS_Outcome::begin();
		Pilito_PS_State::set( array( 'last_run' => time() ) );
		try {
			do {
				Pilito_PS_Bulk::feed();
				self::forget_read_products();
				$rows   = Pilito_PS_Queue::due( Pilito_PS_Service::ITEMS );
				$taken += $rows ? self::send( $rows ) : 0;
			} while ( $rows && self::may_go_on() );
			Pilito_PS_Bulk::feed();
		} finally {
			Pilito_PS_Reading::close();
			Pilito_PS_Send_Log::write();
		}
		self::come_again();
		return $taken;
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
	 * What is left gets a run of its own when it is due, and a stopped sender one when it may ask again.
	 *
	 * @return void
	 */
	public static function come_again() {
		$next  = Pilito_PS_Queue::next();
		$state = Pilito_PS_State::get();
		if ( ! $next || ! pilito_ps_is_on() || '' === pilito_ps_token() ) {
			return;
		}
		Pilito_PS_Background::want( '' === $state['stopped'] ? max( time(), $next, $state['pause_until'] ) : max( time(), $state['probe_at'] ) );
	}

	/**
	 * Sends the next of the rows that are due: the single changes, or one batch.
	 *
	 * @param array $rows Rows, changes before the complete sync.
	 * @return int How many changes the service took.
	 */
	private static function send( array $rows ) {
		$singles = array_filter(
			$rows,
			static function ( $row ) {
				return ! $row->is_bulk || $row->attempts > 0;
			}
		);
		$items   = count( $singles ) >= self::SINGLY || ! $singles ? Pilito_PS_Service::batch_items() : 0;
		$fresh   = array_filter(
			$rows,
			static function ( $row ) {
				return 0 === (int) $row->attempts;
			}
		);
		if ( $items && $fresh ) {
			return self::send_batch( array_slice( $fresh, 0, $items ) );
		}
		$taken = 0;
		foreach ( $singles ? $singles : array_slice( $rows, 0, 20 ) as $row ) {
			if ( ! self::may_go_on() || ! self::holds( (int) $row->product_id ) ) {
				break;
			}
			$taken += self::send_one( $row );
		}
		return $taken;
	}

	/**
	 * Sends one row.
	 *
	 * @param object $row The row.
	 * @return int How many changes the service took.
	 */
	private static function send_one( $row ) {
		$event = Pilito_PS_Reading::claim( array( $row ) ) ? Pilito_PS_Reading::event( $row ) : null;
		if ( null === $event || ! self::holds() ) {
			return 0;
		}
		return self::post( $row, $event[0], $event[1] );
	}

	/**
	 * Sends one event.
	 *
	 * @param object $row      Its row.
	 * @param string $event_id Its id.
	 * @param string $body     Its JSON.
	 * @return int How many changes the service took.
	 */
	private static function post( $row, $event_id, $body ) {
		$began  = microtime( true );
		$answer = Pilito_PS_Api::send( $event_id, $body );
		Pilito_PS_Reading::settled();
		Pilito_PS_Send_Log::add( $row, $answer->kind, $answer->code, $answer->note, microtime( true ) - $began );
		return Pilito_PS_Outcome::of_event( $row, strlen( $body ), $answer );
	}

	/**
	 * Sends rows in one request; rows that do not fit in wait for the next.
	 *
	 * @param array $rows Rows that were not tried yet.
	 * @return int How many changes the service took.
	 */
	private static function send_batch( array $rows ) {
		$events = array();
		$sent   = array();
		$bytes  = 0;
		$limit  = Pilito_PS_Service::batch_bytes();
		$until  = min( self::$end, microtime( true ) + self::READ_SECONDS );
		if ( ! self::holds() ) {
			return 0;
		}
		foreach ( Pilito_PS_Reading::claim( $rows ) as $row ) {
			if ( $events && ( $bytes > $limit / 2 || microtime( true ) >= $until || self::memory_is_short() ) ) {
				break;
			}
			$event = Pilito_PS_Reading::event( $row );
			if ( null === $event ) {
				continue;
			}
			$length = strlen( $event[1] );
			if ( $events && $bytes + $length > $limit ) {
				break;
			}
			$events[ $event[0] ] = $event[1];
			$sent[]              = $row;
			$bytes              += $length + 1;
		}
		Pilito_PS_Reading::keep( $sent );
		if ( ! $events || ! self::holds() ) {
			return 0;
		}
		if ( $bytes > $limit ) {
			return self::post( $sent[0], (string) key( $events ), current( $events ) );
		}
		$began  = microtime( true );
		$answer = Pilito_PS_Api::send_batch( $events );
		Pilito_PS_Reading::settled();
		Pilito_PS_Send_Log::add_batch( $sent, $answer, microtime( true ) - $began );
		return Pilito_PS_Outcome::of_batch( $sent, $answer );
	}

	/**
	 * Lengthens the lease; a run that has lost it ends.
	 *
	 * @param int $product_id The product that is going to be read; 0 for none.
	 * @return bool Whether the lease is still ours.
	 */
	private static function holds( $product_id = 0 ) {
		if ( Pilito_PS_Lock::renew( $product_id ) ) {
			return true;
		}
		self::$end = 0.0;
		return false;
	}

	/**
	 * Whether this run may send one more.
	 *
	 * @return bool
	 */
	private static function may_go_on() {
		return microtime( true ) < self::$end && ! self::memory_is_short() && self::may_send();
	}

	/**
	 * Whether this process can forget what it has read. One that cannot must not wait: it would send a product as it
	 * was before a newer change.
	 *
	 * @return bool
	 */
	public static function can_forget() {
		return ! wp_using_ext_object_cache() || ( function_exists( 'wp_cache_supports' ) && wp_cache_supports( 'flush_runtime' ) );
	}

	/**
	 * Forgets what this process has read, so that the next products are read as they are now.
	 *
	 * @return void
	 */
	private static function forget_read_products() {
		if ( self::can_forget() ) {
			wp_cache_flush_runtime();
		}
	}

	/**
	 * Half of what PHP allows, at most.
	 *
	 * @param float $seconds What is wished for.
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
