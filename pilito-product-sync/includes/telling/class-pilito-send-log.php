<?php
/**
 * The last sends.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * One option with the last sends, newest first, for our page; each send is in WooCommerce's log too. Neither holds a
 * token or a text of a product.
 */
class Pilito_PS_Send_Log {

	const OPTION      = 'pilito_ps_log';
	const SOURCE      = 'pilito-product-sync';
	const KEPT        = 50;
	const NOTE_LENGTH = 200;

	/**
	 * Sends of this process that are not written yet, oldest first.
	 *
	 * @var array
	 */
	private static $unwritten = array();

	/**
	 * The last sends.
	 *
	 * @param int $count How many at most.
	 * @return array Newest first; each has `at` (seconds since 1970), `product_id`, `event`, `result` (`taken`, `refused`, `failed`,
	 *               `stop`, `wait` or `outage`), `code` and `note` for Pilito_PS_Words, and `ms`.
	 */
	public static function last( $count = 20 ) {
		$kept = pilito_ps_fresh_option( self::OPTION );
		return array_slice( is_array( $kept ) ? $kept : array(), 0, max( 0, $count ) );
	}

	/**
	 * One send.
	 *
	 * @param object $row     The row of the queue.
	 * @param string $result  What became of it.
	 * @param string $code    The reason.
	 * @param string $note    Details.
	 * @param float  $seconds How long the service took.
	 * @return void
	 */
	public static function add( $row, $result, $code, $note = '', $seconds = 0.0 ) {
		self::keep( $row, $result, $code, $note, $seconds );
		$is_good = Pilito_PS_Answer::TAKEN === $result;
		self::log( $is_good ? 'info' : 'warning', sprintf( 'product %d (%s): %s %s %s', $row->product_id, $row->event_type, $result, $is_good ? '' : $code, $note ), $seconds );
	}

	/**
	 * One batch.
	 *
	 * @param array            $rows    Its rows.
	 * @param Pilito_PS_Answer $answer  What the service said.
	 * @param float            $seconds How long it took.
	 * @return void
	 */
	public static function add_batch( array $rows, Pilito_PS_Answer $answer, $seconds ) {
		foreach ( array_slice( $rows, -self::KEPT ) as $row ) {
			self::keep( $row, $answer->kind, $answer->code, Pilito_PS_Answer::TAKEN === $answer->kind ? '' : $answer->note, $seconds );
		}
		$first = reset( $rows );
		$last  = end( $rows );
		self::log(
			Pilito_PS_Answer::TAKEN === $answer->kind ? 'info' : 'warning',
			sprintf( 'batch of %d products (%d to %d): %s %s', count( $rows ), $first->product_id, $last->product_id, $answer->kind, $answer->code ),
			$seconds
		);
	}

	/**
	 * Writes what is not written yet.
	 *
	 * @return void
	 */
	public static function write() {
		if ( self::$unwritten ) {
			$all = array_merge( array_reverse( self::$unwritten ), self::last( self::KEPT ) );
			pilito_ps_write_option( self::OPTION, array_slice( $all, 0, self::KEPT ) );
			self::$unwritten = array();
		}
	}

	/**
	 * Keeps one send for the page.
	 *
	 * @param object $row     The row of the queue.
	 * @param string $result  What became of it.
	 * @param string $code    The reason.
	 * @param string $note    Details.
	 * @param float  $seconds How long the service took.
	 * @return void
	 */
	private static function keep( $row, $result, $code, $note, $seconds ) {
		self::$unwritten[] = array(
			'at'         => time(),
			'product_id' => (int) $row->product_id,
			'event'      => (string) $row->event_type,
			'result'     => $result,
			'code'       => $code,
			'note'       => mb_substr( (string) $note, 0, self::NOTE_LENGTH ),
			'ms'         => (int) round( 1000 * $seconds ),
		);

		self::$unwritten = array_slice( self::$unwritten, -self::KEPT );
	}

	/**
	 * One line in WooCommerce's log.
	 *
	 * @param string $level   `info` or `warning`.
	 * @param string $line    The line.
	 * @param float  $seconds How long the service took.
	 * @return void
	 */
	private static function log( $level, $line, $seconds ) {
		if ( function_exists( 'wc_get_logger' ) ) {
			wc_get_logger()->log( $level, sprintf( '%s (%d ms)', trim( (string) preg_replace( '/\s+/', ' ', $line ) ), 1000 * $seconds ), array( 'source' => self::SOURCE ) );
		}
	}
}
