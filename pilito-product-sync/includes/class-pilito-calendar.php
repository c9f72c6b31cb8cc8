<?php
/**
 * Moments in the calendar of the reader.
 *
 * @package Pilito_Product_Sync
 */

defined( 'ABSPATH' ) || exit;

/**
 * Persian readers see the solar Hijri calendar, all others what the site is set to.
 */
class Pilito_PS_Calendar {

	const MONTHS = array( 'فروردین', 'اردیبهشت', 'خرداد', 'تیر', 'مرداد', 'شهریور', 'مهر', 'آبان', 'آذر', 'دی', 'بهمن', 'اسفند' );

	/**
	 * The years of a cycle of 33 that have 366 days.
	 */
	const LEAP = array( 1, 5, 9, 13, 17, 22, 26, 30 );

	/**
	 * A year, and the days from 1970-01-01 to its first day.
	 */
	const KNOWN_YEAR = 1403;
	const KNOWN_DAY  = 19802;

	/**
	 * A moment in the site's time zone, such as "5 آذر 1405، 16:40" with Persian digits.
	 *
	 * @param int $moment Seconds since 1970.
	 * @return string
	 */
	public static function moment( $moment ) {
		if ( ! Pilito_PS_Format::is_persian() ) {
			return (string) wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $moment );
		}
		$day  = new DateTime( wp_date( 'Y-m-d', $moment ) . ' 00:00:00', new DateTimeZone( 'UTC' ) );
		$time = Pilito_PS_Format::digits( wp_date( 'H:i', $moment ) );
		return self::day( $day ) . '، ' . $time;
	}

	/**
	 * A day, by PHP's library of calendars where the hosting has it.
	 *
	 * @param DateTime $day Midnight of the day, in UTC.
	 * @return string
	 */
	private static function day( DateTime $day ) {
		if ( class_exists( 'IntlDateFormatter' ) ) {
			$formatter = new IntlDateFormatter( 'fa_IR@calendar=persian', IntlDateFormatter::LONG, IntlDateFormatter::NONE, 'UTC', IntlDateFormatter::TRADITIONAL, 'd MMMM y' );
			$written   = $formatter->format( $day );
			if ( is_string( $written ) ) {
				return $written;
			}
		}
		list( $year, $month, $date ) = self::solar_hijri( intdiv( $day->getTimestamp(), DAY_IN_SECONDS ) );
		return Pilito_PS_Format::digits( $date . ' ' . self::MONTHS[ $month - 1 ] . ' ' . $year );
	}

	/**
	 * The date of a day in the solar Hijri calendar.
	 *
	 * @param int $days Days from 1970-01-01.
	 * @return int[] Year, month and day of the month.
	 */
	public static function solar_hijri( $days ) {
		$year = self::KNOWN_YEAR;
		$rest = $days - self::KNOWN_DAY;
		while ( $rest < 0 ) {
			--$year;
			$rest += self::days_of( $year );
		}
		while ( $rest >= self::days_of( $year ) ) {
			$rest -= self::days_of( $year );
			++$year;
		}
		$month = $rest < 186 ? intdiv( $rest, 31 ) : 6 + intdiv( $rest - 186, 30 );
		$date  = $rest < 186 ? $rest % 31 : ( $rest - 186 ) % 30;
		return array( $year, $month + 1, $date + 1 );
	}

	/**
	 * Length of a year.
	 *
	 * @param int $year A year of the solar Hijri calendar.
	 * @return int
	 */
	private static function days_of( $year ) {
		return in_array( $year % 33, self::LEAP, true ) ? 366 : 365;
	}
}
