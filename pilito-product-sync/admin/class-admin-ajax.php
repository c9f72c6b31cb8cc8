<?php
/**
 * What the page asks for while it is open.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Test, status, send again, sync all; each for shop managers with a nonce only.
 */
class Pilito_PS_Admin_Ajax {

	const ACTIONS        = array( 'test', 'status', 'retry', 'sync', 'cancel', 'run' );
	const SHOWN_FAILURES = 20;
	const RUN_SECONDS    = 0.8;

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		foreach ( self::ACTIONS as $action ) {
			Pilito_PS_Admin_Actions::on(
				$action,
				static function () use ( $action ) {
					return call_user_func( array( __CLASS__, $action ) );
				}
			);
		}
	}

	/**
	 * Tries the connection with what is typed and, if it works, keeps it and switches sending on.
	 *
	 * @return array
	 */
	private static function test() {
		$settings = Pilito_PS_Admin_Page::typed();
		if ( is_wp_error( $settings ) ) {
			return self::tested( false, $settings->get_error_message() );
		}
		if ( '' === $settings['token'] ) {
			return self::tested( false, __( 'Paste the token first. You find it in your Pilito panel.', 'pilito-product-sync' ) );
		}
		$before = Pilito_PS_State::get();
		$worked = $before['last_success'] > 0 && pilito_ps_api_url() === $settings['api_url'];
		$answer = Pilito_PS_Api::health( $settings['api_url'], $settings['token'] );
		if ( Pilito_PS_Answer::TAKEN !== $answer->kind ) {
			return self::tested( false, Pilito_PS_Words::about( $answer->code, $answer->note, $worked ) );
		}
		Pilito_PS_Admin_Page::keep( array( 'on' => true ) + $settings );
		Pilito_PS_Admin_Setup::connected( '' !== $before['account'] || $before['last_success'] > 0 );
		$account = self::name_in( $answer->json, 'user', 'email' );
		$store   = self::name_in( $answer->json, 'store', 'name' );
		Pilito_PS_State::set(
			array(
				'account' => $account,
				'store'   => '' === $store ? self::name_in( $answer->json, 'token', 'name' ) : $store,
			)
		);
		return self::tested( true, __( 'Connected and saved. From now on every product change is sent.', 'pilito-product-sync' ) );
	}

	/**
	 * Lets what failed be sent now, one product or all.
	 *
	 * @return array
	 */
	private static function retry() {
		$product_id = isset( $_POST['product'] ) ? absint( $_POST['product'] ) : 0; // phpcs:ignore WordPress.Security.NonceVerification.Missing -- verified where the action begins.
		Pilito_PS_Queue::hasten( $product_id );
		Pilito_PS_State::resume();
		return self::run();
	}

	/**
	 * Begins a complete sync. The number of products is shown at once; the sender begins when this answer is out.
	 *
	 * @return array
	 */
	private static function sync() {
		Pilito_PS_Bulk::start();
		return self::status();
	}

	/**
	 * Ends a complete sync.
	 *
	 * @return array
	 */
	private static function cancel() {
		Pilito_PS_Bulk::cancel();
		return self::status();
	}

	/**
	 * Sends for a moment, unless another process is sending: where a hosting runs no scheduled tasks, the open page does.
	 *
	 * @return array
	 */
	private static function run() {
		Pilito_PS_Worker::run( self::RUN_SECONDS );
		return self::status();
	}

	/**
	 * All the page shows.
	 *
	 * @return array
	 */
	public static function status() {
		$state = Pilito_PS_State::get();
		$now   = Pilito_PS_Status::now();
		$bulk  = Pilito_PS_Bulk::progress();
		return array(
			'ready'       => '' !== pilito_ps_token(),
			'mood'        => $now['mood'],
			'code'        => $now['code'],
			'headline'    => $now['headline'],
			'problem'     => $now['problem'],
			'run'         => $now['run'],
			'account'     => $state['account'],
			'store'       => $state['store'],
			/* translators: %s: a span of time, such as "5 minutes" */
			'lastSuccess' => $state['last_success'] ? sprintf( __( '%s ago', 'pilito-product-sync' ), human_time_diff( $state['last_success'] ) ) : __( 'not yet', 'pilito-product-sync' ),
			'sent'        => number_format_i18n( $state['sent'] ),
			'waiting'     => number_format_i18n( $now['left'] ),
			'busy'        => $now['left'] > 0,
			'failed'      => number_format_i18n( $now['failed'] ),
			'failures'    => self::failures(),
			'bulk'        => array(
				'running' => $bulk['running'],
				'percent' => $bulk['percent'],
				/* translators: %s: how many products are not sent yet */
				'text'    => $bulk['running'] ? sprintf( __( '%s products left', 'pilito-product-sync' ), number_format_i18n( $bulk['total'] - $bulk['done'] ) ) : self::bulk_finished( $bulk['finished'] ),
			),
		);
	}

	/**
	 * The result of a test.
	 *
	 * @param bool   $good Whether it worked.
	 * @param string $text What to say.
	 * @return array
	 */
	private static function tested( $good, $text ) {
		return array(
			'good'   => $good,
			'text'   => $text,
			'step'   => Pilito_PS_Admin_Setup::step(),
			'status' => self::status(),
		);
	}

	/**
	 * The failures in plain words.
	 *
	 * @return array
	 */
	private static function failures() {
		$failures = array();
		foreach ( Pilito_PS_Admin_Log::failures( self::SHOWN_FAILURES ) as $row ) {
			$title = html_entity_decode( get_the_title( (int) $row->product_id ), ENT_QUOTES, 'UTF-8' );
			$due   = (int) $row->due_at;

			$failures[] = array(
				'id'    => (int) $row->product_id,
				/* translators: %s: number of a product */
				'title' => '' === $title ? sprintf( __( 'Product %s', 'pilito-product-sync' ), Pilito_PS_Format::digits( $row->product_id ) ) : $title,
				'edit'  => (string) get_edit_post_link( (int) $row->product_id, 'raw' ),
				'words' => Pilito_PS_Words::about( $row->error, $row->note ),
				'tries' => number_format_i18n( (int) $row->attempts ),
				/* translators: %s: a span of time, such as "5 minutes" */
				'next'  => $due > time() ? sprintf( __( 'in %s', 'pilito-product-sync' ), human_time_diff( $due ) ) : __( 'now', 'pilito-product-sync' ),
			);
		}
		return $failures;
	}

	/**
	 * When all products were sent last.
	 *
	 * @param int $finished When.
	 * @return string
	 */
	private static function bulk_finished( $finished ) {
		/* translators: %s: a span of time, such as "5 minutes" */
		return $finished ? sprintf( __( 'All products were sent %s ago.', 'pilito-product-sync' ), human_time_diff( $finished ) ) : '';
	}

	/**
	 * A text inside the service's answer.
	 *
	 * @param array  $json  The answer.
	 * @param string $thing Its part.
	 * @param string $name  What of it.
	 * @return string
	 */
	private static function name_in( array $json, $thing, $name ) {
		return isset( $json[ $thing ][ $name ] ) && is_string( $json[ $thing ][ $name ] ) ? sanitize_text_field( $json[ $thing ][ $name ] ) : '';
	}
}
