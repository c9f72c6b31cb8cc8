<?php
/**
 * Loads the classes of the admin.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

require_once PILITO_PS_DIR . 'includes/class-pilito-format.php';
require_once PILITO_PS_DIR . 'includes/class-pilito-calendar.php';
require_once PILITO_PS_DIR . 'includes/class-pilito-known.php';
require_once PILITO_PS_DIR . 'admin/class-admin-actions.php';
require_once PILITO_PS_DIR . 'admin/class-admin-ask.php';
require_once PILITO_PS_DIR . 'admin/class-admin-choices.php';
require_once PILITO_PS_DIR . 'admin/class-admin-found.php';
require_once PILITO_PS_DIR . 'admin/class-admin-page.php';
require_once PILITO_PS_DIR . 'admin/class-admin-ajax.php';
require_once PILITO_PS_DIR . 'admin/class-admin-log.php';
require_once PILITO_PS_DIR . 'admin/class-admin-settings.php';
require_once PILITO_PS_DIR . 'admin/class-admin-setup.php';
require_once PILITO_PS_DIR . 'admin/class-admin-send-now.php';
require_once PILITO_PS_DIR . 'admin/class-admin-product-state.php';
require_once PILITO_PS_DIR . 'admin/class-admin-product-answers.php';
require_once PILITO_PS_DIR . 'admin/class-admin-product-list.php';
require_once PILITO_PS_DIR . 'admin/class-admin-product-box.php';

Pilito_PS_Known::install();
Pilito_PS_Admin_Page::register();
Pilito_PS_Admin_Ajax::register();
Pilito_PS_Admin_Found::register();
Pilito_PS_Admin_Settings::register();
Pilito_PS_Admin_Setup::register();
Pilito_PS_Admin_Product_Answers::register();
Pilito_PS_Admin_Product_List::register();
Pilito_PS_Admin_Product_Box::register();
