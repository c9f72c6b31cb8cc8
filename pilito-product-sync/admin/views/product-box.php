<?php
/**
 * The box in the editor of a product; js/products.js fills it.
 *
 * @package Pilito_Product_Sync
 *
 * @var array $pilito_ps_view What it shows.
 */

defined( 'ABSPATH' ) || exit;
?>
<div class="pilito-ps-box" id="pilito-ps-product" data-id="<?php echo absint( $pilito_ps_view['id'] ); ?>">
	<?php if ( ! $pilito_ps_view['ready'] ) : ?>
		<p><?php esc_html_e( 'Your shop is not connected to Pilito yet.', 'pilito-product-sync' ); ?></p>
		<p><a class="button" href="<?php echo esc_url( Pilito_PS_Admin_Page::url() ); ?>"><?php esc_html_e( 'Connect your shop', 'pilito-product-sync' ); ?></a></p>
	<?php elseif ( ! $pilito_ps_view['saved'] || null === $pilito_ps_view['state'] ) : ?>
		<p><?php esc_html_e( 'Save the product first. It is then sent by itself.', 'pilito-product-sync' ); ?></p>
	<?php else : ?>
		<?php Pilito_PS_Admin_Product_List::show( $pilito_ps_view['id'], $pilito_ps_view['state'] ); ?>
		<p class="pilito-ps-box-words" role="status" aria-live="polite" hidden></p>
		<details class="pilito-ps-box-known" hidden>
			<summary><?php esc_html_e( 'What the assistant knows', 'pilito-product-sync' ); ?></summary>
			<dl></dl>
			<p class="pilito-ps-box-text"></p>
		</details>
		<p class="description pilito-ps-box-latest" hidden></p>
		<p class="pilito-ps-buttons">
			<button type="button" class="button pilito-ps-box-send"><?php esc_html_e( 'Send now', 'pilito-product-sync' ); ?></button>
			<button type="button" class="button-link pilito-ps-box-exclude" data-out="<?php echo $pilito_ps_view['excluded'] ? '0' : '1'; ?>"><?php echo $pilito_ps_view['excluded'] ? esc_html__( 'Include this product', 'pilito-product-sync' ) : esc_html__( 'Exclude this product', 'pilito-product-sync' ); ?></button>
		</p>
	<?php endif; ?>
</div>
