"""JSON in the middle of other output: notices of PHP, comments of caches, scripts of hosts.

Each byte of an answer is looked at a few times at most, also of a hostile one.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.json_text import decoded

MOST_BROKEN, MOST_WHOLE = 100, 10_000
"""How many beginnings of JSON are tried: ones that break cost more time than whole values."""

_BEGINNING = re.compile(
    r"""\{[ \t\r\n]{0,100}["}] | \[[ \t\r\n]{0,100}(?:[{\]"0-9-] | null | true | false)""", re.VERBOSE
)
"""An object begins with a name, a list with a value; `[a]` of a notice begins neither."""

_DOCUMENT = re.compile(r"\s*<(?:!doctype|html|\?xml|head)\b", re.IGNORECASE)
_DOCUMENT_END = re.compile(r"</html\s{0,100}>", re.IGNORECASE)

_NOTHING = re.compile(r"[\s\0\ufeff]*")
_LINE = re.compile(r"[\r\n][\0\ufeff]{0,9}\Z")
_SCRIPT = re.compile(r"<(/?)script\b", re.IGNORECASE)

_DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=str)
"""Only finds the ends of values."""


def is_document(text: str) -> bool:
    """Returns whether a text is a web page."""
    return _DOCUMENT.match(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Value:
    """A value from `start` to `end`; one that is not whole ends where it breaks."""

    start: int
    end: int
    is_whole: bool
    in_script: bool

    def __len__(self) -> int:
        return self.end - self.start


def found_json(body: bytes) -> bytes | None:
    """Returns the JSON text of the object, or list of objects, that is the answer; None if there is none.

    It is the value that begins the body, else the first one that begins a line, else the largest: scripts
    behind an answer have values of any size. What is inside of a larger value that does not end is a fragment
    of the answer, and is not returned. A web page has scripts with JSON of its own, so only what follows its
    end counts. Raises RecursionError for more than a thousand levels.
    """
    text = decoded(body)
    begin = 0
    if is_document(text):
        ends = [end.end() for end in _DOCUMENT_END.finditer(text)]
        if not ends:
            return None
        begin = ends[-1]
    found = _found(text, begin)
    return text[found.start : found.end].encode("utf-8", "surrogatepass") if found else None


def _found(text: str, begin: int) -> _Value | None:
    best: _Value | None = None
    in_front = _NOTHING.match(text, begin)
    first = in_front.end() if in_front else begin
    broken = broken_until = 0
    for value in _values(text, begin):
        if not value.is_whole:
            broken, broken_until = max(broken, len(value)), max(broken_until, value.end)
            continue
        begins_line = value.start >= broken_until and not value.in_script and _begins_line(text, value.start)
        if value.start == first or begins_line:
            return value
        if best is None or (not value.in_script, len(value)) > (not best.in_script, len(best)):
            best = value
    return best if best and len(best) > broken else None


def _begins_line(text: str, at: int) -> bool:
    return _LINE.search(text, max(0, at - 10), at) is not None


def _values(text: str, at: int) -> Iterator[_Value]:
    """Yields objects and lists, whole or broken, in the order of the text."""
    left, broken, whole, in_script = 3 * len(text), 0, 0, False
    while broken < MOST_BROKEN and whole < MOST_WHOLE and left >= 0:
        found = _BEGINNING.search(text, at)
        if found is None:
            return
        start = found.start()
        for tag in _SCRIPT.finditer(text, at, start):
            in_script = not tag[1]
        try:
            value, end = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            is_cut = error.msg.startswith("Unterminated")  # its position is where the string begins
            yield _Value(
                start=start, end=len(text) if is_cut else error.pos, is_whole=False, in_script=in_script
            )
            left -= error.pos - start
            broken += 1
            at = start + 1
            continue
        if isinstance(value, dict) or not value or any(isinstance(item, dict) for item in value):
            yield _Value(start=start, end=end, is_whole=True, in_script=in_script)
        whole += 1
        at = end
