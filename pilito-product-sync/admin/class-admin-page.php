<?php
/**
 * The page under WooCommerce.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * The page, its menu entry, and saving without a test.
 */
class Pilito_PS_Admin_Page {

	const SLUG       = 'pilito-product-sync';
	const CAPABILITY = 'manage_woocommerce';
	const NONCE      = 'pilito_ps_admin';

	/**
	 * WordPress' name of the page.
	 *
	 * @var string
	 */
	private static $screen = '';

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		add_action( 'admin_menu', array( __CLASS__, 'menu' ), 99 );
		add_action( 'admin_enqueue_scripts', array( __CLASS__, 'assets' ) );
		add_action( 'admin_post_pilito_ps_save', array( __CLASS__, 'save' ) );
		add_filter( 'plugin_action_links_' . plugin_basename( PILITO_PS_FILE ), array( __CLASS__, 'links' ) );
	}

	/**
	 * Address of the page.
	 *
	 * @return string
	 */
	public static function url() {
		return admin_url( 'admin.php?page=' . self::SLUG );
	}

	/**
	 * WordPress' name of the page.
	 *
	 * @return string
	 */
	public static function screen() {
		return self::$screen;
	}

	/**
	 * Puts the page under WooCommerce.
	 *
	 * @return void
	 */
	public static function menu() {
		self::$screen = (string) add_submenu_page(
			'woocommerce',
			__( 'Pilito Sync', 'pilito-product-sync' ),
			__( 'Pilito Sync', 'pilito-product-sync' ),
			self::CAPABILITY,
			self::SLUG,
			array( __CLASS__, 'show' )
		);
	}

	/**
	 * Adds a way to the page in the list of plugins.
	 *
	 * @param array $links What is there.
	 * @return array
	 */
	public static function links( $links ) {
		$ours = sprintf( '<a href="%s">%s</a>', esc_url( self::url() ), esc_html__( 'Settings', 'pilito-product-sync' ) );
		return current_user_can( self::CAPABILITY ) ? array_merge( array( $ours ), $links ) : $links;
	}

	/**
	 * Loads what the page needs, on the page only.
	 *
	 * @param string $screen WordPress' name of the page that is shown.
	 * @return void
	 */
	public static function assets( $screen ) {
		if ( self::$screen !== $screen ) {
			return;
		}
		wp_enqueue_style( 'pilito-ps', plugins_url( 'admin/css/admin.css', PILITO_PS_FILE ), array(), PILITO_PS_VERSION );
		foreach ( array( 'page', 'parts' ) as $name ) {
			wp_enqueue_style( "pilito-ps-{$name}", plugins_url( "admin/css/{$name}.css", PILITO_PS_FILE ), array( 'pilito-ps' ), PILITO_PS_VERSION );
		}
		wp_enqueue_script( 'pilito-ps', plugins_url( 'admin/js/admin.js', PILITO_PS_FILE ), array( Pilito_PS_Admin_Actions::asking() ), PILITO_PS_VERSION, true );
		Pilito_PS_Format::begin();
		wp_localize_script(
			'pilito-ps',
			'pilitoPS',
			array(
				'status' => Pilito_PS_Admin_Ajax::status(),
				'words'  => array(
					'testing'   => __( 'Testing the connection…', 'pilito-product-sync' ),
					'stored'    => __( 'Stored', 'pilito-product-sync' ),
					'sendAgain' => __( 'Send again', 'pilito-product-sync' ),
				),
			)
		);
		Pilito_PS_Format::end();
		Pilito_PS_Admin_Actions::script( 'setup', array( 'asking' => __( 'Asking your assistant’s search…', 'pilito-product-sync' ) ) );
	}

	/**
	 * Shows the page.
	 *
	 * @return void
	 */
	public static function show() {
		if ( ! current_user_can( self::CAPABILITY ) ) {
			wp_die( esc_html__( 'You may not do this.', 'pilito-product-sync' ), '', array( 'response' => 403 ) );
		}
		$pilito_ps_view = array(
			'api_url'    => pilito_ps_api_url(),
			'has_token'  => '' !== pilito_ps_token(),
			'has_secret' => '' !== pilito_ps_secret(),
			'on'         => 'no' !== get_option( 'pilito_ps_on', 'yes' ),
			'constant'   => self::is_constant( pilito_ps_token() ),
			'step'       => Pilito_PS_Admin_Setup::step(),
			'examples'   => Pilito_PS_Admin_Setup::examples(),
			'choices'    => Pilito_PS_Admin_Settings::view(),
			'log'        => Pilito_PS_Admin_Log::last(),
		);
		require PILITO_PS_DIR . 'admin/views/settings.php';
	}

	/**
	 * Saves what was typed, without a test.
	 *
	 * @return void
	 */
	public static function save() {
		check_admin_referer( self::NONCE, 'nonce' );
		if ( ! current_user_can( self::CAPABILITY ) ) {
			wp_die( esc_html__( 'You may not do this.', 'pilito-product-sync' ), '', array( 'response' => 403 ) );
		}
		$settings = self::typed();
		if ( is_wp_error( $settings ) ) {
			add_settings_error( 'pilito_ps', $settings->get_error_code(), $settings->get_error_message() );
		} else {
			self::keep( $settings );
			add_settings_error( 'pilito_ps', 'saved', __( 'Settings saved.', 'pilito-product-sync' ), 'success' );
		}
		set_transient( 'settings_errors', get_settings_errors(), 30 );
		wp_safe_redirect( add_query_arg( 'settings-updated', 'true', self::url() ) );
		exit;
	}

	/**
	 * Reads the form. A token goes to the server it was typed for and to no other.
	 *
	 * @return array|WP_Error `api_url`, `token`, `secret` (null: as it is), `on`.
	 */
	public static function typed() {
		// phpcs:disable WordPress.Security.NonceVerification.Missing, WordPress.Security.ValidatedSanitizedInput.InputNotSanitized -- the callers verify; secrets are validated, since sanitising would change them.
		$text = static function ( $name ) {
			return isset( $_POST[ $name ] ) && is_string( $_POST[ $name ] ) ? wp_unslash( $_POST[ $name ] ) : '';
		};

		$url    = pilito_ps_read_api_url( $text( 'api_url' ) );
		$token  = pilito_ps_read_token( $text( 'token' ) );
		$secret = pilito_ps_read_secret( $text( 'secret' ) );
		foreach ( array( $url, $token, $secret ) as $read ) {
			if ( is_wp_error( $read ) ) {
				return $read;
			}
		}
		if ( '' === $token && '' !== pilito_ps_token() && self::origin( $url ) !== self::origin( pilito_ps_api_url() ) ) {
			return new WP_Error( 'token_again', __( 'The API address leads to another server. Paste the token again, so that the stored one is not sent there by mistake.', 'pilito-product-sync' ) );
		}
		return array(
			'api_url' => $url,
			'token'   => '' === $token ? pilito_ps_token() : $token,
			'secret'  => '' === $secret && '' === $text( 'forget_secret' ) ? null : $secret,
			'on'      => '' !== $text( 'on' ),
		);
		// phpcs:enable
	}

	/**
	 * Keeps settings and lets the sender try with them.
	 *
	 * @param array $settings As `typed` gives them.
	 * @return void
	 */
	public static function keep( array $settings ) {
		pilito_ps_write_option( 'pilito_ps_api_url', $settings['api_url'] );
		if ( ! self::is_constant( $settings['token'] ) ) {
			pilito_ps_write_hidden( 'pilito_ps_token', $settings['token'] );
		}
		pilito_ps_write_option( 'pilito_ps_on', $settings['on'] ? 'yes' : 'no' );
		if ( null !== $settings['secret'] ) {
			pilito_ps_write_hidden( 'pilito_ps_secret', $settings['secret'] );
		}
		Pilito_PS_State::resume();
		Pilito_PS_Schedule::wake( time() );
	}

	/**
	 * Whether a token is the one of wp-config.php, which is not kept in the database too.
	 *
	 * @param string $token A token.
	 * @return bool
	 */
	private static function is_constant( $token ) {
		return '' !== $token && defined( 'PILITO_PS_TOKEN' ) && is_string( constant( 'PILITO_PS_TOKEN' ) ) && trim( constant( 'PILITO_PS_TOKEN' ) ) === $token;
	}

	/**
	 * Scheme, host and port of an address.
	 *
	 * @param string $url An address.
	 * @return string
	 */
	private static function origin( $url ) {
		$parts = (array) wp_parse_url( $url ) + array(
			'scheme' => '',
			'host'   => '',
			'port'   => '',
		);
		return strtolower( "{$parts['scheme']}://{$parts['host']}:{$parts['port']}" );
	}
}
