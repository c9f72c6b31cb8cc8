<?php
/**
 * The state of products: what the assistant knows, and why not.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * One state per product, from the first of these that applies: the owner excluded the product; its row in the
 * queue; what the service last said.
 */
class Pilito_PS_Admin_Product_State {

	/**
	 * The states of products, in one query.
	 *
	 * @param int[] $ids Product ids.
	 * @return array By product id: `state`, `label`, `why` (a sentence or empty), `fresh` (whether the service need not be asked).
	 */
	public static function of( array $ids ) {
		global $wpdb;
		$ids = array_unique( array_filter( array_map( 'absint', $ids ) ) );
		if ( ! $ids ) {
			return array();
		}
		// phpcs:ignore WordPress.DB -- our own tables, which must not be cached; the ids are numbers.
		$rows   = $wpdb->get_results( 'SELECT posts.ID AS id, pilito_queue.product_id AS queued, pilito_queue.error, pilito_queue.note, pilito_queue.attempts, pilito_known.state, pilito_known.message, pilito_known.said_at FROM ' . $wpdb->posts . ' AS posts LEFT JOIN ' . Pilito_PS_Queue::table() . ' AS pilito_queue ON pilito_queue.product_id = posts.ID LEFT JOIN ' . Pilito_PS_Known::table() . " AS pilito_known ON pilito_known.product_id = posts.ID WHERE posts.post_type = 'product' AND posts.ID IN (" . implode( ',', $ids ) . ')' );
		$states = array();
		foreach ( $rows as $row ) {
			$states[ (int) $row->id ] = self::judge( $row );
		}
		return $states;
	}

	/**
	 * The names of the states, in the order of the filter.
	 *
	 * @return array By state.
	 */
	public static function labels() {
		return array(
			'known'    => __( 'Known', 'pilito-product-sync' ),
			'waiting'  => __( 'Waiting', 'pilito-product-sync' ),
			'hidden'   => __( 'Sent, but hidden', 'pilito-product-sync' ),
			'failed'   => __( 'Failed', 'pilito-product-sync' ),
			'excluded' => __( 'Excluded', 'pilito-product-sync' ),
			'unknown'  => __( 'Not known', 'pilito-product-sync' ),
		);
	}

	/**
	 * SQL over the states, for the filter of the list; `queue` and `known` are joined to the posts.
	 *
	 * @param string $state One of the states.
	 * @return string A condition; empty where there is no such state.
	 */
	public static function condition( $state ) {
		$failed   = 'pilito_queue.product_id IS NOT NULL AND ' . self::failed_sql();
		$excluded = Pilito_PS_Admin_Choices::excluded_sql();
		$settled  = "NOT ({$excluded}) AND pilito_queue.product_id IS NULL";
		switch ( $state ) {
			case 'excluded':
				return $excluded;
			case 'waiting':
				return "NOT ({$excluded}) AND ((pilito_queue.product_id IS NOT NULL AND NOT (" . self::failed_sql() . ")) OR (pilito_queue.product_id IS NULL AND pilito_known.state = 'waiting'))";
			case 'failed':
				return "NOT ({$excluded}) AND (({$failed}) OR (pilito_queue.product_id IS NULL AND pilito_known.state = 'failed'))";
			case 'known':
			case 'hidden':
				return "{$settled} AND pilito_known.state = '{$state}'";
			case 'unknown':
				return "{$settled} AND (pilito_known.state = 'unknown' OR pilito_known.state IS NULL)";
		}
		return '';
	}

	/**
	 * SQL: whether a row of the queue failed for a reason that lies in its product.
	 *
	 * @return string
	 */
	public static function failed_sql() {
		$codes = "'" . implode( "','", Pilito_PS_Words::OF_PRODUCTS ) . "'";
		return "pilito_queue.attempts > 0 AND pilito_queue.error IN ({$codes}) AND NOT (pilito_queue.error = 'interrupted' AND pilito_queue.attempts = 1)";
	}

	/**
	 * The state of one product.
	 *
	 * @param object $row A row of the query in `of`.
	 * @return array
	 */
	private static function judge( $row ) {
		$why = Pilito_PS_Admin_Choices::why( (int) $row->id );
		if ( '' !== $why ) {
			return self::state( 'excluded', $why, true );
		}
		if ( null !== $row->queued ) {
			$failed = (int) $row->attempts > 0 && in_array( $row->error, Pilito_PS_Words::OF_PRODUCTS, true ) && ! ( 'interrupted' === $row->error && 1 === (int) $row->attempts );
			return $failed
				? self::state( 'failed', Pilito_PS_Words::about( $row->error, $row->note ), true )
				: self::state( 'waiting', __( 'The latest change is sent in a moment.', 'pilito-product-sync' ), true );
		}
		if ( null === $row->state ) {
			return self::state( '', '', '' === pilito_ps_token() );
		}
		$said  = 'known' === $row->state ? '' : Pilito_PS_Format::sentence( (string) $row->message );
		$fresh = 'waiting' === $row->state ? Pilito_PS_Known::FRESH_WAITING : Pilito_PS_Known::FRESH;
		if ( '' !== $said && Pilito_PS_Format::is_persian() !== Pilito_PS_Format::begins_persian( $said ) ) {
			return self::state( $row->state, '', false );
		}
		return self::state( $row->state, $said, (int) $row->said_at >= time() - $fresh );
	}

	/**
	 * A state with its name.
	 *
	 * @param string $state The state; empty where the service was not asked yet.
	 * @param string $why   A sentence.
	 * @param bool   $fresh Whether the service need not be asked.
	 * @return array
	 */
	private static function state( $state, $why, $fresh ) {
		$labels = self::labels();
		return array(
			'state' => $state,
			'label' => isset( $labels[ $state ] ) ? $labels[ $state ] : '—',
			'why'   => $why,
			'fresh' => $fresh,
		);
	}
}
