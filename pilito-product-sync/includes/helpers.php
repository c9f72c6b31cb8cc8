<?php
/**
 * The plugin's beginning and end.
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
	Pilito_PS_Payload_Watch::register();
	Pilito_PS_Exclusions::register();
	Pilito_PS_Schedule::register();
	Pilito_PS_Background::register();
	add_filter( 'site_status_tests', array( 'Pilito_PS_Site_Health', 'tests' ) );
	add_action( 'wp_ajax_health-check-pilito-connection', array( 'Pilito_PS_Site_Health', 'answer' ) );
	if ( defined( 'WP_CLI' ) && WP_CLI ) {
		WP_CLI::add_command( 'pilito', 'Pilito_PS_Cli' );
	}
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
 * Makes the table. Where the shop was connected before, all products are sent, since changes that were made while
 * the plugin was off are in no queue. The schedule follows with the next request, when Action Scheduler is there.
 *
 * @return void
 */
function pilito_ps_activate() {
	Pilito_PS_Queue::install();
	delete_option( Pilito_PS_Schedule::OFF );
	if ( '' !== pilito_ps_token() ) {
		Pilito_PS_Lifecycle::happened( 'activated' );
		Pilito_PS_Background::register();
		Pilito_PS_Bulk::start();
	}
}

/**
 * Stops all work and keeps all data.
 *
 * @return void
 */
function pilito_ps_deactivate() {
	Pilito_PS_Background::stop();
	Pilito_PS_Lifecycle::happened( 'deactivated' );
	Pilito_PS_Schedule::stop();
}
