<?php
/**
 * Commands for WP-CLI.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Shows and sends products of this shop to Pilito.
 */
class Pilito_PS_Cli {

	/**
	 * Shows how things are. Ends with 1 where something is wrong.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : table or json.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 * ---
	 *
	 * @param array $arguments Unused.
	 * @param array $options   Options.
	 * @return void
	 */
	public function status( $arguments, $options ) {
		$now   = Pilito_PS_Status::now();
		$state = Pilito_PS_State::get();
		$bulk  = Pilito_PS_Bulk::progress();
		$shown = array(
			'mood'         => $now['mood'],
			'headline'     => $now['headline'],
			'problem'      => $now['problem'],
			'code'         => $now['code'],
			'api_url'      => pilito_ps_api_url(),
			'store'        => $state['store'],
			'left'         => $now['left'],
			'failed'       => $now['failed'],
			'overdue'      => $now['overdue'],
			'sync'         => $bulk['running'] ? $bulk['percent'] . '%' : '',
			'last_success' => $state['last_success'] ? gmdate( 'c', $state['last_success'] ) : '',
		);
		if ( isset( $options['format'] ) && 'json' === $options['format'] ) {
			WP_CLI::line( (string) wp_json_encode( $shown, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES ) );
		} else {
			foreach ( $shown as $name => $value ) {
				WP_CLI::line( sprintf( '%-13s %s', $name, $value ) );
			}
		}
		if ( 'bad' === $now['mood'] ) {
			WP_CLI::halt( 1 );
		}
	}

	/**
	 * Sends all products, and waits until it is done.
	 *
	 * ## OPTIONS
	 *
	 * [--no-wait]
	 * : Only begin; the rest is sent in the background.
	 *
	 * @param array $arguments Unused.
	 * @param array $options   Options.
	 * @return void
	 */
	public function sync( $arguments, $options ) {
		self::require_token();
		Pilito_PS_Bulk::start();
		if ( isset( $options['wait'] ) && ! $options['wait'] ) {
			WP_CLI::success( __( 'The sync has begun.', 'pilito-product-sync' ) );
			return;
		}
		do {
			$taken = Pilito_PS_Worker::run();
			$bulk  = Pilito_PS_Bulk::progress();
			WP_CLI::line( sprintf( '%d / %d', $bulk['done'], $bulk['total'] ) );
			self::require_progress();
			if ( ! $taken && $bulk['running'] ) {
				sleep( 1 ); // another process is sending, or what is left is not due yet.
			}
		} while ( $bulk['running'] );
		WP_CLI::success( __( 'All products were sent.', 'pilito-product-sync' ) );
	}

	/**
	 * Sends some products now.
	 *
	 * ## OPTIONS
	 *
	 * <id>...
	 * : Ids of products.
	 *
	 * @param array $arguments Ids.
	 * @return void
	 */
	public function send( $arguments ) {
		self::require_token();
		foreach ( $arguments as $id ) {
			if ( ! ctype_digit( (string) $id ) || 'product' !== get_post_type( (int) $id ) ) {
				/* translators: %s: what was typed */
				WP_CLI::error( sprintf( __( '%s is not the id of a product.', 'pilito-product-sync' ), $id ) );
			}
		}
		$ids = array_map( 'intval', $arguments );
		Pilito_PS_Queue::add_now( $ids );
		Pilito_PS_Worker::run();
		$left = Pilito_PS_Queue::waiting( $ids );
		if ( $left ) {
			/* translators: %s: ids of products */
			WP_CLI::error( sprintf( __( 'These products were not taken yet: %s', 'pilito-product-sync' ), implode( ', ', $left ) ) );
		}
		WP_CLI::success( __( 'Pilito has taken the products.', 'pilito-product-sync' ) );
	}

	/**
	 * Ends where no token is set.
	 *
	 * @return void
	 */
	private static function require_token() {
		if ( '' === pilito_ps_token() ) {
			WP_CLI::error( __( 'There is no token. Enter it on the page of Pilito Sync, or set PILITO_PS_TOKEN in wp-config.php.', 'pilito-product-sync' ) );
		}
	}

	/**
	 * Ends where sending cannot go on now. What is left is sent in the background.
	 *
	 * @return void
	 */
	private static function require_progress() {
		$now = Pilito_PS_Status::now();
		if ( ! $now['may_send'] ) {
			WP_CLI::error( trim( $now['headline'] . '. ' . $now['problem'] ) );
		}
	}
}
