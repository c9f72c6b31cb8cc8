<?php
/**
 * The owner's choices; a part of the page.
 *
 * @package Pilito_Product_Sync
 *
 * @var array $pilito_ps_view What the page shows.
 */

defined( 'ABSPATH' ) || exit;

$pilito_ps_choices = $pilito_ps_view['choices'];
$pilito_ps_names   = array(
	'categories' => __( 'Categories that are not sent', 'pilito-product-sync' ),
	'tags'       => __( 'Tags that are not sent', 'pilito-product-sync' ),
);
?>
<details class="pilito-ps-card pilito-ps-fold pilito-ps-after-token" id="pilito-ps-choices">
	<summary><h2><?php esc_html_e( 'What is sent, and when', 'pilito-product-sync' ); ?></h2></summary>
	<form method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
		<input type="hidden" name="action" value="<?php echo esc_attr( Pilito_PS_Admin_Settings::ACTION ); ?>">
		<?php wp_nonce_field( Pilito_PS_Admin_Settings::ACTION, 'choices_nonce' ); ?>
		<p>
			<label for="pilito-ps-quiet"><?php esc_html_e( 'Seconds of quiet', 'pilito-product-sync' ); ?></label>
			<input type="text" inputmode="numeric" id="pilito-ps-quiet" name="quiet" class="small-text" value="<?php echo esc_attr( Pilito_PS_Format::digits( (string) $pilito_ps_choices['quiet'] ) ); ?>" required>
			<span class="description"><?php esc_html_e( 'A product is sent when it has not changed for so long. Several edits are then sent as one.', 'pilito-product-sync' ); ?></span>
		</p>

		<fieldset>
			<legend><?php esc_html_e( 'Not sent', 'pilito-product-sync' ); ?></legend>
			<p class="description"><?php esc_html_e( 'The assistant forgets what you exclude. It learns it again when you include it.', 'pilito-product-sync' ); ?></p>
			<label class="pilito-ps-check"><input type="checkbox" name="out_of_stock" value="1" <?php checked( $pilito_ps_choices['out_of_stock'] ); ?>> <?php esc_html_e( 'Products that are out of stock', 'pilito-product-sync' ); ?></label>
			<?php foreach ( $pilito_ps_choices['terms'] as $pilito_ps_name => $pilito_ps_terms ) : ?>
				<?php if ( $pilito_ps_terms ) : ?>
					<details <?php echo array_filter( array_column( $pilito_ps_terms, 'chosen' ) ) ? 'open' : ''; ?>>
						<summary><?php echo esc_html( $pilito_ps_names[ $pilito_ps_name ] ); ?></summary>
						<div class="pilito-ps-list">
						<?php foreach ( $pilito_ps_terms as $pilito_ps_term ) : ?>
							<label class="pilito-ps-check"><input type="checkbox" name="<?php echo esc_attr( $pilito_ps_name ); ?>[]" value="<?php echo absint( $pilito_ps_term['id'] ); ?>" <?php checked( $pilito_ps_term['chosen'] ); ?>> <bdi><?php echo esc_html( $pilito_ps_term['name'] ); ?></bdi></label>
						<?php endforeach; ?>
						</div>
					</details>
				<?php endif; ?>
			<?php endforeach; ?>
			<?php if ( $pilito_ps_choices['products'] ) : ?>
				<details open>
					<summary><?php esc_html_e( 'Products that are not sent', 'pilito-product-sync' ); ?></summary>
					<div class="pilito-ps-list">
					<?php foreach ( $pilito_ps_choices['products'] as $pilito_ps_id => $pilito_ps_title ) : ?>
						<label class="pilito-ps-check"><input type="checkbox" name="products[]" value="<?php echo absint( $pilito_ps_id ); ?>" checked> <bdi><?php echo esc_html( $pilito_ps_title ); ?></bdi></label>
					<?php endforeach; ?>
					</div>
				</details>
			<?php else : ?>
				<p class="description"><?php esc_html_e( 'To exclude one product, open it and use the box “What Pilito knows”.', 'pilito-product-sync' ); ?></p>
			<?php endif; ?>
		</fieldset>

		<?php if ( $pilito_ps_choices['fields'] ) : ?>
			<fieldset>
				<legend><?php esc_html_e( 'Custom fields that are sent', 'pilito-product-sync' ); ?></legend>
				<p class="description"><?php esc_html_e( 'Choose only fields that customers may know.', 'pilito-product-sync' ); ?></p>
				<div class="pilito-ps-list">
				<?php foreach ( $pilito_ps_choices['fields'] as $pilito_ps_key => $pilito_ps_field ) : ?>
					<label class="pilito-ps-check"><input type="checkbox" name="custom_fields[]" value="<?php echo esc_attr( $pilito_ps_key ); ?>" <?php checked( ! empty( $pilito_ps_field['chosen'] ) ); ?>> <bdi><?php echo esc_html( $pilito_ps_field['label'] ); ?></bdi></label>
				<?php endforeach; ?>
				</div>
			</fieldset>
		<?php endif; ?>
		<p class="pilito-ps-buttons"><button type="submit" class="button button-primary"><?php esc_html_e( 'Save', 'pilito-product-sync' ); ?></button></p>
	</form>
	<?php if ( $pilito_ps_choices['sent'] ) : ?>
		<h3><?php esc_html_e( 'This is sent of each product', 'pilito-product-sync' ); ?></h3>
		<ul class="pilito-ps-sent">
		<?php foreach ( $pilito_ps_choices['sent'] as $pilito_ps_label ) : ?>
			<li><?php echo esc_html( $pilito_ps_label ); ?></li>
		<?php endforeach; ?>
		</ul>
		<p class="description"><?php esc_html_e( 'No data of customers or orders is sent.', 'pilito-product-sync' ); ?></p>
	<?php endif; ?>
</details>
