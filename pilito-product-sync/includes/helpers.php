<?php
/**
 * The plugin's beginning and end, and the settings of the shop owner.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Starts the plugin where WooCommerce runs, else says what is missing.
 *
 * @return void
 */
function pilito_ps_start() {
	if ( is_admin() ) {
		require_once PILITO_PS_DIR . 'admin/class-admin-notices.php';
		Pilito_PS_Admin_Notices::register();
	}
	if ( ! pilito_ps_has_woocommerce() ) {
		return;
	}
	Pilito_PS_Queue::install();
	Pilito_PS_Hooks::register();
	Pilito_PS_Schedule::register();
	if ( is_admin() ) {
		require_once PILITO_PS_DIR . 'admin/load.php';
	}
}

/**
 * Whether WooCommerce has been loaded in a version that can be worked with.
 *
 * @return bool
 */
function pilito_ps_has_woocommerce() {
	return class_exists( 'WooCommerce' ) && function_exists( 'wc_get_product' );
}

/**
 * Tells WooCommerce that orders may be kept in its own tables: the plugin does not touch them.
 *
 * @return void
 */
function pilito_ps_declare_compatibility() {
	if ( class_exists( '\Automattic\WooCommerce\Utilities\FeaturesUtil' ) ) {
		\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( 'custom_order_tables', PILITO_PS_FILE, true );
	}
}

/**
 * Loads the translations that come with the plugin.
 *
 * @return void
 */
function pilito_ps_load_translations() {
	load_plugin_textdomain( 'pilito-product-sync', false, dirname( plugin_basename( PILITO_PS_FILE ) ) . '/languages' ); // phpcs:ignore PluginCheck.CodeAnalysis.DiscouragedFunctions.load_plugin_textdomainFound -- the translations are bundled, not from wordpress.org.
}

/**
 * Makes the table; the schedule follows with the next request, when Action Scheduler is there.
 *
 * @return void
 */
function pilito_ps_activate() {
	Pilito_PS_Queue::install();
}

/**
 * Stops all work and keeps all data.
 *
 * @return void
 */
function pilito_ps_deactivate() {
	Pilito_PS_Schedule::stop();
}

/**
 * An option that is read afresh, not from what this process remembers.
 *
 * @param string $name Name of the option.
 * @return mixed False if there is none.
 */
function pilito_ps_fresh_option( $name ) {
	wp_cache_delete( $name, 'options' );
	return get_option( $name );
}

/**
 * Writes an option that is not loaded with every page.
 *
 * @param string $name  Name of the option.
 * @param mixed  $value Its value.
 * @return void
 */
function pilito_ps_write_option( $name, $value ) {
	update_option( $name, $value, false );
}

/**
 * Keeps a secret as an array: WordPress shows plain options to administrators, but not what is in an array.
 *
 * @param string $name   Name of the option.
 * @param string $secret The secret.
 * @return void
 */
function pilito_ps_write_hidden( $name, $secret ) {
	pilito_ps_write_option( $name, array( 'hidden' => $secret ) );
}

/**
 * Reads what `pilito_ps_write_hidden` wrote.
 *
 * @param string $name Name of the option.
 * @return string Empty where there is none.
 */
function pilito_ps_read_hidden( $name ) {
	$kept = get_option( $name );
	return is_array( $kept ) && isset( $kept['hidden'] ) ? (string) $kept['hidden'] : '';
}

/**
 * The integration token, or an empty string.
 *
 * @return string
 */
function pilito_ps_token() {
	return pilito_ps_read_hidden( 'pilito_ps_token' );
}

/**
 * The secret that deliveries are signed with, or an empty string.
 *
 * @return string
 */
function pilito_ps_secret() {
	return pilito_ps_read_hidden( 'pilito_ps_secret' );
}

/**
 * The address of the service, without a slash at its end.
 *
 * @return string
 */
function pilito_ps_api_url() {
	return untrailingslashit( (string) get_option( 'pilito_ps_api_url', PILITO_PS_DEFAULT_API ) );
}

/**
 * Whether the owner wants changes to be sent.
 *
 * @return bool
 */
function pilito_ps_is_on() {
	return 'yes' === pilito_ps_fresh_option( 'pilito_ps_on' );
}

/**
 * Reads a token as it was typed or pasted.
 *
 * @param string $typed What was typed.
 * @return string|WP_Error The token; empty where nothing was typed.
 */
function pilito_ps_read_token( $typed ) {
	$token = trim( $typed );
	if ( '' !== $token && ! preg_match( '/^[A-Za-z0-9_-]{20,200}$/D', $token ) ) {
		return new WP_Error( 'token_shape', __( 'This does not look like a token. Copy it again as a whole: it begins with wc_sk_live_ and has no spaces.', 'pilito-product-sync' ) );
	}
	return $token;
}

/**
 * Reads a signing secret as it was typed or pasted.
 *
 * @param string $typed What was typed.
 * @return string|WP_Error The secret; empty where nothing was typed.
 */
function pilito_ps_read_secret( $typed ) {
	$secret = trim( $typed );
	if ( '' !== $secret && ( ! preg_match( '/^[\x21-\x7E]{8,255}$/D', $secret ) || '' === Pilito_PS_Signature::key( $secret ) ) ) {
		return new WP_Error( 'secret_shape', __( 'This does not look like a signing secret. Copy it again as a whole: it usually begins with whsec_.', 'pilito-product-sync' ) );
	}
	return $secret;
}

/**
 * Reads the address of the service; plain HTTP would show the token to everybody on the way.
 *
 * @param string $typed What was typed.
 * @return string|WP_Error The address, without a slash at its end.
 */
function pilito_ps_read_api_url( $typed ) {
	$url   = untrailingslashit( esc_url_raw( trim( $typed ), array( 'https', 'http' ) ) );
	$parts = wp_parse_url( $url );
	if ( '' === $url || empty( $parts['host'] ) || isset( $parts['user'] ) || isset( $parts['query'] ) || isset( $parts['fragment'] ) ) {
		/* translators: %s: an example address */
		return new WP_Error( 'url_shape', sprintf( __( 'The API address must look like %s.', 'pilito-product-sync' ), PILITO_PS_DEFAULT_API ) );
	}
	if ( 'https' !== $parts['scheme'] && ! pilito_ps_is_private_host( $parts['host'] ) ) {
		return new WP_Error( 'url_plain', __( 'The API address must begin with https://, because the token would otherwise travel readable by others.', 'pilito-product-sync' ) );
	}
	return $url;
}

/**
 * Whether a host is this machine or in its own network, where plain HTTP is common.
 *
 * @param string $host Host name or address.
 * @return bool
 */
function pilito_ps_is_private_host( $host ) {
	$host = trim( strtolower( $host ), '[]' );
	if ( filter_var( $host, FILTER_VALIDATE_IP ) ) {
		return ! filter_var( $host, FILTER_VALIDATE_IP, FILTER_FLAG_NO_PRIV_RANGE | FILTER_FLAG_NO_RES_RANGE );
	}
	return 'localhost' === $host || (bool) preg_match( '/\.(test|local|localhost|internal)$/D', $host );
}
