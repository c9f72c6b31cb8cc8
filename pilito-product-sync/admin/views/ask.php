<?php
/**
 * "Ask your assistant"; a part of the page.
 *
 * @package Pilito_Product_Sync
 *
 * @var array $pilito_ps_view What the page shows.
 */

defined( 'ABSPATH' ) || exit;
?>
<section class="pilito-ps-card pilito-ps-ask pilito-ps-after-token">
	<h2><?php esc_html_e( 'Ask your assistant', 'pilito-product-sync' ); ?></h2>
	<p class="description"><?php esc_html_e( 'Ask as a customer would. You see the products that the assistant finds, and what it knows of them now.', 'pilito-product-sync' ); ?></p>
	<form id="pilito-ps-ask-form" class="pilito-ps-ask-form">
		<label class="screen-reader-text" for="pilito-ps-ask-text"><?php esc_html_e( 'Your question', 'pilito-product-sync' ); ?></label>
		<input type="text" id="pilito-ps-ask-text" dir="auto" maxlength="300" autocomplete="off" placeholder="<?php esc_attr_e( 'What do you have for a birthday?', 'pilito-product-sync' ); ?>">
		<button type="submit" class="button button-primary"><?php esc_html_e( 'Ask', 'pilito-product-sync' ); ?></button>
	</form>
	<?php if ( $pilito_ps_view['examples'] ) : ?>
		<p class="pilito-ps-examples"><span><?php esc_html_e( 'For example:', 'pilito-product-sync' ); ?></span>
		<?php foreach ( $pilito_ps_view['examples'] as $pilito_ps_shown => $pilito_ps_question ) : ?>
			<button type="button" class="pilito-ps-chip" data-question="<?php echo esc_attr( $pilito_ps_question ); ?>"><?php echo esc_html( $pilito_ps_shown ); ?></button>
		<?php endforeach; ?>
		</p>
	<?php endif; ?>
	<p class="pilito-ps-ask-words" id="pilito-ps-ask-words" role="status" aria-live="polite" hidden></p>
	<ul class="pilito-ps-found" id="pilito-ps-found" hidden></ul>
	<p class="pilito-ps-buttons pilito-ps-only-ask"><button type="button" class="button" id="pilito-ps-finish"><?php esc_html_e( 'Finish the set-up', 'pilito-product-sync' ); ?></button></p>
</section>
