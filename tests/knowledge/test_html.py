"""Readable text out of HTML."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from knowledge.html import html_to_text, plain_line
from tests.support.plugins.examples import examples

FRAGMENTS = [
    *(
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<ul>",
        "<li>",
        "</ul>",
        "<table>",
        "<tr>",
        "<td>",
        "<th>",
        "</table>",
    ),
    *(
        "<h2>",
        "</h2>",
        "<br>",
        "<pre>",
        "</pre>",
        "<b>",
        "</b>",
        "<script>",
        "</script>",
        "<style>",
        "<!--",
        "-->",
    ),
    *(
        "<",
        ">",
        "&",
        "&amp;",
        "&#8211;",
        "&#0;",
        "&#xD800;",
        "&nbsp;",
        "[gallery ids='1']",
        "[x]",
        "[/x]",
        "[",
        "]",
    ),
    *(
        "متن",
        "word",
        " ",
        "\n",
        "\n\n",
        "\0",
        "\ud800",
        "<?php",
        "<![CDATA[",
        "]]>",
        "<a href='",
        "</",
        "<x:y/>",
    ),
]


hostile = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join), st.text(st.characters(codec=None))
)


@examples(300)
@given(hostile)
def test_nothing_raises(html: str) -> None:
    """Any string gives text without edge newlines or runs of blank lines, and one line of text."""
    text = html_to_text(html)
    assert text == text.strip("\n")
    assert "\n\n\n" not in text
    assert len(plain_line(html).splitlines()) <= 1


@examples(50)
@given(st.lists(hostile, min_size=2, max_size=5))
def test_a_text_reads_the_same_after_any_other(texts: list[str]) -> None:
    """What a thread has read before leaves nothing behind."""
    alone = []
    for html in texts:
        with ThreadPoolExecutor(1) as thread:
            alone.append(thread.submit(html_to_text, html).result())
    assert [html_to_text(html) for html in texts] == alone


def test_an_interrupted_text_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that was stopped in the middle of a text does not read the next one."""
    interruptions = [KeyboardInterrupt]

    class Interrupted(etree.HTMLParser):  # type: ignore[misc]  # lxml ships no types
        def close(self) -> object:
            if interruptions:
                raise interruptions.pop()
            return super().close()

    monkeypatch.setattr(etree, "HTMLParser", Interrupted)
    with ThreadPoolExecutor(1) as thread:
        stopped = thread.submit(html_to_text, "<ul><li>first<li>second").exception()
        assert isinstance(stopped, KeyboardInterrupt)
        assert thread.submit(html_to_text, "<p>third").result() == "third"


