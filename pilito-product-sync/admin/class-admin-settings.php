<?php
/**
 * The owner's choices on the page: when, what not, and what in addition.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads the form of choices and saves it.
 */
class Pilito_PS_Admin_Settings {

	const ACTION = 'pilito_ps_choose';
	const TERMS  = 500;

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		add_action( 'admin_post_' . self::ACTION, array( __CLASS__, 'save' ) );
	}

	/**
	 * Saves what was chosen.
	 *
	 * @return void
	 */
	public static function save() {
		check_admin_referer( self::ACTION, 'choices_nonce' );
		if ( ! current_user_can( Pilito_PS_Admin_Page::CAPABILITY ) ) {
			wp_die( esc_html__( 'You may not do this.', 'pilito-product-sync' ), '', array( 'response' => 403 ) );
		}
		$quiet = self::number( 'quiet' );
		if ( null === $quiet ) {
			/* translators: 1: the least number, 2: the greatest number */
			add_settings_error( 'pilito_ps', 'quiet', sprintf( __( 'Seconds of quiet: write a whole number from %1$s to %2$s.', 'pilito-product-sync' ), Pilito_PS_Format::number( Pilito_PS_Admin_Choices::SHORTEST_QUIET ), Pilito_PS_Format::number( Pilito_PS_Admin_Choices::LONGEST_QUIET ) ) );
		} else {
			pilito_ps_write_option( Pilito_PS_Admin_Choices::QUIET, $quiet );
			pilito_ps_write_option( Pilito_PS_Admin_Choices::EXCLUDE, self::exclusions() );
			pilito_ps_write_option( Pilito_PS_Admin_Choices::FIELDS, array_slice( self::texts( 'custom_fields' ), 0, Pilito_PS_Admin_Choices::MOST_FIELDS ) );
			add_settings_error( 'pilito_ps', 'saved', __( 'Settings saved.', 'pilito-product-sync' ), 'success' );
		}
		set_transient( 'settings_errors', get_settings_errors(), 30 );
		wp_safe_redirect( add_query_arg( 'settings-updated', 'true', Pilito_PS_Admin_Page::url() ) . '#pilito-ps-choices' );
		exit;
	}

	/**
	 * What the form shows.
	 *
	 * @return array
	 */
	public static function view() {
		$excluded = Pilito_PS_Admin_Choices::excluded();
		return array(
			'quiet'        => Pilito_PS_Admin_Choices::quiet(),
			'out_of_stock' => $excluded['out_of_stock'],
			'products'     => self::titles( $excluded['products'] ),
			'terms'        => array(
				'categories' => self::terms( 'product_cat', $excluded['categories'] ),
				'tags'       => self::terms( 'product_tag', $excluded['tags'] ),
			),
			'fields'       => class_exists( 'Pilito_PS_Payload_Custom' ) ? Pilito_PS_Payload_Custom::candidates() : array(),
			'sent'         => class_exists( 'Pilito_PS_Payload_Fields' ) ? Pilito_PS_Payload_Fields::all() : array(),
		);
	}

	/**
	 * What the form excludes.
	 *
	 * @return array
	 */
	private static function exclusions() {
		$ids = static function ( $name ) {
			return array_values( array_unique( array_filter( array_map( 'absint', array_filter( self::texts( $name ), 'ctype_digit' ) ) ) ) );
		};
		return array(
			'products'     => array_slice( $ids( 'products' ), 0, Pilito_PS_Admin_Choices::MOST_PRODUCTS ),
			'categories'   => array_slice( $ids( 'categories' ), 0, self::TERMS ),
			'tags'         => array_slice( $ids( 'tags' ), 0, self::TERMS ),
			'out_of_stock' => array( '1' ) === self::texts( 'out_of_stock' ),
		);
	}

	/**
	 * Seconds of quiet, in Persian or English digits.
	 *
	 * @param string $name Name of the field.
	 * @return int|null Null where it is no number within the bounds.
	 */
	private static function number( $name ) {
		$typed  = implode( '', self::texts( $name ) );
		$typed  = str_replace( Pilito_PS_Format::PERSIAN, range( 0, 9 ), $typed );
		$number = preg_match( '/^\d{1,4}$/D', $typed ) ? (int) $typed : 0;
		return $number >= Pilito_PS_Admin_Choices::SHORTEST_QUIET && $number <= Pilito_PS_Admin_Choices::LONGEST_QUIET ? $number : null;
	}

	/**
	 * Texts of the form.
	 *
	 * @param string $name Name of the field, which may hold one or several.
	 * @return string[]
	 */
	private static function texts( $name ) {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing, WordPress.Security.ValidatedSanitizedInput -- verified in `save`; sanitised here.
		$typed = isset( $_POST[ $name ] ) ? (array) wp_unslash( $_POST[ $name ] ) : array();
		$texts = array_map( 'sanitize_text_field', array_filter( $typed, 'is_string' ) );
		return array_values( array_filter( array_map( 'trim', $texts ), 'strlen' ) );
	}

	/**
	 * Titles of products.
	 *
	 * @param int[] $ids The products.
	 * @return string[] By id.
	 */
	private static function titles( array $ids ) {
		if ( $ids ) {
			_prime_post_caches( $ids, false, false );
		}
		$titles = array();
		foreach ( $ids as $id ) {
			$title = html_entity_decode( get_the_title( $id ), ENT_QUOTES, 'UTF-8' );
			/* translators: %s: number of a product */
			$titles[ $id ] = '' === $title ? sprintf( __( 'Product %s', 'pilito-product-sync' ), Pilito_PS_Format::digits( (string) $id ) ) : $title;
		}
		return $titles;
	}

	/**
	 * Categories or tags to choose from: those chosen first, then the largest.
	 *
	 * @param string $taxonomy Their kind.
	 * @param int[]  $chosen   Those chosen.
	 * @return array Of `id`, `name` and `chosen`.
	 */
	private static function terms( $taxonomy, array $chosen ) {
		$asked = array(
			'taxonomy'   => $taxonomy,
			'hide_empty' => false,
		);
		$found = $chosen ? get_terms( $asked + array( 'include' => $chosen ) ) : array();
		$more  = get_terms(
			$asked + array(
				'orderby' => 'count',
				'order'   => 'DESC',
				'number'  => self::TERMS,
			)
		);
		$terms = array();
		foreach ( array_merge( is_array( $found ) ? $found : array(), is_array( $more ) ? $more : array() ) as $term ) {
			$terms[ $term->term_id ] = array(
				'id'     => $term->term_id,
				'name'   => html_entity_decode( $term->name, ENT_QUOTES, 'UTF-8' ),
				'chosen' => in_array( $term->term_id, $chosen, true ),
			);
		}
		return array_values( $terms );
	}
}
