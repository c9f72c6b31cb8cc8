<?php
/**
 * The last sends; a part of the page.
 *
 * @package Pilito_Product_Sync
 *
 * @var array $pilito_ps_view What the page shows.
 */

defined( 'ABSPATH' ) || exit;

if ( ! $pilito_ps_view['log'] ) {
	return;
}
?>
<details class="pilito-ps-card pilito-ps-fold pilito-ps-after-token">
	<summary><h2><?php esc_html_e( 'The last sends', 'pilito-product-sync' ); ?></h2></summary>
	<table class="pilito-ps-table">
		<thead><tr>
			<th scope="col"><?php esc_html_e( 'When', 'pilito-product-sync' ); ?></th>
			<th scope="col"><?php esc_html_e( 'Product', 'pilito-product-sync' ); ?></th>
			<th scope="col"><?php esc_html_e( 'What happened', 'pilito-product-sync' ); ?></th>
		</tr></thead>
		<tbody>
		<?php foreach ( $pilito_ps_view['log'] as $pilito_ps_line ) : ?>
			<tr>
				<td data-label="<?php esc_attr_e( 'When', 'pilito-product-sync' ); ?>"><?php echo esc_html( $pilito_ps_line['when'] ); ?></td>
				<td data-label="<?php esc_attr_e( 'Product', 'pilito-product-sync' ); ?>"><?php if ( '' !== $pilito_ps_line['edit'] ) : ?>
					<a href="<?php echo esc_url( $pilito_ps_line['edit'] ); ?>"><bdi><?php echo esc_html( $pilito_ps_line['title'] ); ?></bdi></a>
				<?php else : ?>
					<bdi><?php echo esc_html( $pilito_ps_line['title'] ); ?></bdi>
				<?php endif; ?></td>
				<td data-label="<?php esc_attr_e( 'What happened', 'pilito-product-sync' ); ?>" class="<?php echo $pilito_ps_line['good'] ? 'is-good' : 'is-bad'; ?>"><?php echo esc_html( $pilito_ps_line['words'] ); ?></td>
			</tr>
		<?php endforeach; ?>
		</tbody>
	</table>
</details>
