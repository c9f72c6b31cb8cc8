<?php
/**
 * What the owner has to know outside of our page.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Two notices: WooCommerce is missing, or sending has stopped. Each goes when its reason has.
 */
class Pilito_PS_Admin_Notices {

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		add_action( 'admin_notices', array( __CLASS__, 'show' ) );
	}

	/**
	 * Shows what applies.
	 *
	 * @return void
	 */
	public static function show() {
		if ( ! pilito_ps_has_woocommerce() ) {
			if ( current_user_can( 'activate_plugins' ) ) {
				self::notice( __( 'Pilito Sync needs WooCommerce. Install and activate it; until then no product is sent.', 'pilito-product-sync' ) );
			}
			return;
		}
		$state = Pilito_PS_State::get();
		if ( '' === $state['stopped'] || ! current_user_can( 'manage_woocommerce' ) || self::is_our_page() ) {
			return;
		}
		self::notice(
			/* translators: %s: the reason, one or two sentences */
			sprintf( __( 'Pilito Sync has stopped sending products. %s', 'pilito-product-sync' ), Pilito_PS_Words::about( $state['stopped'], $state['stopped_note'] ) ),
			Pilito_PS_Admin_Page::url()
		);
	}

	/**
	 * One notice.
	 *
	 * @param string $text What is wrong.
	 * @param string $url  Where to mend it.
	 * @return void
	 */
	private static function notice( $text, $url = '' ) {
		echo '<div class="notice notice-error"><p>', esc_html( $text );
		if ( '' !== $url ) {
			echo ' <a href="', esc_url( $url ), '">', esc_html__( 'Open the settings', 'pilito-product-sync' ), '</a>';
		}
		echo '</p></div>';
	}

	/**
	 * Our page says it in its own place.
	 *
	 * @return bool
	 */
	private static function is_our_page() {
		$screen = get_current_screen();
		return $screen && Pilito_PS_Admin_Page::screen() === $screen->id;
	}
}
