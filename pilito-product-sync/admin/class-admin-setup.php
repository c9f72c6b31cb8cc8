<?php
/**
 * The way from activation to an assistant that answers.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Three steps: the token, the first sync, the first question. The page shows the step the shop is at.
 */
class Pilito_PS_Admin_Setup {

	const OPTION  = 'pilito_ps_setup';
	const LATER   = 'pilito_ps_setup_later';
	const SCREENS = array( 'dashboard', 'plugins' );

	const TOKEN = 'token';
	const SYNC  = 'sync';
	const ASK   = 'ask';
	const DONE  = 'done';

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		add_action( 'admin_notices', array( __CLASS__, 'notice' ) );
		Pilito_PS_Admin_Actions::on( 'later', array( __CLASS__, 'later' ) );
		Pilito_PS_Admin_Actions::on( 'finish', array( __CLASS__, 'finish' ) );
	}

	/**
	 * The step the shop is at.
	 *
	 * @return string One of the constants.
	 */
	public static function step() {
		if ( '' === pilito_ps_token() ) {
			return self::TOKEN;
		}
		$kept = get_option( self::OPTION );
		if ( self::SYNC === $kept ) {
			return Pilito_PS_Bulk::get()['running'] ? self::SYNC : self::ASK;
		}
		if ( self::ASK === $kept || self::DONE === $kept ) {
			return $kept;
		}
		$state = Pilito_PS_State::get();
		return '' !== $state['account'] || $state['last_success'] || '' !== $state['stopped'] || '' !== $state['problem'] ? self::DONE : self::TOKEN;
	}

	/**
	 * The connection was tested and works: the first time, all products are sent.
	 *
	 * @param bool $before Whether the shop was connected before.
	 * @return void
	 */
	public static function connected( $before ) {
		if ( get_option( self::OPTION ) ) {
			return;
		}
		if ( $before ) {
			pilito_ps_write_option( self::OPTION, self::DONE );
			return;
		}
		pilito_ps_write_option( self::OPTION, self::SYNC );
		Pilito_PS_Bulk::start();
	}

	/**
	 * The assistant was asked for the first time.
	 *
	 * @return void
	 */
	public static function asked() {
		if ( self::ASK === self::step() ) {
			pilito_ps_write_option( self::OPTION, self::ASK );
		}
	}

	/**
	 * The owner has seen the steps.
	 *
	 * @return array
	 */
	public static function finish() {
		if ( self::TOKEN !== self::step() ) {
			pilito_ps_write_option( self::OPTION, self::DONE );
		}
		return array( 'step' => self::step() );
	}

	/**
	 * The owner does not want to see the notice.
	 *
	 * @return array
	 */
	public static function later() {
		update_user_meta( get_current_user_id(), self::LATER, 1 );
		return array( 'later' => true );
	}

	/**
	 * Points to the page until there is a token.
	 *
	 * @return void
	 */
	public static function notice() {
		$screen = get_current_screen();
		if ( ! $screen || ! in_array( $screen->id, self::SCREENS, true ) || self::TOKEN !== self::step() || ! current_user_can( Pilito_PS_Admin_Page::CAPABILITY ) || get_user_meta( get_current_user_id(), self::LATER, true ) ) {
			return;
		}
		Pilito_PS_Admin_Actions::script( 'notice', array() );
		echo '<div class="notice notice-info is-dismissible" id="pilito-ps-notice"><p><strong>', esc_html__( 'Pilito Sync is active. One step is left: connect your shop.', 'pilito-product-sync' ), '</strong></p>';
		echo '<p>', esc_html__( 'Paste the token of your Pilito panel. Your products are then sent by themselves.', 'pilito-product-sync' ), '</p>';
		echo '<p><a class="button button-primary" href="', esc_url( Pilito_PS_Admin_Page::url() ), '">', esc_html__( 'Connect your shop', 'pilito-product-sync' ), '</a></p></div>';
	}

	/**
	 * Questions to try, made of the newest products.
	 *
	 * @return array The question, by what is shown of it.
	 */
	public static function examples() {
		$examples = array();
		$newest   = get_posts(
			array(
				'post_type'   => 'product',
				'post_status' => 'publish',
				'numberposts' => 2,
				'orderby'     => 'date',
			)
		);
		foreach ( $newest as $post ) {
			$title = trim( wp_strip_all_tags( html_entity_decode( $post->post_title, ENT_QUOTES, 'UTF-8' ) ) );
			if ( '' !== $title && mb_strlen( $title ) <= 60 ) {
				/* translators: %s: title of a product */
				$words = __( 'Do you have %s?', 'pilito-product-sync' );

				$examples[ sprintf( $words, Pilito_PS_Format::isolate( $title ) ) ] = sprintf( $words, $title );
			}
		}
		return $examples;
	}
}
