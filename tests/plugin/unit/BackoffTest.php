<?php
use PHPUnit\Framework\TestCase;

final class BackoffTest extends TestCase {
	/** Pauses between tries grow from a minute to an hour and no further, however often it was tried. */
	public function test_it_grows_to_an_hour() {
		$this->assertSame( array( 60, 120, 240, 480, 960, 1920, 3600, 3600 ), array_map( array( 'Pilito_PS_Turn', 'backoff' ), range( 1, 8 ) ) );
		$this->assertSame( 3600, Pilito_PS_Turn::backoff( 1000000 ) );
	}

	/** A stopped sender asks again after five minutes, then more and more seldom, at least every hour. */
	public function test_probes_grow_to_an_hour() {
		$this->assertSame( array( 300, 600, 1200, 2400, 3600, 3600 ), array_map( array( 'Pilito_PS_Probe', 'delay' ), range( 0, 5 ) ) );
		$this->assertSame( 3600, Pilito_PS_Probe::delay( 1000000 ) );
	}
}
