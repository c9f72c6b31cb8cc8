<?php
/**
 * Attributes of products and the choices of variations.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads attributes with the names a shopper sees, also where the attribute has been deleted since.
 */
class Pilito_PS_Payload_Attributes {

	/**
	 * The attributes of a product with their options.
	 *
	 * @param WC_Product $product A product.
	 * @return array
	 */
	public static function of( $product ) {
		$attributes = array();
		foreach ( $product->get_attributes() as $attribute ) {
			if ( ! $attribute instanceof WC_Product_Attribute ) {
				continue;
			}
			$options = $attribute->get_options();
			if ( $attribute->is_taxonomy() ) {
				$options = wc_get_product_terms( $product->get_id(), $attribute->get_name(), array( 'fields' => 'names' ) );
			}
			$attributes[] = array(
				'name'      => self::label( $attribute->get_name(), $product ),
				'slug'      => urldecode( $attribute->get_name() ),
				'options'   => is_array( $options ) ? array_map( array( 'Pilito_PS_Payload_Terms', 'plain' ), array_values( $options ) ) : array(),
				'visible'   => $attribute->get_visible(),
				'variation' => $attribute->get_variation(),
			);
		}
		return $attributes;
	}

	/**
	 * What a variation stands for: رنگ → مشکی. An empty choice means any.
	 *
	 * @param WC_Product $variation The variation.
	 * @param WC_Product $product   Its product.
	 * @return array
	 */
	public static function chosen( $variation, $product ) {
		$chosen = array();
		foreach ( $variation->get_attributes() as $name => $value ) {
			if ( '' === (string) $value ) {
				continue;
			}
			$term     = taxonomy_exists( $name ) ? get_term_by( 'slug', $value, $name ) : false;
			$chosen[] = array(
				'name'   => self::label( $name, $product ),
				'option' => $term instanceof WP_Term ? Pilito_PS_Payload_Terms::plain( $term->name ) : urldecode( (string) $value ),
			);
		}
		return $chosen;
	}

	/**
	 * The name of an attribute; of a deleted one, its slug in readable letters.
	 *
	 * @param string     $name    Name of the attribute, such as `pa_size`.
	 * @param WC_Product $product The product that has it.
	 * @return string
	 */
	private static function label( $name, $product ) {
		$label = Pilito_PS_Payload_Terms::plain( wc_attribute_label( $name, $product ) );
		if ( '' !== $label && $label !== $name ) {
			return urldecode( $label );
		}
		return urldecode( (string) preg_replace( '/^pa_/', '', $name ) );
	}
}
