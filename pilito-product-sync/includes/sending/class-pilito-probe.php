<?php
/**
 * Whether sending that has stopped may go on.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Asks `health/` from time to time while sending is stopped, so that a token which was switched on again, or a
 * mishap that has passed, needs no click of the owner.
 */
class Pilito_PS_Probe {

	const FIRST     = 300;
	const LONGEST   = 3600;
	const TOLERANCE = 300;

	/**
	 * Seconds until the next probe.
	 *
	 * @param int $probes How many probes have not helped.
	 * @return int
	 */
	public static function delay( $probes ) {
		return (int) min( self::LONGEST, self::FIRST * pow( 2, max( 0, min( 10, $probes ) ) ) );
	}

	/**
	 * Whether it is time to ask.
	 *
	 * @return bool
	 */
	public static function is_due() {
		$state = Pilito_PS_State::get();
		return '' !== $state['stopped'] && $state['probe_at'] <= time() && pilito_ps_is_on() && '' !== pilito_ps_token();
	}

	/**
	 * Asks if it is time to. The next probe is set before this one is made, so that several processes make one.
	 *
	 * @return bool Whether sending may go on.
	 */
	public static function succeeds() {
		if ( ! self::is_due() ) {
			return false;
		}
		$state  = Pilito_PS_State::get();
		$probes = $state['probes'] + 1;
		Pilito_PS_State::set(
			array(
				'probes'   => $probes,
				'probe_at' => time() + self::delay( $probes ),
			)
		);
		$answer = Pilito_PS_Api::health( pilito_ps_api_url(), pilito_ps_token() );
		if ( Pilito_PS_Answer::TAKEN === $answer->kind && 'clock' === $state['stopped'] ) {
			$answer = self::clock( $answer );
		}
		if ( Pilito_PS_Answer::TAKEN === $answer->kind ) {
			Pilito_PS_State::resume( false );
			return true;
		}
		if ( Pilito_PS_Answer::STOP === $answer->kind ) {
			Pilito_PS_State::stop( $answer );
		}
		return false;
	}

	/**
	 * Compares the two clocks.
	 *
	 * @param Pilito_PS_Answer $answer What `health/` said.
	 * @return Pilito_PS_Answer The same where the clocks agree or the service names no time.
	 */
	private static function clock( Pilito_PS_Answer $answer ) {
		$theirs = isset( $answer->json['server_time'] ) && is_string( $answer->json['server_time'] ) ? $answer->json['server_time'] : '';
		$moment = strtotime( $theirs );
		if ( false === $moment || abs( $moment - time() ) <= self::TOLERANCE ) {
			return $answer;
		}
		return new Pilito_PS_Answer( Pilito_PS_Answer::STOP, 'clock', Pilito_PS_Answer::times( $theirs, gmdate( 'Y-m-d\TH:i:s\Z' ) ) );
	}
}
