<?php
use PHPUnit\Framework\TestCase;

final class PayloadSizeTest extends TestCase {
	private static function length( array $product ) {
		return strlen( json_encode( $product, JSON_UNESCAPED_UNICODE ) );
	}

	/** A product that fits stays as it is. */
	public function test_a_short_product() {
		$product = array( 'id' => 1, 'description' => 'کوتاه' );
		$this->assertSame( $product, Pilito_PS_Payload_Size::shortened( $product, self::length( $product ) - 1000 ) );
	}

	/** The longest text is cut first, within no letter, and the cut is said. */
	public function test_a_long_text() {
		$product = array( 'id' => 1, 'name' => 'فرش', 'description' => str_repeat( 'ساعت ', 3000 ), 'short_description' => str_repeat( 'دیواری ', 60 ) );
		$cut     = Pilito_PS_Payload_Size::shortened( $product, self::length( $product ) - 9000 );
		$this->assertLessThanOrEqual( 9000, self::length( $cut ) );
		$this->assertGreaterThan( 7000, strlen( $cut['description'] ) );
		$this->assertSame( $product['short_description'], $cut['short_description'] );
		$this->assertTrue( mb_check_encoding( $cut['description'], 'UTF-8' ) );
		$this->assertTrue( $cut['text_cut'] );
	}

	/** Texts of variations are cut too; a product without long texts keeps them. */
	public function test_variations() {
		$variation = array( 'id' => 2, 'description' => str_repeat( 'x', 2000 ) );
		$product   = array( 'id' => 1, 'description' => '', 'variations' => array_fill( 0, 5, $variation ) );
		$cut       = Pilito_PS_Payload_Size::shortened( $product, self::length( $product ) - 5000 );
		$this->assertLessThanOrEqual( 5000, self::length( $cut ) );
		$this->assertSame( array( 2, 2, 2, 2, 2 ), array_column( $cut['variations'], 'id' ) );
		$named = array( 'id' => 1, 'variations' => array( 'قرمز' => $variation, 'x' => 'no variation' ) );
		$cut   = Pilito_PS_Payload_Size::shortened( $named, 1000 );
		$this->assertSame( array( 'id', 'variations', 'text_cut' ), array_keys( $cut ) );
		$this->assertSame( 936, strlen( $cut['variations']['قرمز']['description'] ) );
		$short = array( 'id' => 1, 'description' => 'x' );
		$this->assertSame( 'x', Pilito_PS_Payload_Size::shortened( $short, 90 )['description'] );
	}
}
