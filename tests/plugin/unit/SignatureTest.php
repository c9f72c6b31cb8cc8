<?php
use PHPUnit\Framework\TestCase;

final class SignatureTest extends TestCase {
	/** The example of the Standard Webhooks specification comes out as it is written there. */
	public function test_the_published_example() {
		$headers = Pilito_PS_Signature::headers( 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' );
		$this->assertSame( 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', $headers['webhook-signature'] );
		$this->assertSame( 'msg_p5jXN8AQM9LWM0D4loKWxJek', $headers['webhook-id'] );
		$this->assertSame( '1614265330', $headers['webhook-timestamp'] );
	}

	/** A secret without whsec_ is meant as it is. */
	public function test_a_plain_secret() {
		$headers  = Pilito_PS_Signature::headers( 'a', 1, 'سلام', 'plain secret' );
		$expected = 'v1,' . base64_encode( hash_hmac( 'sha256', 'a.1.سلام', 'plain secret', true ) );
		$this->assertSame( $expected, $headers['webhook-signature'] );
	}

	/** Without a secret, or with one that cannot be read, nothing is signed. */
	public function test_no_secret() {
		$this->assertArrayNotHasKey( 'webhook-signature', Pilito_PS_Signature::headers( 'a', 1, 'b', '' ) );
		$this->assertArrayNotHasKey( 'webhook-signature', Pilito_PS_Signature::headers( 'a', 1, 'b', 'whsec_***' ) );
	}
}
