<?php
/**
 * The column, the filter and "send now" in the list of products.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * The list is built from the shop's own tables. When it is on the screen, its script asks the service once
 * for the products whose state is older than a minute.
 */
class Pilito_PS_Admin_Product_List {

	const SCREEN = 'edit-product';
	const COLUMN = 'pilito_ps';
	const FILTER = 'pilito_ps_state';
	const BULK   = 'pilito_ps_send';
	const SENT   = 'pilito_ps_sent';

	/**
	 * The states of the products on the screen, by id.
	 *
	 * @var array|null
	 */
	private static $states = null;

	/**
	 * Begins to listen.
	 *
	 * @return void
	 */
	public static function register() {
		add_filter( 'manage_edit-product_columns', array( __CLASS__, 'columns' ), 30 );
		add_action( 'manage_product_posts_custom_column', array( __CLASS__, 'cell' ), 20, 2 );
		add_action( 'restrict_manage_posts', array( __CLASS__, 'filter_menu' ), 30 );
		add_filter( 'posts_clauses', array( __CLASS__, 'filter' ), 20, 2 );
		add_filter( 'post_row_actions', array( __CLASS__, 'row_actions' ), 120, 2 );
		add_filter( 'bulk_actions-' . self::SCREEN, array( __CLASS__, 'bulk_actions' ) );
		add_filter( 'handle_bulk_actions-' . self::SCREEN, array( __CLASS__, 'bulk' ), 10, 3 );
		add_action( 'admin_notices', array( __CLASS__, 'sent_notice' ) );
		add_action( 'admin_enqueue_scripts', array( __CLASS__, 'assets' ) );
	}

	/**
	 * Adds the column, before the date.
	 *
	 * @param array $columns What is there.
	 * @return array
	 */
	public static function columns( $columns ) {
		if ( ! self::may() ) {
			return $columns;
		}
		$ours = array( self::COLUMN => __( 'Pilito', 'pilito-product-sync' ) );
		$date = isset( $columns['date'] ) ? array( 'date' => $columns['date'] ) : array();
		return array_diff_key( $columns, $date ) + $ours + $date;
	}

	/**
	 * Shows the state of one product.
	 *
	 * @param string $column Name of the column.
	 * @param int    $id     The product.
	 * @return void
	 */
	public static function cell( $column, $id ) {
		if ( self::COLUMN !== $column || ! self::may() ) {
			return;
		}
		if ( ! isset( self::$states[ $id ] ) ) {
			global $wp_query;
			self::$states = Pilito_PS_Admin_Product_State::of( array_merge( array( $id ), wp_list_pluck( (array) $wp_query->posts, 'ID' ) ) );
		}
		if ( isset( self::$states[ $id ] ) ) {
			self::show( (int) $id, self::$states[ $id ] );
		}
	}

	/**
	 * Shows a state; js/products.js writes the same elements.
	 *
	 * @param int   $id    The product.
	 * @param array $state As Pilito_PS_Admin_Product_State gives it.
	 * @return void
	 */
	public static function show( $id, array $state ) {
		printf(
			'<div class="pilito-ps-state" data-pilito="%d" data-state="%s"%s><span class="pilito-ps-mark"></span><span class="pilito-ps-label">%s</span><span class="pilito-ps-why" title="%s">%s</span></div>',
			absint( $id ),
			esc_attr( $state['state'] ),
			$state['fresh'] ? '' : ' data-ask',
			esc_html( $state['label'] ),
			esc_attr( $state['why'] ),
			esc_html( $state['why'] )
		);
	}

	/**
	 * Shows the menu of states above the list.
	 *
	 * @param string $post_type What the list shows.
	 * @return void
	 */
	public static function filter_menu( $post_type ) {
		if ( 'product' !== $post_type || ! self::may() ) {
			return;
		}
		$chosen = self::chosen();
		echo '<label class="screen-reader-text" for="pilito-ps-state">', esc_html__( 'Filter by what Pilito knows', 'pilito-product-sync' ), '</label>';
		echo '<select name="', esc_attr( self::FILTER ), '" id="pilito-ps-state"><option value="">', esc_html__( 'Pilito: all', 'pilito-product-sync' ), '</option>';
		foreach ( Pilito_PS_Admin_Product_State::labels() as $state => $label ) {
			/* translators: %s: a state, such as "Waiting" */
			printf( '<option value="%s"%s>%s</option>', esc_attr( $state ), selected( $state, $chosen, false ), esc_html( sprintf( __( 'Pilito: %s', 'pilito-product-sync' ), $label ) ) );
		}
		echo '</select>';
	}

