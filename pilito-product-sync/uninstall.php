<?php
/**
 * Removes everything the plugin made.
 *
 * @package Pilito_Product_Sync
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

if ( ! defined( 'PILITO_PS_VERSION' ) ) {
	require __DIR__ . '/pilito-product-sync.php';
}

/**
 * Removes the tables, the options and the scheduled actions of the site it runs in.
 *
 * @return void
 */
function pilito_ps_uninstall_site() {
	global $wpdb;
	Pilito_PS_Lifecycle::happened( 'uninstalled' );
	// phpcs:disable WordPress.DB -- our own options and tables go with the plugin.
	foreach ( $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like( 'pilito_ps_' ) . '%' ) ) as $name ) {
		delete_option( $name );
	}
	foreach ( $wpdb->get_col( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $wpdb->prefix . 'pilito_ps_' ) . '%' ) ) as $table ) {
		if ( preg_match( '/^\w+$/D', $table ) ) {
			$wpdb->query( "DROP TABLE IF EXISTS {$table}" );
		}
	}
	// phpcs:enable

	$actions = "{$wpdb->prefix}actionscheduler_actions";
	if ( $wpdb->get_var( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $actions ) ) ) === $actions ) { // phpcs:ignore WordPress.DB -- WooCommerce may be gone, its tables not.
		// phpcs:disable WordPress.DB -- as above; %i is not known to WordPress 6.0.
		$wpdb->query( "DELETE logs FROM {$wpdb->prefix}actionscheduler_logs logs JOIN {$actions} actions ON actions.action_id = logs.action_id WHERE actions.hook IN ('pilito_ps_run_regularly', 'pilito_ps_run_soon')" );
		$wpdb->query( "DELETE FROM {$actions} WHERE hook IN ('pilito_ps_run_regularly', 'pilito_ps_run_soon')" );
		$wpdb->query( "DELETE FROM {$wpdb->prefix}actionscheduler_groups WHERE slug = 'pilito-ps'" );
		// phpcs:enable
	}

	delete_metadata( 'user', 0, 'pilito_ps_setup_later', '', true );
	$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->options} WHERE option_name LIKE %s OR option_name LIKE %s", $wpdb->esc_like( '_transient_pilito_ps_' ) . '%', $wpdb->esc_like( '_transient_timeout_pilito_ps_' ) . '%' ) ); // phpcs:ignore WordPress.DB -- our own transients go with the plugin.
}

if ( is_multisite() ) {
	foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $pilito_ps_site ) { // phpcs:ignore WordPress.Arrays.ArrayDeclarationSpacing.AssociativeArrayFound -- one line reads better.
		switch_to_blog( $pilito_ps_site );
		pilito_ps_uninstall_site();
		restore_current_blog();
	}
} else {
	pilito_ps_uninstall_site();
}
