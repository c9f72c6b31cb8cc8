<?php
/**
 * What the service's answers mean for the queue.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Takes rows out of the queue, or puts them back with a pause for them or for all sending.
 */
class Pilito_PS_Outcome {

	const FIRST_PAUSE   = 30;
	const LONGEST_PAUSE = 900;
	const IN_A_ROW      = 3;
	const ITEM_PAUSE    = 30;

	/**
	 * Outages one after the other in this run.
	 *
	 * @var int
	 */
	private static $outages = 0;

	/**
	 * A run begins.
	 *
	 * @return void
	 */
	public static function begin() {
		self::$outages = 0;
	}

	/**
	 * Acts on the answer to one event.
	 *
	 * @param object           $row    The row.
	 * @param int              $bytes  Length of the event.
	 * @param Pilito_PS_Answer $answer What the service said.
	 * @return int How many changes it took.
	 */
	public static function of_event( $row, $bytes, Pilito_PS_Answer $answer ) {
		switch ( $answer->kind ) {
			case Pilito_PS_Answer::TAKEN:
				self::taken( array( $row ) );
				return 1;
			case Pilito_PS_Answer::REFUSED:
				self::$outages = 0;
				if ( 'too_large' === $answer->code && Pilito_PS_Service::refused_event( $bytes ) ) {
					Pilito_PS_Turn::give_back( array( $row ) );
				} else {
					Pilito_PS_Turn::refuse( $row, $answer->code, $answer->note );
				}
				return 0;
			case Pilito_PS_Answer::OUTAGE:
				Pilito_PS_Turn::postpone( $row, $answer->wait, $answer->code, $answer->note );
				++self::$outages;
				if ( self::$outages >= self::IN_A_ROW || self::lasts( $row, $answer ) || Pilito_PS_State::get()['outages'] > 0 ) {
					self::pause( $answer );
				}
				return 0;
		}
		self::hold( array( $row ), $answer );
		return 0;
	}

	/**
	 * Whether an outage is more than a mishap: the change met one before. A fault of the service may be due to the
	 * product.
	 *
	 * @param object           $row    The row.
	 * @param Pilito_PS_Answer $answer What the service said.
	 * @return bool
	 */
	private static function lasts( $row, Pilito_PS_Answer $answer ) {
		return (int) $row->attempts > 0 && 'server' !== $answer->code;
	}

	/**
	 * Acts on the answer to a batch.
	 *
	 * @param array            $rows   The rows, in the order of the batch.
	 * @param Pilito_PS_Answer $answer What the service said.
	 * @return int How many changes it took.
	 */
	public static function of_batch( array $rows, Pilito_PS_Answer $answer ) {
		if ( Pilito_PS_Answer::TAKEN === $answer->kind ) {
			return self::of_items( $rows, array_values( $answer->json['results'] ) );
		}
		if ( Pilito_PS_Answer::REFUSED === $answer->kind || 'not_found' === $answer->code ) {
			Pilito_PS_Service::refused_batch( 'too_large' === $answer->code ? count( $rows ) : 0 );
			Pilito_PS_Turn::give_back( $rows );
			return 0;
		}
		if ( Pilito_PS_Answer::OUTAGE === $answer->kind ) {
			if ( 'server' === $answer->code ) { // one of them may be the reason: they come one by one.
				foreach ( $rows as $row ) {
					Pilito_PS_Turn::postpone( $row, $answer->wait, $answer->code, $answer->note );
				}
			} else {
				Pilito_PS_Turn::give_back( $rows );
			}
			self::pause( $answer );
			return 0;
		}
		self::hold( $rows, $answer );
		return 0;
	}

	/**
	 * Acts on what became of each event of a batch.
	 *
	 * @param array $rows    The rows.
	 * @param array $results What the service said of each.
	 * @return int How many it took.
	 */
	private static function of_items( array $rows, array $results ) {
		$taken = array();
		$again = array();
		foreach ( $rows as $index => $row ) {
			$result = $results[ $index ];
			$status = isset( $result['status'] ) ? $result['status'] : '';
			if ( 'accepted' === $status || 'skipped' === $status ) {
				$taken[] = $row;
			} elseif ( 'refused' === $status ) {
				$note = isset( $result['message'] ) && is_string( $result['message'] ) ? $result['message'] : '';
				Pilito_PS_Turn::refuse( $row, 'invalid', $note );
				Pilito_PS_Send_Log::add( $row, 'refused', 'invalid', $note );
			} else {
				$again[] = $row;
			}
		}
		if ( $taken ) {
			self::taken( $taken );
		}
		if ( $again ) {
			Pilito_PS_Turn::give_back( $again, self::ITEM_PAUSE );
			if ( ! $taken ) {
				self::pause( new Pilito_PS_Answer( Pilito_PS_Answer::OUTAGE, 'server' ) );
			}
		}
		return count( $taken );
	}

	/**
	 * The service took changes: what was wrong is over.
	 *
	 * @param array $rows The rows.
	 * @return void
	 */
	private static function taken( array $rows ) {
		Pilito_PS_Turn::done( $rows );
		self::$outages = 0;
		if ( Pilito_PS_State::worked( count( $rows ) ) ) {
			Pilito_PS_Queue::hasten( 0, 'invalid' );
		}
	}

	/**
	 * Nothing is wrong with the products: sending stops, or waits as the service asks.
	 *
	 * @param array            $rows   The rows.
	 * @param Pilito_PS_Answer $answer What the service said.
	 * @return void
	 */
	private static function hold( array $rows, Pilito_PS_Answer $answer ) {
		Pilito_PS_Turn::give_back( $rows, $answer->wait );
		if ( Pilito_PS_Answer::STOP === $answer->kind ) {
			Pilito_PS_State::stop( $answer );
		} else {
			Pilito_PS_State::pause( $answer, $answer->wait, false );
		}
	}

	/**
	 * Leaves the service alone for a while, longer each time; the first sent after it says whether it is back.
	 *
	 * @param Pilito_PS_Answer $answer What was wrong.
	 * @return void
	 */
	private static function pause( Pilito_PS_Answer $answer ) {
		$outages = min( 10, Pilito_PS_State::get()['outages'] );
		$pause   = (int) min( self::LONGEST_PAUSE, self::FIRST_PAUSE * pow( 2, $outages ) );
		Pilito_PS_State::pause( $answer, max( $pause, $answer->wait ), true );
	}
}
