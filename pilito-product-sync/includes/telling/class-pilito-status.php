<?php
/**
 * How things are.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * The light, the headline and the problem come from one look, so that none of them contradicts another. The page,
 * Site Health, the e-mail and the command line all show it.
 */
class Pilito_PS_Status {

	const STUCK_AFTER = 900;
	const DAY         = 86400;

	/**
	 * How things are now.
	 *
	 * @return array `mood` (`new`, `off`, `bad`, `warn` or `good`), `code` of the reason, `headline`, `problem` (empty where there is none),
	 *               `left` (products that are still to be sent), `failed`, `overdue` (seconds), `may_send`, and `run`: whether there is
	 *               something that an open page should let the sender do now.
	 */
	public static function now() {
		$state = Pilito_PS_State::get();
		$queue = Pilito_PS_Queue::summary();
		$bulk  = Pilito_PS_Bulk::progress();
		$may   = Pilito_PS_Worker::may_send();
		$due   = $queue['next'] && $queue['next'] <= time();
		$now   = array(
			'mood'     => 'good',
			'code'     => '',
			'headline' => '',
			'problem'  => '',
			'left'     => $bulk['running'] ? $queue['waiting'] - $queue['bulk'] + $bulk['left'] : $queue['waiting'],
			'failed'   => $queue['failed'],
			'overdue'  => $queue['overdue'],
			'may_send' => $may,
			'run'      => ( $may && ( $due || $bulk['running'] ) ) || Pilito_PS_Probe::is_due(),
		);
		return self::judged( $state, $queue ) + $now;
	}

	/**
	 * What keeps all products from being sent, whether it has just begun or lasts.
	 *
	 * @return string Code of what is wrong; empty where nothing is.
	 */
	public static function trouble() {
		if ( '' === pilito_ps_token() || ! pilito_ps_is_on() ) {
			return '';
		}
		$state = Pilito_PS_State::get();
		if ( '' !== $state['stopped'] ) {
			return $state['stopped'];
		}
		$waiting = Pilito_PS_Queue::waiting_since();
		if ( $waiting && $state['outages'] > 0 ) {
			return '' === $state['problem'] ? 'unreachable' : $state['problem'];
		}
		return $waiting && time() - $waiting > self::DAY && time() - $state['last_success'] > self::DAY ? 'tasks' : '';
	}

	/**
	 * A sentence for a code.
	 *
	 * @param string $code The code.
	 * @param string $note Details.
	 * @return string
	 */
	public static function sentence( $code, $note = '' ) {
		if ( 'tasks' === $code ) {
			/* translators: %s: address of wp-cron.php */
			return sprintf( __( 'The scheduled tasks of this WordPress do not run, so products are sent only while someone uses wp-admin. Ask your hosting company for a cron job that opens %s every minute.', 'pilito-product-sync' ), site_url( 'wp-cron.php' ) );
		}
		return Pilito_PS_Words::about( $code, $note );
	}

	/**
	 * The light, the headline and the problem.
	 *
	 * @param array $state The state.
	 * @param array $queue The queue's summary.
	 * @return array
	 */
	private static function judged( array $state, array $queue ) {
		if ( '' === pilito_ps_token() ) {
			return self::judgement( 'new', '', __( 'Not connected yet', 'pilito-product-sync' ) );
		}
		if ( ! pilito_ps_is_on() ) {
			return self::judgement( 'off', '', __( 'Switched off; changes wait in the queue', 'pilito-product-sync' ) );
		}
		if ( '' !== $state['stopped'] ) {
			/* translators: %s: a span of time, such as "5 minutes" */
			$headline = sprintf( __( 'Stopped; Pilito is asked again in %s', 'pilito-product-sync' ), Pilito_PS_Format::span( max( time() + 1, $state['probe_at'] ) ) );
			return self::judgement( 'bad', $state['stopped'], $headline, $state['stopped_note'] );
		}
		if ( $state['pause_until'] > time() || ( $state['outages'] > 0 && $queue['waiting'] > 0 ) ) {
			/* translators: %s: a span of time, such as "5 minutes" */
			$headline = sprintf( __( 'Pausing; the next try is in %s', 'pilito-product-sync' ), Pilito_PS_Format::span( max( time() + 1, $state['pause_until'], $queue['next'] ) ) );
			return self::judgement( 'busy' === $state['problem'] ? 'warn' : 'bad', $state['problem'], $headline, $state['problem_note'] );
		}
		if ( $queue['overdue'] > self::STUCK_AFTER && time() - $state['last_run'] > self::STUCK_AFTER ) {
			return self::judgement( 'bad', 'tasks', __( 'Products are sent late', 'pilito-product-sync' ) );
		}
		if ( $queue['failed'] > 0 ) {
			return self::judgement( 'warn', '', __( 'On; some products could not be sent yet', 'pilito-product-sync' ) );
		}
		return self::judgement( 'good', '', __( 'On: every product change is sent', 'pilito-product-sync' ) );
	}

	/**
	 * One judgement.
	 *
	 * @param string $mood     The light.
	 * @param string $code     The reason.
	 * @param string $headline The headline.
	 * @param string $note     Details of the reason.
	 * @return array
	 */
	private static function judgement( $mood, $code, $headline, $note = '' ) {
		return array(
			'mood'     => $mood,
			'code'     => $code,
			'headline' => $headline,
			'problem'  => '' === $code ? '' : self::sentence( $code, $note ),
		);
	}
}
