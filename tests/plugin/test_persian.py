"""Persian texts of the plugin: one script a line, Persian digits and the Persian calendar."""

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta

from persiantools.jdatetime import MONTH_NAMES_FA, JalaliDate

from plugin_zip import SOURCE, translations
from tests.plugin.shop import program
from tests.plugin.test_package import PERSIAN, PLACEHOLDER, spoken

ISOLATED = re.compile("\u2066[^\u2069]*\u2069")
CODES = re.compile(r"wc_sk_live_|whsec_|https://|wp-config\.php|WP_[A-Z_]+")

PROGRAM = """
define( 'ABSPATH', '/' );
define( 'DAY_IN_SECONDS', 86400 );
function determine_locale() { return 'fa_IR'; }
function wp_date( $format, $moment ) { return gmdate( $format, $moment ); }
foreach ( array( 'format', 'calendar' ) as $name ) { require $argv[1] . "/includes/class-pilito-{$name}.php"; }
$said = array();
foreach ( json_decode( stream_get_contents( STDIN ) ) as $day ) {
    $said[] = array( Pilito_PS_Calendar::solar_hijri( $day ), Pilito_PS_Calendar::moment( 86400 * $day + 3660 ) );
}
echo json_encode( array( $said, Pilito_PS_Format::number( 1234567 ), Pilito_PS_Format::price( '1250000.50' ), Pilito_PS_Format::price( 'free' ) ) );
"""


def test_persian_lines_have_one_script() -> None:
    """A code inside a Persian sentence is isolated, so that the line keeps its order; no other Latin is there."""
    said = translations(PERSIAN.read_text("utf-8"))
    assert [
        text
        for text in sorted(spoken())
        if re.search("[A-Za-z]", PLACEHOLDER.sub("", ISOLATED.sub("", said[text])))
    ] == []


def test_persian_sentences_keep_the_codes() -> None:
    """A name that the owner has to find or type is the same in both languages."""
    said = translations(PERSIAN.read_text("utf-8"))
    assert [
        text for text in sorted(spoken()) if sorted(CODES.findall(text)) != sorted(CODES.findall(said[text]))
    ] == []


def test_persian_texts_have_persian_digits() -> None:
    """No digit of a translation is a Latin one, outside of codes."""
    said = translations(PERSIAN.read_text("utf-8"))
    assert [text for text in sorted(spoken()) if re.search("[0-9]", PLACEHOLDER.sub("", said[text]))] == []


def test_the_title_is_persian() -> None:
    """The menu and the page have one title, in the language of the reader."""
    assert translations(PERSIAN.read_text("utf-8"))["Pilito Sync"] == "همگام‌سازی پیلیتو"


def test_dates_are_those_of_the_persian_calendar(packages: None) -> None:
    """Dates from 1957 to 2077 equal the dates of a library; numbers have Persian digits and marks."""
    days = list(range(-4700, 39000, 29))
    ran = subprocess.run(
        [program("php"), "-r", PROGRAM, str(SOURCE)],
        input=json.dumps(days),
        capture_output=True,
        text=True,
        check=True,
    )
    said, number, price, no_price = json.loads(ran.stdout)
    digits = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    for day, (parts, text) in zip(days, said, strict=True):
        date = JalaliDate((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(day)).date())  # type: ignore[no-untyped-call]
        assert parts == [date.year, date.month, date.day]
        assert text == f"{date.day} {MONTH_NAMES_FA[date.month]} {date.year}، 01:01".translate(digits)
    assert [number, price, no_price] == ["۱٬۲۳۴٬۵۶۷", "۱٬۲۵۰٬۰۰۰٫۵۰", "free"]