@examples(100)
@given(
    st.lists(st.text(st.sampled_from("ابپ abc۱۲.,<>&[]"), min_size=1).map(str.strip).filter(bool), min_size=1)
)
def test_every_written_word_is_read(paragraphs: list[str]) -> None:
    """Escaped text inside paragraphs comes back as it was, whichever tag carries it."""
    escaped = [text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for text in paragraphs]
    expected = "\n\n".join(" ".join(text.split()) for text in paragraphs)
    assert html_to_text("".join(f"<p>{text}</p>" for text in escaped)) == expected
    assert html_to_text("".join(f"<div>\n{text}\n</div>\n" for text in escaped)) == expected


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p>\n<p>b<br />c</p>", "a\n\nb\nc"),
        ("<h2>Title</h2>\n<p>text</p><h3>Next</h3>more", "Title\ntext\n\nNext\nmore"),
        ("<h2>A</h2><h3>B</h3>c<h4>D</h4><table><tr><td>e</table>f", "A\n\nB\nc\n\nD\ne\n\nf"),
        ("<p>x</p><ul><li>a</li><li><p>b</p></li><li></li></ul><p>y</p>", "x\n\n- a\n- b\n\ny"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</ul>", "- a\n- b\n- c"),
        ("<ol><li>one<li>two", "- one\n- two"),
        ("<dl><dt>وزن</dt><dd>۲ کیلو</dd></dl>", "وزن\n۲ کیلو"),
        ("un<b>bold</b>ed <span>a</span><span>b</span>", "unbolded ab"),
        ("a<script>x<y</script><style>.a{}</style><!-- c --><template><p>t</template>b", "ab"),
        ("a<iframe src=x>f</iframe>b<svg>s</svg>c<img src=x>d<button>e</button>f", "a b c d e f"),
        ("Line&nbsp;one &lt;tag&gt; &amp; &#8211; “q”", "Line one <tag> & – “q”"),
        ("<p>a < b and 5<6</p>", "a < b and 5<6"),
        ("<pre>a\n  b\n\nc</pre>", "a\nb\n\nc"),
        ("<meta charset=latin1><p>سلام", "سلام"),
        ("<html><body><p>a</p></body></html>tail", "a\n\ntail"),
        ("<div><p>a", "a"),
        ("</p></div>a", "a"),
        ("", ""),
        ("<p>&nbsp;</p>", ""),
    ],
)
def test_reading(html: str, text: str) -> None:
    """Paragraphs, headings, lists and entities are kept; scripts, styles, frames and comments are not."""
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<table><tr><th>صفحه</th><td>۱۵٫۶ اینچ</td></tr>\n"
            "<tr><th>حافظه:</th><td><p>512GB</p><p>SSD</p></td></tr></table>",
            "صفحه: ۱۵٫۶ اینچ\nحافظه: 512GB SSD",
        ),
        (
            "<table><caption>Sizes</caption><thead><tr><th>S</th><th>M</th><th>L</th></tr></thead>"
            "<tr><td>1</td><td></td><td>3</td></tr><tr><td colspan=3>all</td></tr></table>after",
            "Sizes\nS | M | L\n1 |  | 3\nall\n\nafter",
        ),
        ("<table><tr><td>a<td><tr><td><td>b</table>", "a\nb"),
        ("<table><tr><td><h2>A</h2><p>b</p><ul><li>c</li></ul></td></tr></table>", "A\nb\n\n- c"),
        (
            "<table><tr><td>a</td><td><table><tr><td>b</td><td>c</td></tr></table></td></tr></table>",
            "a: b: c",
        ),
        ("<td>a</td><tr><td>b", "a\nb"),
        ("<p>x<table><tr><td>k</td><td>v", "x\n\nk: v"),
    ],
)
def test_tables(html: str, text: str) -> None:
    """A table of two columns reads as names and values, a wider one row by row, one of layout as its text."""
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("one\ntwo\n\nthree &amp; four", "one\ntwo\n\nthree & four"),
        ("one\r\ntwo <b>bold</b>\n\n\n\nthree", "one\ntwo bold\n\nthree"),
        ("<p>wrapped\nline</p>", "wrapped line"),
        ("first\n\nsecond\nline\n<ul><li>a</li></ul>", "first\n\nsecond line\n\n- a"),
        ("size<xl and a<b", "size<xl and a<b"),
    ],
)
def test_plain_text_keeps_its_lines(html: str, text: str) -> None:
    """Text without block tags keeps newlines; among block tags only a blank line ends a paragraph."""
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<p>a</p><p>[gallery ids="1,2"]</p><p>b</p>', "a\n\nb"),
        ('[caption id="x" width="1"]<img src="a.jpg"> متن عکس[/caption]', "متن عکس"),
        ("[vc_row][vc_column width=&#8221;1/2&#8243;]text[/vc_column][/vc_row]", "text"),
        ("[button]خرید[/button] [products] [woocommerce_cart] [icon /]", "خرید"),
        (
            "[x] [جدید] [iPhone 12] [1] [e-book] a[i] [[gallery]] []",
            "[x] [جدید] [iPhone 12] [1] [e-book] a[i] [[gallery]] []",
        ),
    ],
)
def test_shortcodes(html: str, text: str) -> None:
    """What WordPress would have run is dropped, its content and ordinary brackets stay."""
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "Material: cotton</br>Colour: turquoise</BR >Size: XL",
            "Material: cotton\nColour: turquoise\nSize: XL",
        ),
        ("a<br/>b<BR clear=all>c<br\n/>d", "a\nb\nc\nd"),
        ("a</p>b</div>c</li>d</h2>e", "a\nb\nc\nd\ne"),
        ("<p>a</p></p>b", "a\n\nb"),
        ("a<span style='color:red; Display : block !important'>b</span>c", "a\nb\nc"),
        ("<dialog open>a</dialog>b<hgroup>c</hgroup>d", "a\n\nb\n\nc\n\nd"),
        ("<menu><li>a<li>b</menu>c", "- a\n- b\n\nc"),
    ],
)
def test_breaks_of_browsers(html: str, text: str) -> None:
    """An end tag of what is not open ends a line, and so does a style that makes a block."""
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>x</p>",
        "<div hidden=''><p>x</p><img src=x></div>",
        "<span style='color:red;display:none'>x</span>",
        "<b STYLE='DISPLAY: NONE !important;'>x<br>x</b>",
        "<ul style='visibility:hidden'><li>x<li>x</ul>",
        "<dialog>x</dialog>",
        "<noscript><p>x</p></noscript>",
        "<template>x</template>",
        "<datalist><option>x</datalist>",
        "<ul class='products columns-4'><li class='product'><h2>x</h2><span>12</span></ul>",
        "<p class='product woocommerce add_to_cart_inline'>x</p>",
    ],
)
def test_hidden_elements_are_left_out(hidden: str) -> None:
    """What browsers do not show is no text, and neither are WooCommerce's lists of other products."""
    assert html_to_text(f"<p>a</p>{hidden}<p>b</p>") == "a\n\nb"


