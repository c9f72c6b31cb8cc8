<?php
/**
 * All products, once.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Walks through the catalogue by id and lays a page of it behind the changes whenever few are left there.
 */
class Pilito_PS_Bulk {

	const OPTION = 'pilito_ps_bulk';
	const PAGE   = 200;
	const LOW    = 50;

	const IDLE = array(
		'running'  => false,
		'cursor'   => 0,
		'walked'   => true,
		'total'    => 0,
		'started'  => 0,
		'finished' => 0,
	);

	/**
	 * Where the walk is.
	 *
	 * @return array
	 */
	public static function get() {
		$known = pilito_ps_fresh_option( self::OPTION );
		return array_merge( self::IDLE, is_array( $known ) ? $known : array() );
	}

	/**
	 * Begins at the beginning; what an earlier sync has left in the queue goes.
	 *
	 * @return void
	 */
	public static function start() {
		global $wpdb;
		Pilito_PS_Queue::drop_bulk();
		// phpcs:ignore WordPress.DB -- a count of posts of every status and language.
		$total = (int) $wpdb->get_var( Pilito_PS_Queue::catalogue( 'COUNT(*)' ) );
		pilito_ps_write_option(
			self::OPTION,
			array(
				'running' => true,
				'walked'  => false,
				'total'   => $total,
				'started' => time(),
			) + self::IDLE
		);
		Pilito_PS_Schedule::wake( time() );
	}

	/**
	 * Ends it; what was sent stays sent.
	 *
	 * @return void
	 */
	public static function cancel() {
		pilito_ps_write_option( self::OPTION, self::IDLE );
		Pilito_PS_Queue::drop_bulk();
	}

	/**
	 * Lays the next page into the queue if few are left there; done by the sender alone.
	 *
	 * @return void
	 */
	public static function feed() {
		$bulk = self::get();
		if ( ! $bulk['running'] ) {
			return;
		}
		$left = Pilito_PS_Queue::summary()['bulk'];
		if ( ! $bulk['walked'] && $left < self::LOW ) {
			$last           = Pilito_PS_Queue::add_page( $bulk['cursor'], self::PAGE );
			$bulk['walked'] = 0 === $last;
			$bulk['cursor'] = max( $bulk['cursor'], $last );
			self::advance( $bulk );
		} elseif ( $bulk['walked'] && 0 === $left ) {
			$bulk['running']  = false;
			$bulk['finished'] = time();
			self::advance( $bulk );
		}
	}

	/**
	 * How far it is.
	 *
	 * @return array `running`, `total`, `done`, `left`, `percent`, `finished`.
	 */
	public static function progress() {
		global $wpdb;
		$bulk = self::get();
		$left = 0;
		if ( $bulk['running'] ) {
			$left = Pilito_PS_Queue::summary()['bulk'];
			if ( ! $bulk['walked'] ) {
				// phpcs:ignore WordPress.DB -- a count of posts of every status and language.
				$left += (int) $wpdb->get_var( Pilito_PS_Queue::catalogue( 'COUNT(*)', $wpdb->prepare( 'AND ID > %d', $bulk['cursor'] ) ) );
			}
		}
		$total = max( $bulk['total'], $left );
		return array(
			'running'  => $bulk['running'],
			'total'    => $total,
			'done'     => $total - $left,
			'left'     => $left,
			'percent'  => $total ? (int) floor( 100 * ( $total - $left ) / $total ) : 100,
			'finished' => $bulk['finished'],
		);
	}

	/**
	 * Writes how far it is, unless the owner has ended it or begun again since.
	 *
	 * @param array $bulk Where the walk is.
	 * @return void
	 */
	private static function advance( array $bulk ) {
		$now = self::get();
		if ( $now['running'] && $now['started'] === $bulk['started'] && $now['cursor'] <= $bulk['cursor'] ) {
			pilito_ps_write_option( self::OPTION, $bulk );
		}
	}
}
