<?php
/**
 * What scripts of the admin may ask WordPress for.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Every action of the plugin's scripts begins here: with the nonce, the right to manage the shop, and numbers
 * in the reader's language.
 */
class Pilito_PS_Admin_Actions {

	const ASKING = 'pilito-ps-ask';

	/**
	 * Answers one action with JSON.
	 *
	 * @param string   $action  Name, without the plugin's prefix.
	 * @param callable $produce Returns what is answered, or a WP_Error whose sentence is.
	 * @return void
	 */
	public static function on( $action, $produce ) {
		add_action(
			'wp_ajax_pilito_ps_' . $action,
			static function () use ( $produce ) {
				check_ajax_referer( Pilito_PS_Admin_Page::NONCE, 'nonce' );
				if ( ! current_user_can( Pilito_PS_Admin_Page::CAPABILITY ) ) {
					wp_send_json_error( array( 'message' => __( 'You may not do this.', 'pilito-product-sync' ) ), 403 );
				}
				Pilito_PS_Format::begin();
				$answer = call_user_func( $produce );
				if ( is_wp_error( $answer ) ) {
					wp_send_json_error(
						array(
							'code'    => $answer->get_error_code(),
							'message' => $answer->get_error_message(),
						)
					);
				}
				wp_send_json_success( $answer );
			}
		);
	}

	/**
	 * Product ids of the request: `ids`, separated by commas.
	 *
	 * @return int[] At most 100.
	 */
	public static function ids() {
		$typed = self::text( 'ids', 2000 );
		$ids   = array_filter( array_map( 'absint', explode( ',', $typed ) ) );
		return array_slice( array_values( array_unique( $ids ) ), 0, Pilito_PS_Admin_Ask::MOST_STATES );
	}

	/**
	 * A text of the request.
	 *
	 * @param string $name  Its name.
	 * @param int    $limit Characters at most; what is longer is cut.
	 * @return string
	 */
	public static function text( $name, $limit ) {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing, WordPress.Security.ValidatedSanitizedInput -- verified where the action begins; sanitised here.
		$typed = isset( $_POST[ $name ] ) && is_string( $_POST[ $name ] ) ? wp_unslash( $_POST[ $name ] ) : '';
		return mb_substr( trim( sanitize_text_field( $typed ) ), 0, $limit );
	}

	/**
	 * Loads a script, with its sentences and more of its data.
	 *
	 * @param string $handle Name of the script.
	 * @param array  $words  Its sentences.
	 * @param array  $more   More of its data.
	 * @return void
	 */
	public static function script( $handle, array $words, array $more = array() ) {
		wp_enqueue_style( 'pilito-ps', plugins_url( 'admin/css/admin.css', PILITO_PS_FILE ), array(), PILITO_PS_VERSION );
		wp_enqueue_script( 'pilito-ps-' . $handle, plugins_url( "admin/js/{$handle}.js", PILITO_PS_FILE ), array( self::asking() ), PILITO_PS_VERSION, true );
		$data = array( 'words' => $words ) + $more;
		wp_add_inline_script( 'pilito-ps-' . $handle, 'var pilitoPS_' . $handle . ' = ' . wp_json_encode( $data ) . ';', 'before' );
	}

	/**
	 * Registers the script that sends the actions of all other scripts.
	 *
	 * @return string Its handle, for the scripts that need it.
	 */
	public static function asking() {
		if ( ! wp_script_is( self::ASKING, 'registered' ) ) {
			wp_register_script( self::ASKING, plugins_url( 'admin/js/ask.js', PILITO_PS_FILE ), array(), PILITO_PS_VERSION, true );
			$data = array(
				'url'   => admin_url( 'admin-ajax.php' ),
				'nonce' => wp_create_nonce( Pilito_PS_Admin_Page::NONCE ),
				'lost'  => __( 'Your WordPress did not answer. Reload this page and try again.', 'pilito-product-sync' ),
			);
			wp_add_inline_script( self::ASKING, 'var pilitoPS_ask = ' . wp_json_encode( $data ) . ';', 'before' );
		}
		return self::ASKING;
	}
}
