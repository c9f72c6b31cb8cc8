<?php
/**
 * Site Health.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Two tests: whether product changes are being sent, and whether Pilito answers now.
 */
class Pilito_PS_Site_Health {

	/**
	 * Adds the tests. The second asks Pilito, so it runs when the page is open, or weekly by a scheduled task.
	 *
	 * @param array $tests The tests.
	 * @return array
	 */
	public static function tests( $tests ) {
		$tests['direct']['pilito_ps_sending'] = array(
			'label' => __( 'Product changes are sent to Pilito', 'pilito-product-sync' ),
			'test'  => array( __CLASS__, 'sending' ),
		);
		if ( '' !== pilito_ps_token() ) {
			$tests['async']['pilito-connection'] = array(
				'label'             => __( 'Pilito can be reached', 'pilito-product-sync' ),
				'test'              => 'pilito-connection',
				'has_rest'          => false,
				'async_direct_test' => array( __CLASS__, 'connection' ),
			);
		}
		return $tests;
	}

	/**
	 * Whether product changes are being sent.
	 *
	 * @return array
	 */
	public static function sending() {
		$now    = Pilito_PS_Status::now();
		$levels = array(
			'good' => 'good',
			'bad'  => 'critical',
		);
		return self::result( 'pilito_ps_sending', isset( $levels[ $now['mood'] ] ) ? $levels[ $now['mood'] ] : 'recommended', __( 'Pilito Sync', 'pilito-product-sync' ) . ' – ' . $now['headline'], $now['problem'] );
	}

	/**
	 * Whether Pilito answers now.
	 *
	 * @return array
	 */
	public static function connection() {
		$answer = Pilito_PS_Api::health( pilito_ps_api_url(), pilito_ps_token() );
		if ( Pilito_PS_Answer::TAKEN === $answer->kind ) {
			return self::result( 'pilito-connection', 'good', __( 'Pilito can be reached', 'pilito-product-sync' ), '' );
		}
		$reason = Pilito_PS_Status::sentence( $answer->code, $answer->note );
		if ( Pilito_PS_Answer::OUTAGE === $answer->kind ) {
			return self::result( 'pilito-connection', 'recommended', __( 'Pilito cannot be reached', 'pilito-product-sync' ), $reason );
		}
		return self::result( 'pilito-connection', 'critical', __( 'Pilito does not take the connection', 'pilito-product-sync' ), $reason );
	}

	/**
	 * Answers Site Health's page.
	 *
	 * @return void
	 */
	public static function answer() {
		check_ajax_referer( 'health-check-site-status' );
		if ( ! current_user_can( 'view_site_health_checks' ) ) {
			wp_send_json_error( null, 403 );
		}
		wp_send_json_success( self::connection() );
	}

	/**
	 * A result in Site Health's form.
	 *
	 * @param string $test   Name of the test.
	 * @param string $status `good`, `recommended` or `critical`.
	 * @param string $label  What was found.
	 * @param string $text   What is wrong; empty where nothing is.
	 * @return array
	 */
	private static function result( $test, $status, $label, $text ) {
		return array(
			'test'        => $test,
			'status'      => $status,
			'label'       => $label,
			'badge'       => array(
				'label' => __( 'Pilito Sync', 'pilito-product-sync' ),
				'color' => 'good' === $status ? 'green' : 'orange',
			),
			'description' => '<p>' . nl2br( esc_html( '' === $text ? __( 'Your AI assistant learns of product changes within seconds.', 'pilito-product-sync' ) : $text ) ) . '</p>',
			'actions'     => sprintf( '<p><a href="%s">%s</a></p>', esc_url( admin_url( 'admin.php?page=pilito-product-sync' ) ), esc_html__( 'Open the settings', 'pilito-product-sync' ) ),
		);
	}
}
