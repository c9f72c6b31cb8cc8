"""Extracts readable text from a shop's HTML, in one pass of parser events: no tree, no recursion."""

import html as entities
import re
import threading
from collections.abc import Callable, Mapping

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from knowledge.encoded import without_encoded_runs
from knowledge.shortcodes import without_shortcodes
from knowledge.visibility import REPLACED, SKIPPED, is_block, is_hidden, style_of

# fmt: off
_PARAGRAPHS = frozenset((
    "address", "article", "aside", "blockquote", "center", "details", "dialog", "div", "dl", "fieldset",
    "figure", "footer", "form", "header", "hgroup", "hr", "listing", "main", "nav", "p", "plaintext", "pre",
    "search", "section", "summary", "xmp",
))
_LINES = frozenset((
    "br", "caption", "dd", "dt", "figcaption", "legend", "li", "optgroup", "option", "tbody", "td", "tfoot",
    "th", "thead", "tr",
))
# fmt: on
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_LISTS = frozenset(("dir", "menu", "ol", "ul"))
_BLOCKS = _PARAGRAPHS | _HEADINGS | _LINES | _LISTS | {"table"}
_TABLE_NESTING = 8

_TAG = re.compile(r"<[a-z/!?][^<>]*>|<!--", re.IGNORECASE)
_BLOCK = re.compile(rf"<(?:{'|'.join(sorted(_BLOCKS))})\b", re.IGNORECASE)
_BLOCK_END = re.compile(rf"</(?:{'|'.join(sorted(_BLOCKS))})(?:[\s/][^<>]*)?>", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")


def html_to_text(html: str) -> str:
    """Returns the text of `html`, with blank lines between paragraphs and a line per list item and table row.

    Text without block tags keeps its newlines. Never raises.
    """
    if not html:
        return ""
    return _read(html, encoded_html_to_text)


def encoded_html_to_text(html: str) -> str:
    """Returns the text of HTML that was encoded in other HTML, without what is encoded in it again."""
    return _read(html, None)


def _read(html: str, read_encoded: Callable[[str], str] | None) -> str:
    html = html.replace("\0", "").replace("\r\n", "\n")
    html = without_encoded_runs(without_shortcodes(html, read_encoded))
    parser, _idle.parser = _idle.parser or _Parser(), None
    text = parser.read(html)
    _idle.parser = parser
    return text


def plain_line(html: str) -> str:
    """Returns the text of `html` as one line."""
    return " ".join((html_to_text(html) if "<" in html or "[" in html else entities.unescape(html)).split())


class _Table:
    __slots__ = ("outer", "rows")

    def __init__(self) -> None:
        self.rows: list[list[list[str]]] = []
        self.outer: list[str] | None = None  # the lines around the table while one of its cells is open

    def lines(self) -> list[str]:
        width = max(map(len, self.rows), default=0)
        if width <= 1:
            return [line for row in self.rows for cell in row for line in (*cell, "")]
        return [_row_line([" ".join(filter(None, cell)) for cell in row], width) for row in self.rows]


def _row_line(cells: list[str], width: int) -> str:
    while cells and not cells[-1]:
        cells.pop()
    if width == 2 and len(cells) == 2 and cells[0]:
        return f"{cells[0].rstrip(' :')}: {cells[1]}"
    return " | ".join(cells) if len(list(filter(None, cells))) > 1 else "".join(cells)


class _Reader:
    """The parser's target: collects inline text into runs, runs into lines, lines into cells."""

    def begin(self, *, keeps_newlines: bool) -> None:
        """Forgets the last text."""
        self._keeps_newlines = keeps_newlines
        self._lines: list[str] = []
        self._run: list[str] = []
        self._bullet = ""
        self._after_heading = False
        self._lists = self._preformatted = 0
        self._depth = self._skipped = 0  # the depth of the element that is left out; 0: none is
        self._styled: list[int] = []  # the depths of elements that only their style makes blocks
        self._tables: list[_Table | None] = []  # None: nested too deep to keep rows and columns

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._skipped:
            return
        style = style_of(attributes) if attributes else {}
        if tag in REPLACED:
            self._run.append(" ")
        if tag in SKIPPED or ((attributes or tag == "dialog") and is_hidden(tag, attributes, style)):
            self._skipped = self._depth
            if tag in _BLOCKS:
                self._end_line()
        elif tag not in _BLOCKS:
            if style and is_block(style):
                self._styled.append(self._depth)
                self._end_line()
        else:
            self._start_block(tag)

    def _start_block(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._end_paragraph()
            self._preformatted += tag == "pre"
        elif tag in _HEADINGS:
            self._after_heading = False
            self._end_paragraph()
        elif tag in _LISTS:
            self._end_paragraph()
            self._lists += 1
        elif tag == "table":
            self._end_paragraph()
            self._tables.append(_Table() if len(self._tables) < _TABLE_NESTING else None)
        elif tag in _LINES:
            self._end_line()
            self._start_line(tag)

    def end(self, tag: str) -> None:
        depth, self._depth = self._depth, self._depth - 1
        if self._skipped:
            if self._skipped == depth:
                self._skipped = 0
            return
        if tag == "button":
            self._run.append(" ")
        if self._styled and self._styled[-1] == depth:
            self._styled.pop()
            self._end_line()
        if tag in _BLOCKS:
            self._end_block(tag)

    def _end_block(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._end_paragraph()
            self._preformatted -= tag == "pre"
        elif tag in _HEADINGS:
            self._end_line()
            self._after_heading = bool(self._lines)
        elif tag in _LISTS:
            self._end_line()
            self._bullet = ""
            self._lists -= 1
            self._end_paragraph()
        elif tag == "table":
            self._end_table()
        elif tag in _LINES and tag != "br":
            self._end_line()
            if tag == "li":
                self._bullet = ""
            elif tag in ("td", "th"):
                self._end_cell()

    def data(self, text: str) -> None:
        if self._skipped:
            return
        if self._keeps_newlines or self._preformatted:
            first, *others = text.split("\n")
            self._run.append(first)
            for line in others:
                if not self._end_line():
                    self._end_paragraph()
                self._run.append(line)
        elif "\n" in text:
            first, *others = _BLANK_LINE.split(text)
            self._run.append(first)
            for paragraph in others:
                self._end_paragraph()
                self._run.append(paragraph)
        else:
            self._run.append(text)

    def close(self) -> str:
        while self._tables:
            self._end_table()
        self._end_line()
        return "\n".join(self._lines).strip("\n")

    def _start_line(self, tag: str) -> None:
        if tag == "li":
            self._bullet = "- "
        table = self._tables[-1] if self._tables else None
        if table is None:
            return
        if tag == "tr":
            self._end_cell()
            table.rows.append([])
        elif tag in ("td", "th"):
            self._end_cell()
            if not table.rows:
                table.rows.append([])
            table.outer, self._lines = self._lines, []

    def _end_line(self) -> bool:
        text = " ".join("".join(self._run).split())
        self._run.clear()
        if not text:
            return False
        self._lines.append(self._bullet + text)
        self._bullet = ""
        self._after_heading = False
        return True

    def _end_paragraph(self) -> None:
        self._end_line()
        if self._lines and self._lines[-1] and not self._lists and not self._after_heading:
            self._lines.append("")

    def _end_cell(self) -> None:
        table = self._tables[-1] if self._tables else None
        if table is not None and table.outer is not None:
            self._end_line()
            table.rows[-1].append(self._lines)
            self._lines, table.outer = table.outer, None

    def _end_table(self) -> None:
        self._end_line()
        self._end_cell()
        table = self._tables.pop()
        if table is not None:
            for line in table.lines():
                if line or (self._lines and self._lines[-1]):
                    self._lines.append(line)
        self._after_heading = False
        self._end_paragraph()


class _Parser:
    """A reusable parser, because creating one takes longer than reading most texts."""

    def __init__(self) -> None:
        self._reader = _Reader()
        self._parser = etree.HTMLParser(target=self._reader, encoding="utf-8")

    def read(self, html: str) -> str:
        html = _BLOCK_END.sub(r"\g<0><br>", html)  # the parser passes over end tags of what is not open
        self._reader.begin(keeps_newlines=_BLOCK.search(html) is None)
        if _TAG.search(html) is None:
            self._reader.data(entities.unescape(html))
            return self._reader.close()
        self._parser.feed(html.encode(errors="ignore"))
        return str(self._parser.close())


class _Idle(threading.local):
    """A thread's idle parser; one that was interrupted is not used again."""

    parser: _Parser | None = None


_idle = _Idle()
