"""Shortcodes in texts that WordPress has not rendered, and the code that they hold."""

import base64
import hashlib
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import encoded, shortcodes
from knowledge.html import html_to_text
from knowledge.shortcodes import without_shortcodes
from tests.support.plugins.examples import examples


def _raw(html: str) -> str:
    """Returns HTML as WPBakery stores it."""
    return base64.b64encode(quote(html).encode()).decode()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "[vc_row][vc_column_text]Soft cotton[/vc_column_text][vc_column_text]Wash cold[/vc_column_text]"
            "[/vc_row][fusion_checklist][fusion_li_item]Red[/fusion_li_item][fusion_li_item]Blue"
            "[/fusion_li_item][/fusion_checklist]",
            "Soft cotton\n\nWash cold\n\nRed\n\nBlue",
        ),
        ("one[gallery ids='1']two", "one two"),
        ("<p>one[/vc_column]two</p>", "one two"),
        ('[vc_btn title="Sizes [S-XL]" link="url:x"]Hello', "Hello"),
        ("[vc_btn title='a ] b' link='c']Hello", "Hello"),
        ("[vc_btn title=&#8221;a ] b&#8243; x=&quot;[y]&quot;]Hello", "Hello"),
        ("[vc_btn title=“[a]” sizes=[S, M] data={'a':[1,2]} last=1]Hello", "Hello"),
        ("[vc_btn title=Sizes [S-XL] link=x]Hello", "Hello"),
        ('[vc_btn title="<b>Sizes</b> > [S]"]Hello', "Hello"),
        ('[vc_row<br />\nel_class="a"]Hello', "Hello"),
        ('[vc_btn title="Sizes] Hello [vc_btn title="x"]there', "Hello there"),
        ("[url=https://shop.example/x]Hello[/url] [b]there[/b]", "Hello there"),
        ('[see <a href="x">the [S-XL] table</a>]', "[see the [S-XL] table]"),
        ("[note it's 5\" wide] [gallery ids='1'] [x]", "[note it's 5\" wide] [x]"),
        ("a [iPhone [12]] b=1] [e-book]", "a [iPhone [12]] b=1] [e-book]"),
        ("a [size=5] [x = 1]", "a [size=5] [x = 1]"),
        ("&#91;gallery ids=1&#93;", "[gallery ids=1]"),
    ],
)
def test_tags_are_removed_with_their_values(html: str, text: str) -> None:
    """Quotes and brackets in values belong to the tag, and each removed tag leaves a gap."""
    assert html_to_text(html) == text


values = st.text(st.sampled_from("ab[]= /<>سایز-"), max_size=12)


@examples(200)
@given(st.lists(st.tuples(st.sampled_from(['"', "'"]), values), min_size=1, max_size=4))
def test_any_quoted_value_belongs_to_its_tag(quoted: list[tuple[str, str]]) -> None:
    """A tag with any quoted values is removed, and nothing else."""
    attributes = " ".join(f"name_{at}={sign}{value}{sign}" for at, (sign, value) in enumerate(quoted))
    assert html_to_text(f"before[vc_btn {attributes}]after") == "before after"


@pytest.mark.parametrize("wrap", ["{}", "<p>{}</p>", "\n{}\n", "<br />{}"])
@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("vc_raw_html", _raw("<p>Hello world</p><p>گارانتی</p>"), "Hello world\n\nگارانتی"),
        ("fusion_code", _base64("<p>Hello</p>\n<ul><li>a &lt; b<li>c</ul>"), "Hello\n\n- a < b\n\n- c"),
        ("x_block", quote("<p>Hello world</p>"), "Hello world"),
        ("vc_raw_js", _raw("var hello = 1;"), ""),
        ("vc_raw_html", _raw("<script>hello()</script>"), ""),
        ("fusion_code", _base64('{"columns": [1, 2, 3], "theme": "dark"}'), ""),
        ("vc_raw_html", "JTNDcCUzR" + "A" * 3, ""),
        ("my_data", base64.b64encode(bytes(range(256))).decode(), ""),
        ("vc_raw_html", "<p>Not encoded</p>", "Not encoded"),
        ("highlight", "Characterization", "Characterization"),
        ("highlight", "Soft cotton shirt", "Soft cotton shirt"),
    ],
)
def test_encoded_content(name: str, code: str, text: str, wrap: str) -> None:
    """Encoded HTML is read as text; encoded scripts, data and bytes are left out; words stay."""
    html = (
        f"[vc_row][{name}]{wrap.format(code)}[/{name}][vc_column_text]Soft cotton[/vc_column_text][/vc_row]"
    )
    assert html_to_text(html) == "\n\n".join(filter(None, (text, "Soft cotton")))


def test_encoded_content_that_was_cut() -> None:
    """Of an encoded block without its end, only whole words are text."""
    cut = _raw("<p>" + "long " * 50)[:150]
    assert set(html_to_text(f"Hello [vc_raw_html]{cut}").split()) == {"Hello", "long"}


def test_encoded_content_in_encoded_content() -> None:
    """What is encoded twice is left out, and the rest is read."""
    inner = f"[vc_raw_html]{_raw('<p>in</p>')}[/vc_raw_html]b"
    assert html_to_text(f"[vc_raw_html]{_raw(inner)}[/vc_raw_html]") == "b"


