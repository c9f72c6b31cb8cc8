<?php
/**
 * Plugin Name: Pilito Product Sync
 * Description: Sends every product change of your WooCommerce shop to Pilito, so that your AI assistant knows your catalogue.
 * Version: 1.0.0
 * Requires at least: 6.0
 * Requires PHP: 7.4
 * Requires Plugins: woocommerce
 * WC requires at least: 7.0
 * WC tested up to: 11.0
 * Author: Pilito
 * Author URI: https://pilito.com
 * License: GPL-2.0-or-later
 * License URI: https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain: pilito-product-sync
 * Domain Path: /languages
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

define( 'PILITO_PS_VERSION', '1.0.0' );
define( 'PILITO_PS_FILE', __FILE__ );
define( 'PILITO_PS_DIR', plugin_dir_path( __FILE__ ) );
define( 'PILITO_PS_DEFAULT_API', 'https://api.pilito.com' );

require PILITO_PS_DIR . 'includes/autoload.php';
require PILITO_PS_DIR . 'includes/helpers.php';
require PILITO_PS_DIR . 'includes/settings.php';

register_activation_hook( __FILE__, 'pilito_ps_activate' );
register_deactivation_hook( __FILE__, 'pilito_ps_deactivate' );

add_action( 'before_woocommerce_init', 'pilito_ps_declare_compatibility' );
add_action( 'init', 'pilito_ps_load_translations', 0 );
add_action( 'plugins_loaded', 'pilito_ps_start', 20 );
