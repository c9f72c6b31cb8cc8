<?php
/**
 * E-mail to the owner of the site.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * One e-mail when sending has been stopped or overdue for a day, and one when that is over.
 */
class Pilito_PS_Mail {

	const OPTION = 'pilito_ps_mail';
	const AFTER  = 86400;

	const NOTHING = array(
		'code'   => '',
		'since'  => 0,
		'mailed' => 0,
	);

	/**
	 * Looks whether there is something to write.
	 *
	 * @return void
	 */
	public static function check() {
		$kept = get_option( self::OPTION );
		$kept = array_merge( self::NOTHING, is_array( $kept ) ? $kept : array() );
		$code = Pilito_PS_Status::trouble();
		$next = $kept;
		if ( '' === $code ) {
			$next = self::NOTHING;
			if ( $kept['mailed'] ) {
				self::send( __( 'Pilito Sync sends products again', 'pilito-product-sync' ), __( 'Sending works again. All changes that were waiting are being sent; you need not do anything.', 'pilito-product-sync' ) );
			}
		} elseif ( ! $kept['since'] ) {
			$since = 'tasks' === $code ? time() - self::AFTER : time(); // this code means that a day has passed.
			$next  = array(
				'code'  => $code,
				'since' => $since,
			) + $kept;
		}
		$next['code'] = $code;
		if ( $next['since'] && ! $next['mailed'] && time() - $next['since'] >= self::AFTER ) {
			$next['mailed'] = time();
			$state          = Pilito_PS_State::get();
			self::send(
				__( 'Pilito Sync has sent no products for a day', 'pilito-product-sync' ),
				__( 'For a day no product change could be sent to Pilito. Nothing is lost: the changes wait in your shop and are sent as soon as it works again.', 'pilito-product-sync' )
				. "\n\n" . Pilito_PS_Status::sentence( $code, '' === $state['stopped'] ? $state['problem_note'] : $state['stopped_note'] )
			);
		}
		if ( $next !== $kept ) {
			pilito_ps_write_option( self::OPTION, $next );
		}
	}

	/**
	 * Writes to the address of the site's administrator, in the language of the site.
	 *
	 * @param string $subject What it is about.
	 * @param string $text    What has happened and what to do.
	 * @return void
	 */
	private static function send( $subject, $text ) {
		$site = wp_specialchars_decode( (string) get_option( 'blogname' ), ENT_QUOTES );
		wp_mail(
			(string) get_option( 'admin_email' ),
			"[{$site}] {$subject}",
			$text . "\n\n" . admin_url( 'admin.php?page=pilito-product-sync' ) . "\n"
		);
	}
}
