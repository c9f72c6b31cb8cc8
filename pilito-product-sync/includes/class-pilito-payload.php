<?php
/**
 * A product as it is sent.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

foreach ( array( 'visitor', 'text', 'terms', 'attributes', 'prices', 'facts', 'variations', 'custom', 'size', 'fields', 'watch' ) as $pilito_ps_part ) {
	require_once PILITO_PS_DIR . "includes/payload/class-pilito-payload-{$pilito_ps_part}.php";
}
unset( $pilito_ps_part );
require_once PILITO_PS_DIR . 'includes/class-pilito-exclusions.php';

/**
 * Reads a product, with its variations inside, at the moment it is sent.
 */
class Pilito_PS_Payload {

	/**
	 * Raised whenever more is read of a product: an update then sends all products once more.
	 */
	const READING = 2;

	/**
	 * What a product is now, whatever happened to it.
	 *
	 * A product that is excluded is read as deleted, so that the assistant forgets it.
	 *
	 * @param int    $product_id The product.
	 * @param string $kind       What happened, as far as it was noted.
	 * @param bool   $plain      Whether shortcodes and blocks are removed instead of rendered.
	 * @return array|null Kind of event and product; null where nothing is to be sent.
	 * @throws RuntimeException When the product is there but WooCommerce cannot read it.
	 */
	public static function read( $product_id, $kind, $plain = false ) {
		return Pilito_PS_Payload_Visitor::run(
			static function () use ( $product_id, $kind, $plain ) {
				return self::described( $product_id, $kind, $plain );
			},
			get_post( $product_id )
		);
	}

	/**
	 * Reads a product; see read().
	 *
	 * @param int    $product_id The product.
	 * @param string $kind       What happened, as far as it was noted.
	 * @param bool   $plain      Whether shortcodes and blocks are removed instead of rendered.
	 * @return array|null Kind of event and product; null where nothing is to be sent.
	 * @throws RuntimeException When the product is there but WooCommerce cannot read it.
	 */
	private static function described( $product_id, $kind, $plain ) {
		$post = get_post( $product_id );
		$gone = array( 'deleted', array( 'id' => (int) $product_id ) );
		if ( ! $post instanceof WP_Post || 'product' !== $post->post_type || 'trash' === $post->post_status ) {
			return $gone;
		}
		if ( in_array( $post->post_status, Pilito_PS_Hooks::UNBORN, true ) ) {
			return null;
		}
		$product = wc_get_product( $product_id );
		if ( ! $product instanceof WC_Product ) {
			throw new RuntimeException( 'wc_get_product found nothing' );
		}
		if ( null !== Pilito_PS_Exclusions::reason( $product ) ) {
			return $gone;
		}
		$described = Pilito_PS_Payload_Size::within( self::filtered( self::product( $product, $post, $plain ), $product ) );
		return array( 'deleted' === $kind ? 'restored' : $kind, $described );
	}

	/**
	 * Lets other plugins change what is sent; the id stays, since the answer is matched by it.
	 *
	 * @param array      $described The product as it would be sent.
	 * @param WC_Product $product   The product.
	 * @return array
	 */
	private static function filtered( array $described, $product ) {
		/**
		 * Filters a product before it is sent to Pilito.
		 *
		 * @since 1.1.0
		 *
		 * @param array      $described The product in the form of Pilito's API.
		 * @param WC_Product $product   The product.
		 */
		$changed = apply_filters( 'pilito_ps_product', $described, $product );
		return array( 'id' => $product->get_id() ) + ( is_array( $changed ) ? $changed : $described );
	}

	/**
	 * A product in the form of the contract.
	 *
	 * @param WC_Product $product The product.
	 * @param WP_Post    $post    Its post.
	 * @param bool       $plain   Whether shortcodes and blocks are removed instead of rendered.
	 * @return array
	 */
	private static function product( $product, $post, $plain ) {
		$described = array(
			'id'                 => $product->get_id(),
			'name'               => $product->get_name(),
			'slug'               => urldecode( $product->get_slug() ),
			'type'               => $product->get_type(),
			'status'             => $product->get_status(),
			'catalog_visibility' => $product->get_catalog_visibility(),
			'post_password'      => '' === (string) $post->post_password ? '' : 'protected',
			'short_description'  => Pilito_PS_Payload_Text::of( $product, 'short_description', $plain ),
			'description'        => Pilito_PS_Payload_Text::of( $product, 'description', $plain ),
		);

		$described += Pilito_PS_Payload_Facts::of( $product );
		$described += array(
			'currency'           => get_woocommerce_currency(),
			'price_includes_tax' => Pilito_PS_Payload_Prices::include_tax(),
			'image'              => Pilito_PS_Payload_Facts::image( $product->get_image_id() ),
			'gallery'            => array_values( array_filter( array_map( array( 'Pilito_PS_Payload_Facts', 'image' ), $product->get_gallery_image_ids() ) ) ),
			'categories'         => Pilito_PS_Payload_Terms::categories( $product->get_id() ),
			'tags'               => Pilito_PS_Payload_Terms::of( $product->get_id(), 'product_tag' ),
			'brands'             => Pilito_PS_Payload_Terms::brands( $product->get_id() ),
			'attributes'         => Pilito_PS_Payload_Attributes::of( $product ),
			'custom_fields'      => Pilito_PS_Payload_Custom::of( $product->get_id() ),
			'date_created_gmt'   => Pilito_PS_Payload_Facts::moment( $product->get_date_created() ),
		);

		$described += Pilito_PS_Payload_Facts::of_product( $product );
		if ( $product instanceof WC_Product_Variable ) {
			$described['variations'] = Pilito_PS_Payload_Variations::of( $product, $plain );
		}
		return $described + Pilito_PS_Payload_Terms::language( $product->get_id() );
	}
}
