"""Summaries of workflows. The Temporal UI shows them as Markdown, and parts of them come from shops."""

import re
import unicodedata
from bisect import bisect_right

LONGEST = 400
"""Bytes; Temporal advises against longer summaries."""

_JOINERS = "\u200c\u200d"
"""Persian words and emoji need these two format characters; others are left out, such as bidi controls."""

_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn")
_MARKUP = re.compile(r"[\\`*\[\]()<>#&~|!$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^[-+=:]|(?<=\d)\.")
_LINK = re.compile(r"(?i)(?<=www)(?=\.)|(?<=:)(?=//)|(?=@)")
"""Where Markdown makes a link of a bare address, even if its punctuation is escaped."""

_WORD_JOINER = "\u2060"


def summary(*parts: str) -> str:
    """Returns a line that Markdown shows as it is, without links, images, HTML or other markup.

    The parts are joined by a dot. What is longer than `LONGEST` bytes is cut and ends with an ellipsis.
    """
    text = " · ".join(filter(None, map(_visible, parts)))
    if _size(text) <= LONGEST:
        return _escaped(text)
    cuts = range(len(text) + 1)
    fits = bisect_right(cuts, LONGEST, key=lambda cut: _size(text[:cut] + "…")) - 1
    return _escaped(text[:fits] + "…")


def _visible(part: str) -> str:
    """Returns the beginning of a part as one line of visible characters."""
    line = " ".join(part[: 2 * LONGEST].split())
    shown = "".join(
        letter for letter in line if letter in _JOINERS or unicodedata.category(letter) not in _INVISIBLE
    )
    return " ".join(shown.split())


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", _LINK.sub(_WORD_JOINER, text))


def _size(text: str) -> int:
    return len(_escaped(text).encode())
