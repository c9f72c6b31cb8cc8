<?php
/**
 * What becomes of the plugin.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Says it to the service, so that an operator can distinguish a silent shop from one without the plugin.
 */
class Pilito_PS_Lifecycle {

	/**
	 * Something became of the plugin. An answer is not needed; a service that cannot be reached holds nothing up.
	 *
	 * @param string $event `activated`, `deactivated` or `uninstalled`.
	 * @return bool Whether the service has taken it.
	 */
	public static function happened( $event ) {
		return '' !== pilito_ps_token() && Pilito_PS_Answer::TAKEN === Pilito_PS_Api::lifecycle( $event )->kind;
	}
}
