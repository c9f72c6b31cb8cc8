<?php
/**
 * The form of the connection; a part of the page. Folded when the shop is connected.
 *
 * @package Pilito_Product_Sync
 *
 * @var array $pilito_ps_view What the page shows; no secret is in it.
 */

defined( 'ABSPATH' ) || exit;
?>
<details class="pilito-ps-card pilito-ps-fold" id="pilito-ps-connection" <?php echo 'token' === $pilito_ps_view['step'] ? 'open' : ''; ?>>
	<summary><h2><?php esc_html_e( 'Connection', 'pilito-product-sync' ); ?></h2></summary>
	<form id="pilito-ps-form" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" autocomplete="off">
		<input type="hidden" name="action" value="pilito_ps_save">
		<?php wp_nonce_field( Pilito_PS_Admin_Page::NONCE, 'nonce' ); ?>
		<p class="pilito-ps-only-token pilito-ps-lead"><?php esc_html_e( 'Copy the token from your Pilito panel and paste it here. All of your products are then sent by themselves.', 'pilito-product-sync' ); ?></p>

		<p>
			<label for="pilito-ps-token"><?php esc_html_e( 'Token', 'pilito-product-sync' ); ?></label>
			<input type="password" id="pilito-ps-token" name="token" value="" dir="ltr" class="code<?php echo $pilito_ps_view['has_token'] ? ' is-stored' : ''; ?>" autocomplete="new-password" spellcheck="false" <?php disabled( $pilito_ps_view['constant'] ); ?>
				placeholder="<?php echo $pilito_ps_view['has_token'] ? esc_attr__( 'Stored', 'pilito-product-sync' ) : 'wc_sk_live_…'; ?>">
			<span class="description">
			<?php
			if ( $pilito_ps_view['constant'] ) {
				esc_html_e( 'The token is set in wp-config.php.', 'pilito-product-sync' );
			} elseif ( $pilito_ps_view['has_token'] ) {
				esc_html_e( 'It is not shown again here. To keep a stored token, leave this empty.', 'pilito-product-sync' );
			} else {
				esc_html_e( 'Once it is stored, it is not shown again here.', 'pilito-product-sync' );
			}
			?>
			</span>
		</p>
		<details <?php echo PILITO_PS_DEFAULT_API === $pilito_ps_view['api_url'] && ! $pilito_ps_view['has_secret'] ? '' : 'open'; ?>>
			<summary><?php esc_html_e( 'Another address, or a signing secret', 'pilito-product-sync' ); ?></summary>
			<p>
				<label for="pilito-ps-url"><?php esc_html_e( 'API address', 'pilito-product-sync' ); ?></label>
				<input type="url" id="pilito-ps-url" name="api_url" value="<?php echo esc_attr( $pilito_ps_view['api_url'] ); ?>" dir="ltr" class="code" required>
				<span class="description"><?php esc_html_e( 'Leave it as it is, unless Pilito gave you another one.', 'pilito-product-sync' ); ?></span>
			</p>
			<p>
				<label for="pilito-ps-secret"><?php esc_html_e( 'Signing secret (optional)', 'pilito-product-sync' ); ?></label>
				<input type="password" id="pilito-ps-secret" name="secret" value="" dir="ltr" class="code<?php echo $pilito_ps_view['has_secret'] ? ' is-stored' : ''; ?>" autocomplete="new-password" spellcheck="false"
					placeholder="<?php echo $pilito_ps_view['has_secret'] ? esc_attr__( 'Stored', 'pilito-product-sync' ) : 'whsec_…'; ?>">
				<span class="description"><?php esc_html_e( 'With it each delivery is signed, so that it cannot be changed on the way.', 'pilito-product-sync' ); ?></span>
			</p>
			<?php if ( $pilito_ps_view['has_secret'] ) : ?>
				<p><label class="pilito-ps-check"><input type="checkbox" name="forget_secret" value="1"> <?php esc_html_e( 'Forget the stored secret', 'pilito-product-sync' ); ?></label></p>
			<?php endif; ?>
		</details>
		<p class="pilito-ps-after-token">
			<label class="pilito-ps-check"><input type="checkbox" name="on" id="pilito-ps-on" value="1" <?php checked( $pilito_ps_view['on'] ); ?>> <?php esc_html_e( 'Send product changes to Pilito', 'pilito-product-sync' ); ?></label>
			<span class="description"><?php esc_html_e( 'While this is off, changes wait in the queue and nothing is lost.', 'pilito-product-sync' ); ?></span>
		</p>
		<p class="pilito-ps-buttons">
			<button type="button" class="button button-primary" id="pilito-ps-test"><?php esc_html_e( 'Test connection', 'pilito-product-sync' ); ?></button>
			<button type="submit" class="button pilito-ps-after-token"><?php esc_html_e( 'Save', 'pilito-product-sync' ); ?></button>
		</p>
		<div id="pilito-ps-result" class="pilito-ps-result" role="status" aria-live="polite" hidden></div>
	</form>
</details>