@pytest.mark.parametrize(
    "shown",
    [
        "<p aria-hidden=true>x</p>",
        "<p class='screen-reader-text'>x</p>",
        "<p hidden=until-found>x</p>",
        "<p style='display:none;display:block'>x</p>",
        "<p style='overflow:hidden'>x</p>",
        "<div class='products'>x</div>",
        "<details><summary>x</summary></details>",
        "<p style='opacity:0'>x</p>",
        "<p style='font-size:0'>x</p>",
    ],
)
def test_what_is_shown_is_text(shown: str) -> None:
    """Only what browsers show to no reader is left out; page builders write the last two for effects."""
    assert html_to_text(f"<p>a</p>{shown}<p>b</p>") == "a\n\nx\n\nb"


_BLOCK_TAGS = st.sampled_from(
    ["p", "div", "li", "td", "tr", "h2", "dd", "section", "ul", "table", "blockquote", "pre", "figcaption"]
)
_SEPARATORS = st.one_of(
    _BLOCK_TAGS.map(lambda tag: f"<{tag}>"),
    _BLOCK_TAGS.map(lambda tag: f"</{tag}>"),
    _BLOCK_TAGS.map(lambda tag: f"</{tag}><{tag.upper()} class='a'>"),
    st.sampled_from(["<br>", "</br>", "<br/>", "<BR />", "<hr>", "[/vc_column_text][vc_column_text]"]),
    st.sampled_from(["[gallery ids='1']", "[vc_icon /]", '[vc_btn title="Sizes [S-XL]"]', "[/li_item]"]),
)


@examples(300)
@given(st.lists(_SEPARATORS, max_size=12), st.sampled_from(["", "<p>", "<li>"]))
def test_words_of_neighbouring_blocks_are_never_joined(separators: list[str], first: str) -> None:
    """Each word between tags of blocks or shortcodes is a word of the text, also where tags do not match."""
    words = [f"w{position}w" for position in range(len(separators) + 1)]
    html = first + "".join(map("".join, zip(words, [*separators, ""], strict=True)))
    text = html_to_text(html)
    assert sorted(re.findall(r"[^\s|:-]+", text)) == sorted(words)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    assert html_to_text(escaped) == text
    assert plain_line(html).split() == text.split()


@pytest.mark.parametrize(
    ("html", "line"),
    [
        ("Tom &amp; <b>Jerry</b>", "Tom & Jerry"),
        ("a < b", "a < b"),
        ("a<b", "a<b"),
        ('Tee &amp; Mug <b>Bundle</b> "Deluxe" – 50% off', 'Tee & Mug Bundle "Deluxe" – 50% off'),
        ("<p>one</p><p>two</p>", "one two"),
        ("one\n  two&#8232;three", "one two three"),
        ("لپ\u200cتاپ [جدید]", "لپ\u200cتاپ [جدید]"),
    ],
)
def test_names(html: str, line: str) -> None:
    """A name is one line without tags and entities."""
    assert plain_line(html) == line


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>" * 100_000 + "x", "x"),
        ("<div>" * 100_000 + "x" + "</div>" * 100_000 + "y", "x\n\ny"),
        ("<b>" * 100_000 + "x", "x"),
        ("<ul><li>" * 50_000 + "x", "- x"),
        ("<table><tr><td>" * 30_000 + "x", "x"),
        ("<p>" + "x" * 11_000_000, "x" * 11_000_000),
        ("<a href='" + "x" * 11_000_000 + "'>k</a>", "k"),
        ("<a " * 300_000, ("<a " * 300_000).rstrip()),
        ("<!--" * 200_000, ""),
        ("<p>" + "[a " * 200_000, ("[a " * 200_000).rstrip()),
        ("<p>" + " " * 1_000_000 + "x", "x"),
    ],
    ids=lambda text: text[:12],
)
def test_hostile_html_is_read(html: str, text: str) -> None:
    """Depth and size cost neither the stack nor more than linear time."""
    assert html_to_text(html) == text


@pytest.mark.parametrize(("depth", "text"), [(8, "k: " * 8 + "v"), (9, "k: " * 8 + "k v")])
def test_tables_keep_their_shape_in_eight_levels(depth: int, text: str) -> None:
    """Tables nested beyond any layout are read as running text, so that depth costs no copying."""
    assert html_to_text("<table><tr><td>k</td><td>" * depth + "v" + "</td></tr></table>" * depth) == text
