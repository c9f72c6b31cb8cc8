<?php
/**
 * Send one product event, signed by the Standard Webhooks scheme. Needs no package.
 *
 * WEBHOOK_URL=... WEBHOOK_SECRET=whsec_... php send.php event.json
 */

/**
 * Returns the header lines of a signed delivery. The receiver accepts a timestamp up to 5 minutes old.
 */
function signed_headers( string $secret, string $event_id, string $body ): array {
	$timestamp = (string) time();
	$key       = base64_decode( preg_replace( '/^whsec_/', '', $secret ), true );
	$signature = base64_encode( hash_hmac( 'sha256', "$event_id.$timestamp.$body", $key, true ) );
	return array(
		'Content-Type: application/json',
		"webhook-id: $event_id",
		"webhook-timestamp: $timestamp",
		"webhook-signature: v1,$signature",
	);
}

$body    = file_get_contents( $argv[1] );
$headers = signed_headers( getenv( 'WEBHOOK_SECRET' ), json_decode( $body, true )['event_id'], $body );
$request = array(
	'method'        => 'POST',
	'header'        => $headers,
	'content'       => $body,
	'timeout'       => 30,
	'ignore_errors' => true, // Read the body of a refusal as well.
);

$answer = fopen( getenv( 'WEBHOOK_URL' ), 'r', false, stream_context_create( array( 'http' => $request ) ) );
if ( false === $answer ) {
	exit( 1 );
}
$status = (int) explode( ' ', stream_get_meta_data( $answer )['wrapper_data'][0] )[1];
echo $status, ' ', stream_get_contents( $answer ), "\n";
exit( $status >= 200 && $status < 300 ? 0 : 1 );
