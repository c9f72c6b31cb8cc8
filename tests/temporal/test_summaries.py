"""Summaries in the Temporal UI show the text of a shop, and nothing that the text asks for."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from temporal.summaries import LONGEST, summary
from tests.support.plugins.examples import examples

HOSTILE = [
    "[click](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "<img src=x onerror=alert(1)>",
    "<https://evil.example>",
    "https://evil.example",
    "www.evil.example",
    "a@evil.example",
    "# heading",
    "* item",
    "- [ ] task",
    "1. one",
    "> quote",
    "| a | b |\n|---|---|\n| c | d |",
    "```\ncode\n```",
    "**bold** _thin_ ~~gone~~ `code` a_b__c_",
    "    indented",
    "line\nbreak\r\u2028\u2029\x85\x0b",
    "[x]: https://evil.example",
    "[^1]",
    "&lt;b&gt; &#65;",
    "back\\slash\\",
    "\u202eevil\u2066\u200f",
    "\ud800",
    "$$x$$",
    "---",
    "هدف‌گذاری",
    "👨\u200d👩\u200d👧",
]
parts = st.lists(
    st.one_of(
        st.lists(st.sampled_from(HOSTILE), max_size=6).map(" ".join),
        st.lists(st.sampled_from([*"[]()<>!*_`#&\\|~:/.@-+=x1 \n", "www", "http"]), max_size=40).map("".join),
        st.text(st.characters(codec=None), max_size=600),
    ),
    max_size=4,
)
markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
BARE_ADDRESS = re.compile(r"(?i)https?://|www\.|[-.\w+]@")
"""What GitHub's Markdown makes a link of in a text, after escapes were removed."""


def shown(line: str) -> str:
    """Returns the text that Markdown shows; fails where it makes anything but text of a part."""
    tokens = markdown.parse(line)
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"])
    children = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in children} <= {"text"}, children
    return "".join(child.content for child in children)


@examples(300)
@given(parts)
@example(HOSTILE)
@example(["_" * 1_000])
@example(["ش" * 399, "x"])
def test_a_summary_is_text_whatever_its_parts_are(given_parts: list[str]) -> None:
    """One line of bounded length that Markdown shows as text, without invisible characters."""
    line = summary(*given_parts)
    assert len(line.encode()) <= LONGEST
    text = shown(line)
    assert not BARE_ADDRESS.search(text)
    assert {unicodedata.category(one) for one in text} & {"Cc", "Cs", "Zl", "Zp"} == set()
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f") & set(text)


@pytest.mark.parametrize(
    "name", ["کیف چرمی دست‌دوز", "سماور 3.5 لیتری (برنجی) – 100%", "Lamp *new* <b>", "a_b"]
)
def test_a_short_name_is_shown_as_it_is(name: str) -> None:
    """Joiners included, which Persian words need."""
    assert shown(summary("product.updated", "woo_5", name)) == f"product.updated · woo_5 · {name}"


def test_a_long_name_is_cut() -> None:
    """The cut shows, and no escape is cut in two."""
    line = summary("product.updated", "woo_5", "*" * 1_000)
    assert line.endswith("\\*…")
    assert LONGEST - 2 <= len(line.encode()) <= LONGEST
