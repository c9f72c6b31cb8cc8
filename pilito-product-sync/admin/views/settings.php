<?php
/**
 * The page: the three steps until the shop is connected, then its status first.
 *
 * @package Pilito_Product_Sync
 *
 * @var array $pilito_ps_view What it shows; no secret is in it.
 */

defined( 'ABSPATH' ) || exit;
?>
<div class="wrap pilito-ps" id="pilito-ps" data-step="<?php echo esc_attr( $pilito_ps_view['step'] ); ?>">
	<h1><?php esc_html_e( 'Pilito Sync', 'pilito-product-sync' ); ?></h1>
	<?php settings_errors( 'pilito_ps' ); ?>
	<noscript><div class="notice notice-warning"><p><?php esc_html_e( 'Switch on JavaScript to test the connection and to see the progress.', 'pilito-product-sync' ); ?></p></div></noscript>

	<ol class="pilito-ps-steps" aria-label="<?php esc_attr_e( 'Set-up', 'pilito-product-sync' ); ?>">
		<li data-of="token"><span><?php echo esc_html( Pilito_PS_Format::number( 1 ) ); ?></span> <?php esc_html_e( 'Connect your shop', 'pilito-product-sync' ); ?></li>
		<li data-of="sync"><span><?php echo esc_html( Pilito_PS_Format::number( 2 ) ); ?></span> <?php esc_html_e( 'Send your products', 'pilito-product-sync' ); ?></li>
		<li data-of="ask"><span><?php echo esc_html( Pilito_PS_Format::number( 3 ) ); ?></span> <?php esc_html_e( 'Ask your assistant', 'pilito-product-sync' ); ?></li>
	</ol>

	<div class="pilito-ps-columns">
		<?php
		require PILITO_PS_DIR . 'admin/views/status.php';
		require PILITO_PS_DIR . 'admin/views/ask.php';
		?>
	</div>

	<?php
	require PILITO_PS_DIR . 'admin/views/failures.php';
	require PILITO_PS_DIR . 'admin/views/connection.php';
	require PILITO_PS_DIR . 'admin/views/choices.php';
	require PILITO_PS_DIR . 'admin/views/log.php';
	?>
</div>
