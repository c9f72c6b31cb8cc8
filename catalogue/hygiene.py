"""Text and addresses of shops as data for a language model: plain, visible, bounded, and fenced.

A shop's text is written by strangers. Here lose their effect: markup, Markdown links, characters that are not
shown or that reorder others, and the marks that enclose the text itself.
"""

import re
import secrets
import unicodedata
from functools import lru_cache
from urllib.parse import quote, urlsplit

from pydantic_core import Url

from knowledge.html import html_to_text

LONGEST_INPUT = 100_000
"""Characters of a text that are read, with their markup."""

LONGEST_LINK = 2_000

_LONGEST_KEPT = 4_000

_SHORT = 500
_MARGIN = 100
"""Characters at the end of a part that may read otherwise in the whole text."""

_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_UNFINISHED_TAG = re.compile(r"<[A-Za-z/!?][^<>]*\Z")
_TAG_BEGINS = re.compile(r"<(?=[A-Za-z/!?])")
_ENCODED_TAG = re.compile(r"&(?:amp;)*(?:lt|#0*60|#x0*3c);", re.IGNORECASE)

_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\([^()\n]{0,3000}(?:\([^()\n]{0,300}\)[^()\n]{0,3000})?\)")
_REFERENCE = re.compile(r"^ {0,3}\[[^\[\]\n]{1,200}\]:[^\n]*$", re.MULTILINE)
_ADDRESS = re.compile(r"\s*(?:[)\"']|[A-Za-z][A-Za-z0-9+.-]{0,30}:|//|www\.|#|/|\.)", re.IGNORECASE)

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_UNSEEN_CHARACTERS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u070f\u0890\u0891\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b"
    "\u200d-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0e\ufeff\uffa0"
    "\ufff0-\ufffc\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bcaf"
    "\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
)
"""Controls, formats without the signs of Arabic that are shown, fillers, halves, private use and tags."""

_UNSEEN = re.compile(f"[{_UNSEEN_CHARACTERS}]|(?<![\u203c-\u3299\U0001f000-\U0001faff])\ufe0f")
_NOT_PLAIN = re.compile(f"[<&\\[\\]{_UNSEEN_CHARACTERS}\ufe0f\u2028\u2029\u2800]")
"""Without one of these, a text is as it is shown."""

_ARABIC = "\u0600-\u06ff\u0750-\u077f\u0870-\u08ff\ufb50-\ufdff\ufe70-\ufefc"
_LOOSE_JOINER = re.compile(
    f"\u200c(?=\\s|\u200c|\\Z)|(?<![^\\s\u200c])\u200c|(?<![{_ARABIC}])\u200c(?![{_ARABIC}])"
)
_BLANK = re.compile("[^\\S\n]{2,}|[^\\S\n ]")
_SPACED_LINE_END = re.compile(" ?\n ?")
_BLANK_LINES = re.compile("\n{3,}")

_HOST = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_UNSAFE_IN_LINK = re.compile(r"[\s<>\"`{}|\\^\x00-\x20\x7f]")


def line(text: str, limit: int) -> str:
    """Returns the plain text of a shop's HTML as one line of at most `limit` characters."""
    if limit <= 0:
        return ""
    return _kept_line(text, limit) if len(text) <= _SHORT else _line(text, limit)


@lru_cache(maxsize=10_000)
def _kept_line(text: str, limit: int) -> str:
    """Returns a short text as `line` does; it is kept, because variations share names of options."""
    return _line(text, limit)


def _line(text: str, limit: int) -> str:
    if len(text) > _SHORT or "\u200c" in text or _NOT_PLAIN.search(text):
        text = _beginning(text, limit)
    return cut(" ".join(text.split()), limit)


def paragraph(text: str, limit: int) -> str:
    """Returns the plain text of a shop's HTML, with its line ends, in at most `limit` characters."""
    if limit <= 0:
        return ""
    return _kept_paragraph(text, limit) if len(text) <= _LONGEST_KEPT else cut(_beginning(text, limit), limit)


