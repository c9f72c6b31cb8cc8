<?php
/**
 * The settings page.
 *
 * @package Pilito_Product_Sync
 *
 * @var array $pilito_ps_view What it shows; no secret is in it.
 */

defined( 'ABSPATH' ) || exit;
?>
<div class="wrap pilito-ps">
	<h1><?php esc_html_e( 'Pilito Sync', 'pilito-product-sync' ); ?></h1>
	<?php settings_errors( 'pilito_ps' ); ?>
	<noscript><div class="notice notice-warning"><p><?php esc_html_e( 'Switch on JavaScript to test the connection and to see the progress.', 'pilito-product-sync' ); ?></p></div></noscript>

	<div class="pilito-ps-columns">
		<form class="pilito-ps-card" id="pilito-ps-form" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" autocomplete="off">
			<input type="hidden" name="action" value="pilito_ps_save">
			<?php wp_nonce_field( Pilito_PS_Admin_Page::NONCE, 'nonce' ); ?>
			<h2><?php esc_html_e( 'Connection', 'pilito-product-sync' ); ?></h2>

			<p>
				<label for="pilito-ps-token"><?php esc_html_e( 'Token', 'pilito-product-sync' ); ?></label>
				<input type="password" id="pilito-ps-token" name="token" value="" dir="ltr" class="code<?php echo $pilito_ps_view['has_token'] ? ' is-stored' : ''; ?>" autocomplete="new-password" spellcheck="false"
					placeholder="<?php echo $pilito_ps_view['has_token'] ? esc_attr__( 'Stored. Leave empty to keep it.', 'pilito-product-sync' ) : 'wc_sk_live_…'; ?>">
				<span class="description"><?php esc_html_e( 'You get it in your Pilito panel. It is not shown again here.', 'pilito-product-sync' ); ?></span>
			</p>
			<p>
				<label for="pilito-ps-url"><?php esc_html_e( 'API address', 'pilito-product-sync' ); ?></label>
				<input type="url" id="pilito-ps-url" name="api_url" value="<?php echo esc_attr( $pilito_ps_view['api_url'] ); ?>" dir="ltr" class="code" required>
				<span class="description"><?php esc_html_e( 'Leave it as it is, unless Pilito gave you another one.', 'pilito-product-sync' ); ?></span>
			</p>
			<details <?php echo $pilito_ps_view['has_secret'] ? 'open' : ''; ?>>
				<summary><?php esc_html_e( 'Signing secret (optional)', 'pilito-product-sync' ); ?></summary>
				<p>
					<label for="pilito-ps-secret"><?php esc_html_e( 'Signing secret', 'pilito-product-sync' ); ?></label>
					<input type="password" id="pilito-ps-secret" name="secret" value="" dir="ltr" class="code<?php echo $pilito_ps_view['has_secret'] ? ' is-stored' : ''; ?>" autocomplete="new-password" spellcheck="false"
						placeholder="<?php echo $pilito_ps_view['has_secret'] ? esc_attr__( 'Stored. Leave empty to keep it.', 'pilito-product-sync' ) : 'whsec_…'; ?>">
					<span class="description"><?php esc_html_e( 'With the secret of your store each delivery is signed, so that nobody can change it on the way.', 'pilito-product-sync' ); ?></span>
				</p>
				<?php if ( $pilito_ps_view['has_secret'] ) : ?>
					<p><label class="pilito-ps-check"><input type="checkbox" name="forget_secret" value="1"> <?php esc_html_e( 'Forget the stored secret', 'pilito-product-sync' ); ?></label></p>
				<?php endif; ?>
			</details>
			<p>
				<label class="pilito-ps-check"><input type="checkbox" name="on" id="pilito-ps-on" value="1" <?php checked( $pilito_ps_view['on'] ); ?>> <?php esc_html_e( 'Send product changes to Pilito', 'pilito-product-sync' ); ?></label>
				<span class="description"><?php esc_html_e( 'While this is off, changes wait in the queue and nothing is lost.', 'pilito-product-sync' ); ?></span>
			</p>
			<p class="pilito-ps-buttons">
				<button type="button" class="button button-primary" id="pilito-ps-test"><?php esc_html_e( 'Test connection', 'pilito-product-sync' ); ?></button>
				<button type="submit" class="button"><?php esc_html_e( 'Save', 'pilito-product-sync' ); ?></button>
			</p>
			<div id="pilito-ps-result" class="pilito-ps-result" role="status" aria-live="polite" hidden></div>
		</form>

		<div class="pilito-ps-side" id="pilito-ps-side" hidden>
			<section class="pilito-ps-card">
				<h2><?php esc_html_e( 'Status', 'pilito-product-sync' ); ?></h2>
				<p class="pilito-ps-headline"><span class="pilito-ps-light" data-mood></span> <strong data-show="headline"></strong></p>
				<p class="pilito-ps-problem" data-show="problem"></p>
				<dl>
					<dt><?php esc_html_e( 'Account', 'pilito-product-sync' ); ?></dt><dd><bdi data-show="account"></bdi></dd>
					<dt><?php esc_html_e( 'Store', 'pilito-product-sync' ); ?></dt><dd><bdi data-show="store"></bdi></dd>
					<dt><?php esc_html_e( 'Last successful send', 'pilito-product-sync' ); ?></dt><dd><bdi data-show="lastSuccess"></bdi></dd>
					<dt><?php esc_html_e( 'Sent so far', 'pilito-product-sync' ); ?></dt><dd><bdi data-show="sent"></bdi></dd>
					<dt><?php esc_html_e( 'Waiting in the queue', 'pilito-product-sync' ); ?></dt><dd><bdi data-show="waiting"></bdi></dd>
					<dt><?php esc_html_e( 'Failed and tried again', 'pilito-product-sync' ); ?></dt><dd><bdi data-show="failed"></bdi></dd>
				</dl>
			</section>

			<section class="pilito-ps-card">
				<h2><?php esc_html_e( 'All products', 'pilito-product-sync' ); ?></h2>
				<p class="description"><?php esc_html_e( 'Sends the whole catalogue once, for example after connecting. It goes on when you close this page, and changes made meanwhile go first.', 'pilito-product-sync' ); ?></p>
				<div class="pilito-ps-progress" id="pilito-ps-progress" role="progressbar" aria-valuemin="0" aria-valuemax="100" hidden><span></span></div>
				<p data-show="bulkText"></p>
				<p class="pilito-ps-buttons">
					<button type="button" class="button" id="pilito-ps-sync"><?php esc_html_e( 'Sync all products', 'pilito-product-sync' ); ?></button>
					<button type="button" class="button" id="pilito-ps-cancel" hidden><?php esc_html_e( 'Cancel', 'pilito-product-sync' ); ?></button>
				</p>
			</section>
		</div>
	</div>

	<section class="pilito-ps-card" id="pilito-ps-failures" hidden>
		<h2><?php esc_html_e( 'Products that could not be sent', 'pilito-product-sync' ); ?></h2>
		<p class="description"><?php esc_html_e( 'They are tried again by themselves, with growing pauses.', 'pilito-product-sync' ); ?></p>
		<table class="widefat striped">
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
</div>
