<?php
/**
 * How things are, and sending all products; a part of the page.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;
?>
<div class="pilito-ps-column pilito-ps-after-token">
	<section class="pilito-ps-card pilito-ps-status">
		<h2 class="screen-reader-text"><?php esc_html_e( 'Status', 'pilito-product-sync' ); ?></h2>
		<p class="pilito-ps-headline"><span class="pilito-ps-light" data-mood></span><strong data-show="headline"></strong></p>
		<p class="pilito-ps-problem" data-show="problem"></p>
		<dl>
			<div><dt><?php esc_html_e( 'Store', 'pilito-product-sync' ); ?></dt><dd><bdi data-show="store"></bdi></dd></div>
			<div><dt><?php esc_html_e( 'Account', 'pilito-product-sync' ); ?></dt><dd><bdi data-show="account"></bdi></dd></div>
			<div><dt><?php esc_html_e( 'Last successful send', 'pilito-product-sync' ); ?></dt><dd><bdi data-show="lastSuccess"></bdi></dd></div>
			<div><dt><?php esc_html_e( 'Sent so far', 'pilito-product-sync' ); ?></dt><dd><bdi data-show="sent"></bdi></dd></div>
			<div data-quiet-in-bulk><dt><?php esc_html_e( 'Waiting to be sent', 'pilito-product-sync' ); ?></dt><dd><bdi data-show="waiting"></bdi></dd></div>
		</dl>
	</section>

	<section class="pilito-ps-card pilito-ps-all">
		<h2><?php esc_html_e( 'All products', 'pilito-product-sync' ); ?></h2>
		<p class="pilito-ps-left" id="pilito-ps-left" data-show="bulkText"></p>
		<div class="pilito-ps-progress" id="pilito-ps-progress" role="progressbar" aria-label="<?php esc_attr_e( 'All products', 'pilito-product-sync' ); ?>" aria-valuemin="0" aria-valuemax="100" hidden><span></span></div>
		<p class="description" id="pilito-ps-goes-on" hidden><?php esc_html_e( 'You may close this page. Sending goes on.', 'pilito-product-sync' ); ?></p>
		<p class="description" id="pilito-ps-all-about"><?php esc_html_e( 'Changes are sent by themselves. Send everything again only if something is missing.', 'pilito-product-sync' ); ?></p>
		<p class="pilito-ps-buttons">
			<button type="button" class="button" id="pilito-ps-sync" aria-expanded="false" aria-controls="pilito-ps-really"><?php esc_html_e( 'Sync all products', 'pilito-product-sync' ); ?></button>
			<button type="button" class="button" id="pilito-ps-cancel" hidden><?php esc_html_e( 'Stop sending all', 'pilito-product-sync' ); ?></button>
		</p>
		<div class="pilito-ps-really" id="pilito-ps-really" role="group" aria-labelledby="pilito-ps-question" hidden>
			<p id="pilito-ps-question"><?php esc_html_e( 'Send all products to Pilito now?', 'pilito-product-sync' ); ?></p>
			<p class="pilito-ps-buttons">
				<button type="button" class="button button-primary" id="pilito-ps-yes"><?php esc_html_e( 'Yes, send all', 'pilito-product-sync' ); ?></button>
				<button type="button" class="button" id="pilito-ps-no"><?php esc_html_e( 'No', 'pilito-product-sync' ); ?></button>
			</p>
		</div>
	</section>
</div>