@lru_cache(maxsize=1_000)
def _kept_paragraph(text: str, limit: int) -> str:
    """Returns a short text as `paragraph` does; it is kept, because searches show the same products again."""
    return cut(_beginning(text, limit), limit)


def web_link(url: str) -> str:
    """Returns an http or https address in ASCII; empty for every other one.

    Addresses with a user name before the host, which hide the host, and addresses over `LONGEST_LINK`
    characters are empty too.
    """
    url = url.strip()
    if len(url) > LONGEST_LINK or _UNSAFE_IN_LINK.search(url) or _UNSEEN.search(url):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
        path, query, fragment = (quote(part, safe="%/:@!$&'()*+,;=~?") for part in parts[2:])
        ending = (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
        link = f"{parts.scheme}://{host}{path}{ending}"
        if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or len(link) > LONGEST_LINK:
            return ""
        Url(link)
    except ValueError:
        return ""
    return link


class Fence:
    """The marks around a shop's text in one response; a text cannot know them, because they are random."""

    def __init__(self, marker: str | None = None) -> None:
        """Makes marks of `marker`, which is random unless a test gives one."""
        self.marker = marker or secrets.token_hex(8)
        self._inside = re.compile(re.escape(self.marker), re.IGNORECASE)

    def around(self, text: str) -> str:
        """Returns a text between two lines with the marker; the text itself has the marker nowhere."""
        while self._inside.search(text):
            text = self._inside.sub("", text)
        return f"[shop data {self.marker}]\n{text}\n[end of shop data {self.marker}]"


def _beginning(text: str, limit: int) -> str:
    """Returns more than `limit` characters of the plain text, or all of it; reads no more than it needs."""
    read = 1_000 + 4 * limit
    while True:
        part = text[: min(read, LONGEST_INPUT)]
        if len(part) == len(text):
            return _plain(text)
        plain = _plain(_UNFINISHED_TAG.sub("", part))
        if len(plain) > limit + _MARGIN or read >= LONGEST_INPUT:
            return plain
        read *= 4


def _plain(text: str) -> str:
    """Returns text without markup and without characters that are not shown."""
    if _NOT_PLAIN.search(text) is None:
        return _spaced(text)
    text = html_to_text(text)
    for _ in range(3):
        text = _visible(text)
        if not (_TAG.search(text) or _ENCODED_TAG.search(text)):
            break
        text = html_to_text(text)
    else:
        text = _TAG.sub(" ", _ENCODED_TAG.sub(" ", _visible(text)))
    plain = _TAG_BEGINS.sub("< ", _spaced(_without_links(_spaced(text))))
    return plain.replace("](", "] (")


def _spaced(text: str) -> str:
    """Returns text with single spaces, one blank line at most between lines, and joiners inside of words."""
    text = _BLANK.sub(" ", text)
    if "\u200c" in text:
        text = _LOOSE_JOINER.sub("", text)
    if "\n" in text:
        text = _BLANK_LINES.sub("\n\n", _SPACED_LINE_END.sub("\n", text))
    return text.strip()


def _visible(text: str) -> str:
    return _UNSEEN.sub("", _LINE_ENDS.sub("\n", text)).replace("\u2800", " ")


def _without_links(text: str) -> str:
    """Returns text with the words of Markdown links and images, without their addresses."""
    if "](" not in text and "]:" not in text:
        return text
    text = _REFERENCE.sub("", text)
    for _ in range(3):
        text = _LINK.sub(_words_of, text)
    return text


def _words_of(link: re.Match[str]) -> str:
    address = link[0][link[0].index("](") + 2 :]
    return link[1] if _ADDRESS.match(address) or link[0].startswith("!") else link[0]


def cut(text: str, limit: int) -> str:
    """Returns a text of at most `limit` characters, cut between words where there are any."""
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    kept = text[: limit - 1]
    if not text[limit - 1].isspace():
        border = max(kept.rfind(" "), kept.rfind("\n"))
        if border >= limit // 2:
            kept = kept[:border]
    while kept and (unicodedata.combining(text[len(kept)]) or kept[-1] == "\u200c"):
        kept = kept[:-1]
    return kept.rstrip(" \n,.;:،؛-–(") + "…"
