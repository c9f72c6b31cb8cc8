<?php
/**
 * The variations of a product.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads variations, each with its own price, stock and measures.
 */
class Pilito_PS_Payload_Variations {

	/**
	 * All variations in the order of the shop, also those switched off.
	 *
	 * @param WC_Product $product A variable product.
	 * @param bool       $plain   Whether shortcodes and blocks are removed instead of rendered.
	 * @return array
	 */
	public static function of( $product, $plain ) {
		$variations = array();
		Pilito_PS_Payload_Ahead::variations( $product->get_children() );
		foreach ( $product->get_children() as $id ) {
			$variation = wc_get_product( $id );
			if ( ! $variation instanceof WC_Product_Variation || 'trash' === $variation->get_status() ) {
				continue;
			}
			$variations[] = array(
				'id'          => $variation->get_id(),
				'type'        => 'variation',
				'parent_id'   => $product->get_id(),
				'status'      => $variation->get_status(),
				'description' => Pilito_PS_Payload_Text::of( $variation, 'description', $plain ),
				'image'       => Pilito_PS_Payload_Facts::image( $variation->get_image_id() ),
				'attributes'  => Pilito_PS_Payload_Attributes::chosen( $variation, $product ),
			) + Pilito_PS_Payload_Facts::of( $variation );
		}
		return $variations;
	}
}
