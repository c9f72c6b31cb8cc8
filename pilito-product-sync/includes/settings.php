<?php
/**
 * The settings of the shop owner.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * An option that is read afresh, not from what this process remembers.
 *
 * @param string $name Name of the option.
 * @return mixed False if there is none.
 */
function pilito_ps_fresh_option( $name ) {
	wp_cache_delete( $name, 'options' );
	return get_option( $name );
}

/**
 * Writes an option that is not loaded with every page.
 *
 * @param string $name  Name of the option.
 * @param mixed  $value Its value.
 * @return void
 */
function pilito_ps_write_option( $name, $value ) {
	update_option( $name, $value, false );
}

/**
 * Keeps a secret as an array: WordPress shows plain options to administrators, but not what is in an array.
 *
 * @param string $name   Name of the option.
 * @param string $secret The secret.
 * @return void
 */
function pilito_ps_write_hidden( $name, $secret ) {
	pilito_ps_write_option( $name, array( 'hidden' => $secret ) );
}

/**
 * Reads what `pilito_ps_write_hidden` wrote.
 *
 * @param string $name Name of the option.
 * @return string Empty where there is none.
 */
function pilito_ps_read_hidden( $name ) {
	$kept = get_option( $name );
	return is_array( $kept ) && isset( $kept['hidden'] ) ? (string) $kept['hidden'] : '';
}

/**
 * A setting that wp-config.php holds, where hosts and agencies keep it out of the database.
 *
 * @param string $name Name of the constant.
 * @return string Empty where it is not set.
 */
function pilito_ps_constant( $name ) {
	$value = defined( $name ) ? constant( $name ) : '';
	return is_string( $value ) ? trim( $value ) : '';
}

/**
 * The integration token, or an empty string. The constant PILITO_PS_TOKEN comes before what was typed.
 *
 * @return string
 */
function pilito_ps_token() {
	$set = pilito_ps_read_token( pilito_ps_constant( 'PILITO_PS_TOKEN' ) );
	if ( is_string( $set ) && '' !== $set ) {
		return $set;
	}
	return pilito_ps_read_hidden( 'pilito_ps_token' );
}

/**
 * The secret that deliveries are signed with, or an empty string.
 *
 * @return string
 */
function pilito_ps_secret() {
	return pilito_ps_read_hidden( 'pilito_ps_secret' );
}

/**
 * The address of the service, without a slash at its end. The constant PILITO_PS_API_URL comes before what was
 * typed; where it is no address that the token may be sent to, it counts as not set.
 *
 * @return string
 */
function pilito_ps_api_url() {
	$set = pilito_ps_constant( 'PILITO_PS_API_URL' );
	$set = '' === $set ? '' : pilito_ps_read_api_url( $set );
	if ( is_string( $set ) && '' !== $set ) {
		return $set;
	}
	return untrailingslashit( (string) get_option( 'pilito_ps_api_url', PILITO_PS_DEFAULT_API ) );
}

/**
 * Whether changes are to be sent: the owner switched sending on, or wp-config.php has a token and the owner has not
 * switched it off.
 *
 * @return bool
 */
function pilito_ps_is_on() {
	$chosen = pilito_ps_fresh_option( 'pilito_ps_on' );
	return 'yes' === $chosen || ( false === $chosen && '' !== pilito_ps_constant( 'PILITO_PS_TOKEN' ) );
}

/**
 * For how long a product must not have changed before it is sent, in seconds.
 *
 * @return int From 1 to 300.
 */
function pilito_ps_quiet() {
	return max( 1, min( 300, (int) get_option( 'pilito_ps_quiet', 5 ) ) );
}

/**
 * After how many seconds a product is sent that never stops changing.
 *
 * @return int At least 30.
 */
function pilito_ps_longest() {
	return max( 30, 6 * pilito_ps_quiet() );
}

/**
 * Reads a token as it was typed or pasted.
 *
 * @param string $typed What was typed.
 * @return string|WP_Error The token; empty where nothing was typed.
 */
function pilito_ps_read_token( $typed ) {
	$token = trim( $typed );
	if ( '' !== $token && ! preg_match( '/^[A-Za-z0-9_-]{20,200}$/D', $token ) ) {
		return new WP_Error( 'token_shape', __( 'This does not look like a token. Copy it again as a whole: it begins with wc_sk_live_ and has no spaces.', 'pilito-product-sync' ) );
	}
	return $token;
}

/**
 * Reads a signing secret as it was typed or pasted.
 *
 * @param string $typed What was typed.
 * @return string|WP_Error The secret; empty where nothing was typed.
 */
function pilito_ps_read_secret( $typed ) {
	$secret = trim( $typed );
	if ( '' !== $secret && ( ! preg_match( '/^[\x21-\x7E]{8,255}$/D', $secret ) || '' === Pilito_PS_Signature::key( $secret ) ) ) {
		return new WP_Error( 'secret_shape', __( 'This does not look like a signing secret. Copy it again as a whole: it usually begins with whsec_.', 'pilito-product-sync' ) );
	}
	return $secret;
}

/**
 * Reads the address of the service; plain HTTP would show the token to everybody on the way.
 *
 * @param string $typed What was typed.
 * @return string|WP_Error The address, without a slash at its end.
 */
function pilito_ps_read_api_url( $typed ) {
	$url   = untrailingslashit( esc_url_raw( trim( $typed ), array( 'https', 'http' ) ) );
	$parts = wp_parse_url( $url );
	if ( '' === $url || empty( $parts['host'] ) || isset( $parts['user'] ) || isset( $parts['query'] ) || isset( $parts['fragment'] ) ) {
		/* translators: %s: an example address */
		return new WP_Error( 'url_shape', sprintf( __( 'The API address must look like %s.', 'pilito-product-sync' ), PILITO_PS_DEFAULT_API ) );
	}
	if ( 'https' !== $parts['scheme'] && ! pilito_ps_is_private_host( $parts['host'] ) ) {
		return new WP_Error( 'url_plain', __( 'The API address must begin with https://, because the token would otherwise travel readable by others.', 'pilito-product-sync' ) );
	}
	return $url;
}

/**
 * Whether a host is this machine or in its own network, where plain HTTP is common.
 *
 * @param string $host Host name or address.
 * @return bool
 */
function pilito_ps_is_private_host( $host ) {
	$host = trim( strtolower( $host ), '[]' );
	if ( filter_var( $host, FILTER_VALIDATE_IP ) ) {
		return ! filter_var( $host, FILTER_VALIDATE_IP, FILTER_FLAG_NO_PRIV_RANGE | FILTER_FLAG_NO_RES_RANGE );
	}
	return 'localhost' === $host || (bool) preg_match( '/\.(test|local|localhost|internal)$/D', $host );
}
