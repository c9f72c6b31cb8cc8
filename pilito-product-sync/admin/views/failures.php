<?php
/**
 * Products that could not be sent; a part of the page.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;
?>
<section class="pilito-ps-card" id="pilito-ps-failures" hidden>
	<h2><?php esc_html_e( 'Products that could not be sent', 'pilito-product-sync' ); ?></h2>
	<p class="description"><?php esc_html_e( 'The reason lies in the product itself. They are tried again by themselves, with growing pauses.', 'pilito-product-sync' ); ?></p>
	<table class="pilito-ps-table">
		<thead><tr>
			<th scope="col"><?php esc_html_e( 'Product', 'pilito-product-sync' ); ?></th>
			<th scope="col"><?php esc_html_e( 'What is wrong', 'pilito-product-sync' ); ?></th>
			<th scope="col"><?php esc_html_e( 'Tries', 'pilito-product-sync' ); ?></th>
			<th scope="col"><?php esc_html_e( 'Next try', 'pilito-product-sync' ); ?></th>
			<th scope="col"><span class="screen-reader-text"><?php esc_html_e( 'Send again', 'pilito-product-sync' ); ?></span></th>
		</tr></thead>
		<tbody></tbody>
	</table>
	<p class="pilito-ps-buttons"><button type="button" class="button" id="pilito-ps-retry"><?php esc_html_e( 'Send all of them again', 'pilito-product-sync' ); ?></button></p>
</section>
