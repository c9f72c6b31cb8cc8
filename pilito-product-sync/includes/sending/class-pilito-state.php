<?php
/**
 * What the last sends showed of the service.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * One option: whether sending is stopped or pausing and why, and when it last worked.
 */
class Pilito_PS_State {

	const OPTION = 'pilito_ps_state';

	const NOTHING_YET = array(
		'stopped'      => '',
		'stopped_note' => '',
		'probe_at'     => 0,
		'probes'       => 0,
		'pause_until'  => 0,
		'outages'      => 0,
		'problem'      => '',
		'problem_note' => '',
		'last_success' => 0,
		'last_run'     => 0,
		'sent'         => 0,
		'account'      => '',
		'store'        => '',
	);

	/**
	 * The state as it is in the database now.
	 *
	 * @return array
	 */
	public static function get() {
		$known = pilito_ps_fresh_option( self::OPTION );
		return array_merge( self::NOTHING_YET, is_array( $known ) ? $known : array() );
	}

	/**
	 * Changes some of it.
	 *
	 * @param array $changes What is different now.
	 * @return void
	 */
	public static function set( array $changes ) {
		pilito_ps_write_option( self::OPTION, array_merge( self::get(), $changes ) );
	}

	/**
	 * The service took something: what was wrong is over.
	 *
	 * @param int $count How many changes it took.
	 * @return bool Whether something had been wrong.
	 */
	public static function worked( $count = 1 ) {
		$before = self::get();
		self::set(
			array(
				'stopped'      => '',
				'stopped_note' => '',
				'probes'       => 0,
				'pause_until'  => 0,
				'outages'      => 0,
				'problem'      => '',
				'problem_note' => '',
				'last_success' => time(),
				'sent'         => $before['sent'] + $count,
			)
		);
		return $before['outages'] > 0;
	}

	/**
	 * Nothing is sent until the service can be asked again, after a pause that grows with each probe that did not
	 * help.
	 *
	 * @param Pilito_PS_Answer $answer What the service said.
	 * @return void
	 */
	public static function stop( Pilito_PS_Answer $answer ) {
		self::set(
			array(
				'stopped'      => $answer->code,
				'stopped_note' => $answer->note,
				'probe_at'     => time() + Pilito_PS_Probe::delay( self::get()['probes'] ),
			)
		);
	}

	/**
	 * Nothing is sent for a while.
	 *
	 * @param Pilito_PS_Answer $answer  What the service said.
	 * @param int              $seconds For how long.
	 * @param bool             $outage  Whether it counts as an outage; pauses of outages grow.
	 * @return void
	 */
	public static function pause( Pilito_PS_Answer $answer, $seconds, $outage ) {
		$outages = self::get()['outages'];
		self::set(
			array(
				'pause_until'  => time() + $seconds,
				'outages'      => $outage ? $outages + 1 : $outages,
				'problem'      => $answer->code,
				'problem_note' => $answer->note,
			)
		);
	}

	/**
	 * Sending is tried again now: the owner changed something, or a probe found the service willing.
	 *
	 * @param bool $by_owner Whether the owner did; probes then begin with the shortest pause again.
	 * @return void
	 */
	public static function resume( $by_owner = true ) {
		self::set(
			array(
				'stopped'      => '',
				'stopped_note' => '',
				'pause_until'  => 0,
				'problem'      => '',
				'problem_note' => '',
			) + ( $by_owner ? array( 'probes' => 0 ) : array() )
		);
	}
}