	/**
	 * Narrows the list to a state.
	 *
	 * @param array    $clauses Parts of the SQL.
	 * @param WP_Query $query   The query.
	 * @return array
	 */
	public static function filter( $clauses, $query ) {
		global $wpdb, $pagenow;
		$state = self::chosen();
		if ( '' === $state || ! is_admin() || 'edit.php' !== $pagenow || ! $query->is_main_query() || 'product' !== $query->get( 'post_type' ) || ! self::may() ) {
			return $clauses;
		}
		$condition = Pilito_PS_Admin_Product_State::condition( $state );
		if ( '' !== $condition ) {
			$clauses['join']  .= ' LEFT JOIN ' . Pilito_PS_Queue::table() . " AS pilito_queue ON pilito_queue.product_id = {$wpdb->posts}.ID LEFT JOIN " . Pilito_PS_Known::table() . " AS pilito_known ON pilito_known.product_id = {$wpdb->posts}.ID";
			$clauses['where'] .= " AND ({$condition})";
		}
		return $clauses;
	}

	/**
	 * Adds "send now" to a product of the list.
	 *
	 * @param array   $actions What is there.
	 * @param WP_Post $post    The product.
	 * @return array
	 */
	public static function row_actions( $actions, $post ) {
		if ( 'product' !== $post->post_type || 'trash' === $post->post_status || ! self::may() ) {
			return $actions;
		}
		$actions[ self::BULK ] = sprintf( '<button type="button" class="button-link pilito-ps-send" data-id="%d">%s</button>', absint( $post->ID ), esc_html__( 'Send to Pilito now', 'pilito-product-sync' ) );
		return $actions;
	}

	/**
	 * Adds "send now" to the menu for several products.
	 *
	 * @param array $actions What is there.
	 * @return array
	 */
	public static function bulk_actions( $actions ) {
		return self::may() ? $actions + array( self::BULK => __( 'Send to Pilito now', 'pilito-product-sync' ) ) : $actions;
	}

	/**
	 * Queues the chosen products; WordPress has verified the nonce of the list.
	 *
	 * @param string $to     Where the browser goes afterwards.
	 * @param string $action Name of the chosen action.
	 * @param array  $ids    Products.
	 * @return string
	 */
	public static function bulk( $to, $action, $ids ) {
		if ( self::BULK !== $action || ! self::may() ) {
			return $to;
		}
		return add_query_arg( self::SENT, Pilito_PS_Admin_Send_Now::queue( array_map( 'absint', (array) $ids ) ), $to );
	}

	/**
	 * Says how many products were queued.
	 *
	 * @return void
	 */
	public static function sent_notice() {
		$screen = get_current_screen();
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- a number that is only shown.
		if ( ! $screen || self::SCREEN !== $screen->id || ! isset( $_GET[ self::SENT ] ) || ! is_string( $_GET[ self::SENT ] ) ) {
			return;
		}
		$count = absint( $_GET[ self::SENT ] ); // phpcs:ignore WordPress.Security.NonceVerification.Recommended -- as above.
		/* translators: %s: a number */
		echo '<div class="notice notice-success is-dismissible"><p>', esc_html( sprintf( __( 'Products that are sent to Pilito now: %s', 'pilito-product-sync' ), Pilito_PS_Format::number( $count ) ) ), '</p></div>';
	}

	/**
	 * Loads the script, in the list only.
	 *
	 * @param string $page Name of the page.
	 * @return void
	 */
	public static function assets( $page ) {
		$screen = get_current_screen();
		if ( 'edit.php' !== $page || ! $screen || self::SCREEN !== $screen->id || ! self::may() ) {
			return;
		}
		Pilito_PS_Admin_Actions::script(
			'products',
			array(
				'sending' => __( 'Sending…', 'pilito-product-sync' ),
				'newer'   => __( 'Pilito has newer states for this list.', 'pilito-product-sync' ),
				'again'   => __( 'Show them', 'pilito-product-sync' ),
			),
			array( 'survey' => in_array( self::chosen(), array( 'known', 'hidden', 'unknown', 'failed', 'waiting' ), true ) )
		);
	}

	/**
	 * Whether the reader manages the shop, and the shop is connected.
	 *
	 * @return bool
	 */
	private static function may() {
		return current_user_can( Pilito_PS_Admin_Page::CAPABILITY ) && '' !== pilito_ps_token();
	}

	/**
	 * The state the list is narrowed to.
	 *
	 * @return string Empty for all.
	 */
	private static function chosen() {
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- a filter that changes nothing.
		return isset( $_GET[ self::FILTER ] ) && is_string( $_GET[ self::FILTER ] ) ? sanitize_key( $_GET[ self::FILTER ] ) : '';
	}
}
