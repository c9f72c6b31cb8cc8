<?php
/**
 * The box in the editor of a product.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Shows what the assistant knows of the product, sends it now, and excludes it.
 */
class Pilito_PS_Admin_Product_Box {

	const FRESH       = 60;
	const TEXT_LENGTH = 1200;

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		add_action( 'add_meta_boxes_product', array( __CLASS__, 'add' ) );
		add_action( 'admin_enqueue_scripts', array( __CLASS__, 'assets' ) );
		Pilito_PS_Admin_Actions::on( 'explain', array( __CLASS__, 'explain' ) );
		Pilito_PS_Admin_Actions::on( 'exclude', array( __CLASS__, 'exclude' ) );
	}

	/**
	 * Adds the box at the side.
	 *
	 * @return void
	 */
	public static function add() {
		if ( current_user_can( Pilito_PS_Admin_Page::CAPABILITY ) ) {
			add_meta_box( 'pilito-ps-box', __( 'What Pilito knows', 'pilito-product-sync' ), array( __CLASS__, 'show' ), 'product', 'side' );
		}
	}

	/**
	 * Shows the box as the shop knows it; the script asks the service afterwards.
	 *
	 * @param WP_Post $post The product.
	 * @return void
	 */
	public static function show( $post ) {
		$states         = Pilito_PS_Admin_Product_State::of( array( $post->ID ) );
		$pilito_ps_view = array(
			'id'       => (int) $post->ID,
			'ready'    => '' !== pilito_ps_token(),
			'saved'    => 'auto-draft' !== $post->post_status,
			'state'    => isset( $states[ $post->ID ] ) ? $states[ $post->ID ] : null,
			'excluded' => in_array( (int) $post->ID, Pilito_PS_Admin_Choices::excluded()['products'], true ),
		);
		require PILITO_PS_DIR . 'admin/views/product-box.php';
	}

	/**
	 * Loads the script, in the editor of products only.
	 *
	 * @param string $page Name of the page.
	 * @return void
	 */
	public static function assets( $page ) {
		$screen = get_current_screen();
		if ( ! in_array( $page, array( 'post.php', 'post-new.php' ), true ) || ! $screen || 'product' !== $screen->id || ! current_user_can( Pilito_PS_Admin_Page::CAPABILITY ) ) {
			return;
		}
		Pilito_PS_Admin_Actions::script(
			'products',
			array(
				'sending' => __( 'Sending…', 'pilito-product-sync' ),
				'asking'  => __( 'Asking Pilito…', 'pilito-product-sync' ),
				'exclude' => __( 'Exclude this product', 'pilito-product-sync' ),
				'include' => __( 'Include this product', 'pilito-product-sync' ),
				'title'   => __( 'Title', 'pilito-product-sync' ),
				'price'   => __( 'Price', 'pilito-product-sync' ),
				'stock'   => __( 'Stock', 'pilito-product-sync' ),
			),
			array( 'survey' => false )
		);
	}

	/**
	 * What the service knows of one product, kept for a minute.
	 *
	 * @return array|WP_Error
	 */
	public static function explain() {
		$ids   = Pilito_PS_Admin_Actions::ids();
		$id    = $ids ? $ids[0] : 0;
		$local = Pilito_PS_Admin_Product_State::of( array( $id ) );
		if ( ! isset( $local[ $id ] ) || ! current_user_can( 'edit_post', $id ) ) {
			return new WP_Error( 'no_product', __( 'There is no such product.', 'pilito-product-sync' ) );
		}
		$key  = self::kept( $id, Pilito_PS_Format::is_persian() ? 'fa' : 'en' );
		$said = $local[ $id ]['fresh'] ? get_transient( $key ) : false;
		if ( ! is_array( $said ) ) {
			$said = Pilito_PS_Admin_Ask::explain( $id );
			if ( is_wp_error( $said ) ) {
				return $said;
			}
			set_transient( $key, $said, self::FRESH );
			Pilito_PS_Admin_Product_Answers::learn( array( $id ) ); // so that the state is not older than the explanation.
			$local = Pilito_PS_Admin_Product_State::of( array( $id ) );
		}
		return array(
			'state'  => $local[ $id ],
			'words'  => self::sentences( $said, $local[ $id ] ),
			'known'  => self::known( $said ),
			'latest' => isset( $said['product']['updated_at'] ) && is_string( $said['product']['updated_at'] ) ? self::latest( $said['product']['updated_at'] ) : '',
		);
	}

	/**
	 * Excludes the product, or includes it.
	 *
	 * @return array|WP_Error
	 */
	public static function exclude() {
		$ids = Pilito_PS_Admin_Actions::ids();
		$id  = $ids ? $ids[0] : 0;
		$out = '1' === Pilito_PS_Admin_Actions::text( 'out', 1 );
		if ( 'product' !== get_post_type( $id ) || ! current_user_can( 'edit_post', $id ) ) {
			return new WP_Error( 'no_product', __( 'There is no such product.', 'pilito-product-sync' ) );
		}
		if ( ! Pilito_PS_Admin_Choices::exclude_product( $id, $out ) ) {
			/* translators: %s: a number */
			return new WP_Error( 'too_many', sprintf( __( 'At most %s products can be excluded one by one. Exclude a category or a tag instead.', 'pilito-product-sync' ), Pilito_PS_Format::number( Pilito_PS_Admin_Choices::MOST_PRODUCTS ) ) );
		}
		Pilito_PS_Admin_Send_Now::run( array( $id ) );
		$states = Pilito_PS_Admin_Product_State::of( array( $id ) );
		return array(
			'state'    => $states[ $id ],
			'excluded' => $out,
		);
	}

	/**
	 * Lets the service be asked again.
	 *
	 * @param int[] $ids The products.
	 * @return void
	 */
	public static function forget( array $ids ) {
		foreach ( $ids as $id ) {
			delete_transient( self::kept( $id, 'fa' ) );
			delete_transient( self::kept( $id, 'en' ) );
		}
	}

	/**
	 * Name of the transient that keeps an explanation.
	 *
	 * @param int    $id       The product.
	 * @param string $language Of the explanation.
	 * @return string
	 */
	private static function kept( $id, $language ) {
		return "pilito_ps_explain_{$language}_{$id}";
	}

	/**
	 * What the service says about the product, unless the shop itself knows better.
	 *
	 * @param array $said  The explanation.
	 * @param array $state The state in the shop; its `why` stands above and is not said again.
	 * @return string
	 */
	private static function sentences( array $said, array $state ) {
		if ( in_array( $state['state'], array( 'excluded', 'failed' ), true ) ) {
			return '';
		}
		$parts = array();
		foreach ( 'known' === $state['state'] ? array( 'message' ) : array( 'message', 'what_to_do' ) as $name ) {
			$parts[] = isset( $said[ $name ] ) && is_string( $said[ $name ] ) ? Pilito_PS_Format::sentence( sanitize_text_field( $said[ $name ] ) ) : '';
		}
		return trim( mb_substr( implode( ' ', array_diff( $parts, array( $state['why'] ) ) ), 0, 600 ) );
	}

	/**
	 * What is known of the product.
	 *
	 * @param array $said The explanation.
	 * @return array|null `title`, `price`, `stock` and `text`.
	 */
	private static function known( array $said ) {
		$known = isset( $said['what_is_known'] ) && is_array( $said['what_is_known'] ) ? $said['what_is_known'] : null;
		return null === $known ? null : array(
			'title' => Pilito_PS_Admin_Found::text( $known, 'title', 300 ),
			'price' => Pilito_PS_Admin_Found::price( $known ),
			'stock' => Pilito_PS_Admin_Found::stock( $known ),
			'text'  => Pilito_PS_Admin_Found::text( $known, 'text', self::TEXT_LENGTH ),
		);
	}

	/**
	 * When the service learned of the product's latest change.
	 *
	 * @param string $moment A moment in ISO's form.
	 * @return string
	 */
	private static function latest( $moment ) {
		$at = strtotime( $moment );
		/* translators: %s: date and time */
		return $at ? sprintf( __( 'Last change that reached Pilito: %s', 'pilito-product-sync' ), Pilito_PS_Calendar::moment( $at ) ) : '';
	}
}
