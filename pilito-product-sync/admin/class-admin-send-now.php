<?php
/**
 * Sending chosen products at once.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Puts products at the head of the queue; the sender takes them from there as it takes all others.
 */
class Pilito_PS_Admin_Send_Now {

	const SECONDS = 6;

	/**
	 * Puts products at the head of the queue.
	 *
	 * @param int[] $ids Product ids; those the reader may not edit are left out.
	 * @return int How many.
	 */
	public static function queue( array $ids ) {
		global $wpdb;
		$changes = array();
		foreach ( $ids as $id ) {
			if ( 'product' === get_post_type( $id ) && current_user_can( 'edit_post', $id ) ) {
				$changes[ $id ] = 'updated';
			}
		}
		if ( ! $changes || ! Pilito_PS_Queue::add( $changes ) ) {
			return 0;
		}
		$list = implode( ',', array_map( 'intval', array_keys( $changes ) ) );
		// phpcs:ignore WordPress.DB -- our own table; the ids are numbers.
		$wpdb->query( $wpdb->prepare( 'UPDATE ' . Pilito_PS_Queue::table() . " SET due_at = %d WHERE product_id IN ({$list})", time() ) );
		Pilito_PS_Known::doubt( array_keys( $changes ) );
		Pilito_PS_Admin_Product_Box::forget( array_keys( $changes ) );
		Pilito_PS_Schedule::wake( time() );
		return count( $changes );
	}

	/**
	 * Queues them and lets the sender run for a few seconds.
	 *
	 * @param int[] $ids Product ids.
	 * @return int How many were queued.
	 */
	public static function run( array $ids ) {
		$queued = self::queue( $ids );
		if ( $queued ) {
			Pilito_PS_Worker::run( self::SECONDS );
		}
		return $queued;
	}
}