@examples(100)
@given(st.integers(0, 2**32), st.integers(180, 2_000), st.sampled_from([0, 64, 76]))
def test_long_runs_of_base64_are_no_text(seed: int, size: int, width: int) -> None:
    """Encoded bytes outside a shortcode leave only a gap, also in lines; their last piece may stay."""
    run = base64.b64encode(bytes(200) + hashlib.shake_256(b"%d" % seed).digest(size)).decode()
    lines = [run[at : at + width] for at in range(0, len(run), width)] if width else [run]
    text = html_to_text("before " + "\n".join(lines[:-1] if width else lines) + " after")
    assert text.split() == ["before", "after"]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 500,
        "Red/Green/Blue/Black/White/Grey/Orange/Purple/Pink/Size38/Size40/Size42/Size44/Size46",
        "Donaudampfschifffahrtselektrizitatenhauptbetriebswerkbauunterbeamtengesellschaft",
        "/".join(["S", "M", "L", "XL", "2XL", "3XL", "4XL"] * 5),
        "1234567890" * 10,
    ],
)
def test_long_words_stay(text: str) -> None:
    """A long run of letters is a word unless it looks encoded."""
    assert html_to_text(f"before {text} after") == f"before {text} after"


NAMES = (
    r"[A-Z]?[a-z]{1,11}[0-9]{0,2}",
    r"[A-Z]{1,4}[0-9]{1,4}[A-Z]?",
    r"i?[A-Z][a-z]{2,8}[0-9]{1,2}([A-Z][a-z]{2,4})?",
    r"[0-9]{1,3}(V|A|mm|x|kg)[0-9]{1,2}A?",
    r"M[0-9]{1,2}x[0-9]{1,2}",
)


@examples(300)
@given(st.data(), st.sampled_from("/+"), st.sampled_from(NAMES))
def test_a_list_of_names_stays(data: st.DataObject, sign: str, form: str) -> None:
    """Names, sizes and models that one sign joins are no base64, however long the list."""
    names = data.draw(st.lists(st.from_regex(form, fullmatch=True), min_size=12, max_size=60))
    text = sign.join(name for name in names if name.isascii())
    assert html_to_text(f"before {text} after") == f"before {text} after"
    assert html_to_text(f"[tab]{text}[/tab]") == text


@pytest.mark.parametrize(
    "text",
    [
        "iPhone6/6S/iPhone7/iPhone8/iPhone6Plus/iPhone7Plus/iPhone8Plus/iPhoneX/iPhoneXR/iPhoneXSMax",
        "iPhone11ProMax/iPhone12ProMax/iPhone13ProMax/iPhone14ProMax/iPhone15ProMax/iPhone16ProMax",
        "M3x8/M3x10/M3x12/M4x8/M4x10/M4x12/M5x8/M5x10/M5x12/M6x16/M6x20/M8x20/M8x25",
        "12V5A/12V7A/24V5A/24V7A/24V10A/36V5A/36V7A/48V5A/48V7A/48V10A/48V12A",
        "GalaxyS21Ultra/RedmiNote9Pro/HuaweiP40Lite/XperiaXZ2Compact/MotoG7Power/NokiaX20",
        "iPhone6+/iPhone7+/iPhone8+/GalaxyS9+/GalaxyS10+/GalaxyS20+/GalaxyS21+/GalaxyS22+",
    ],
)
def test_a_list_of_models_stays(text: str) -> None:
    assert html_to_text(f"fits {text} only") == f"fits {text} only"


@examples(500)
@given(st.integers(0, 2**64), st.integers(100, 1_000))
def test_base64_of_any_bytes_is_no_text(seed: int, size: int) -> None:
    run = base64.b64encode(hashlib.shake_256(b"%d" % seed).digest(size)).decode()
    assert html_to_text(f"before {run} after").split() == ["before", "after"]
    assert html_to_text(f"before [tab]{run}[/tab] after").split() == ["before", "after"]
    assert html_to_text(f"before data:image/png;base64,{run} after").split() == ["before", "after"]


@examples(300)
@given(
    st.sampled_from(
        ("raw", "code", "barcode", "coupon_code", "product_code", "drawer", "tab_raw", "vc_raw_html")
    ),
    st.from_regex(r"[A-Z]?[a-z]{1,14}|[A-Z0-9]{1,14}|[0-9]{1,39}|[آ-ی]{1,14}", fullmatch=True),
)
def test_a_word_or_a_number_in_a_shortcode_stays(name: str, word: str) -> None:
    """For any name of the shortcode, although words have the form of base64."""
    assert html_to_text(f"before [{name}]{word}[/{name}] after").split() == ["before", word, "after"]


@pytest.mark.parametrize("name", ["fusion_code", "x_block"])
def test_short_html_that_is_encoded_is_read(name: str) -> None:
    assert html_to_text(f"[{name}]{_base64('<b>Hi</b>')}[/{name}]") == "Hi"


@pytest.mark.parametrize(
    "text",
    [
        "[a " * 20_000,
        '[a "' * 20_000,
        "[a '\"" * 20_000,
        "[a b=\"[c d='" * 10_000,
        "[a b=1 [" * 20_000,
        "[a " + "b=“c” " * 20_000,
        '[a b="x"y ' * 20_000,
        "[a <p>" * 20_000,
        "[vc_raw_html]" * 20_000,
        "[x]AAAA" * 20_000,
    ],
    ids=lambda text: text[:14],
)
def test_each_character_is_passed_a_few_times(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search never goes back: the signs that are looked at are not more than the characters."""
    looked_at = 0

    def counted(
        end: Callable[[str, int], tuple[int, bool, bool]],
    ) -> Callable[[str, int], tuple[int, bool, bool]]:
        def count(text: str, at: int) -> tuple[int, bool, bool]:
            nonlocal looked_at
            result = end(text, at)
            looked_at += result[0] - at
            return result

        return count

    monkeypatch.setattr(shortcodes, "_end", counted(shortcodes._end))
    without_shortcodes(text, html_to_text)
    assert looked_at <= len(text)
    encoded.without_encoded_runs(text)
