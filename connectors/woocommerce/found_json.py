"""JSON in the middle of other output: notices of PHP, comments of caches, scripts of hosts.

Each byte of an answer is looked at a few times at most, also of a hostile one.
"""

import json
import re
from collections.abc import Iterator

from connectors.json_text import decoded

MOST_BROKEN, MOST_WHOLE = 100, 10_000
"""How many beginnings of JSON are tried: ones that break cost more time than whole values."""

_BEGINNING = re.compile(
    r"""\{[ \t\r\n]{0,100}["}] | \[[ \t\r\n]{0,100}(?:[{\]"0-9-] | null | true | false)""", re.VERBOSE
)
"""An object begins with a name, a list with a value; `[a]` of a notice begins neither."""

_DOCUMENT = re.compile(r"\s*<(?:!doctype|html|\?xml|head)\b", re.IGNORECASE)
_DOCUMENT_END = re.compile(r"</html\s{0,100}>", re.IGNORECASE)

_DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=str)
"""Only finds the ends of values."""


def is_document(text: str) -> bool:
    """Returns whether a text is a web page."""
    return _DOCUMENT.match(text) is not None


def found_json(body: bytes) -> bytes | None:
    """Returns the JSON text of the largest object, or list of objects, in a body; None if there is none.

    What is inside of a larger value that does not end is a fragment of the answer, and is not returned.
    A web page has scripts with JSON of its own, so only what follows its end counts. Raises RecursionError
    for more than a thousand levels.
    """
    text = decoded(body)
    begin = 0
    if is_document(text):
        ends = [end.end() for end in _DOCUMENT_END.finditer(text)]
        if not ends:
            return None
        begin = ends[-1]
    best, broken = (0, 0), 0
    for start, end, is_whole in _values(text, begin):
        if not is_whole:
            broken = max(broken, end - start)
        elif end - start > best[1] - best[0]:
            best = start, end
    if best[1] - best[0] <= broken or best == (0, 0):
        return None
    return text[best[0] : best[1]].encode("utf-8", "surrogatepass")


def _values(text: str, at: int) -> Iterator[tuple[int, int, bool]]:
    """Yields the bounds of values, and whether each is whole; one that is not ends where it breaks."""
    left, broken, whole = 3 * len(text), 0, 0
    while broken < MOST_BROKEN and whole < MOST_WHOLE and left >= 0:
        found = _BEGINNING.search(text, at)
        if found is None:
            return
        start = found.start()
        try:
            value, end = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            yield start, error.pos, False
            left -= error.pos - start
            broken += 1
            at = start + 1
            continue
        if isinstance(value, dict) or not value or any(isinstance(item, dict) for item in value):
            yield start, end, True
        whole += 1
        at = end
