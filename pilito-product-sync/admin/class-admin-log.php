<?php
/**
 * The last sends and the failures of products, for the page.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Turns rows of the queue and of the log into texts.
 */
class Pilito_PS_Admin_Log {

	const SHOWN = 20;

	/**
	 * Rows of the queue that failed for a reason that lies in their product. An outage is none.
	 *
	 * @param int $count How many at most.
	 * @return array Objects of rows, those tried most often first.
	 */
	public static function failures( $count ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- our own table, which must not be cached.
		return (array) $wpdb->get_results( $wpdb->prepare( 'SELECT pilito_queue.* FROM ' . Pilito_PS_Queue::table() . ' AS pilito_queue WHERE ' . Pilito_PS_Admin_Product_State::failed_sql() . ' ORDER BY pilito_queue.attempts DESC, pilito_queue.product_id LIMIT %d', $count ) );
	}

	/**
	 * The last sends.
	 *
	 * @return array Of `when`, `title`, `edit`, `good` and `words`.
	 */
	public static function last() {
		$lines = array();
		foreach ( class_exists( 'Pilito_PS_Send_Log' ) ? Pilito_PS_Send_Log::last( self::SHOWN ) : array() as $row ) {
			$lines[] = self::line( (array) $row );
		}
		return $lines;
	}

	/**
	 * One send.
	 *
	 * @param array $row `at`, `product_id`, `result` (`taken` is a success), `code` and `note`.
	 * @return array
	 */
	private static function line( array $row ) {
		$row  += array(
			'at'         => 0,
			'product_id' => 0,
			'result'     => '',
			'code'       => '',
			'note'       => '',
		);
		$title = html_entity_decode( get_the_title( (int) $row['product_id'] ), ENT_QUOTES, 'UTF-8' );
		$good  = 'taken' === $row['result'];
		return array(
			'when'  => Pilito_PS_Calendar::moment( (int) $row['at'] ),
			/* translators: %s: number of a product */
			'title' => '' === $title ? sprintf( __( 'Product %s', 'pilito-product-sync' ), Pilito_PS_Format::digits( (string) $row['product_id'] ) ) : $title,
			'edit'  => (string) get_edit_post_link( (int) $row['product_id'], 'raw' ),
			'good'  => $good,
			'words' => $good ? __( 'sent', 'pilito-product-sync' ) : Pilito_PS_Words::about( (string) $row['code'], (string) $row['note'] ),
		);
	}
}
