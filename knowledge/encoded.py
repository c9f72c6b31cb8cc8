"""Finds encoded code in a shop's texts: page builders store HTML and scripts as base64 or percent-encoded."""

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

_RUN = re.compile(
    r"(?:data:[\w/+.-]{1,100};base64,)?(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{60,}+"
    r"(?:\s+[A-Za-z0-9+/]{60,}+)*+(?:\s+[A-Za-z0-9+/]{1,200}+(?==)|)={0,2}"
)
_CHANGE = re.compile("[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|[0-9](?=[A-Za-z])")
_CHANGES = 0.35
"""In base64, more than half of the characters are followed by one of another kind; in words, a tenth."""

_FEWEST_CHANGES = 15
_REPEATED = re.compile(r"(.)\1{3,}+")
_SIGNS = re.compile("[/+]")
_LOWER_CASE = re.compile("[a-z]{3,}+")
_LONGEST_NAME = 24
_COMPARED = 4_000
"""Characters in which three that return are searched; more of base64 hold some by chance."""

_MARKUP = "JTND"
"""How base64 of percent-encoded HTML begins: that is `%3C`, a `<`."""

_PERCENT = re.compile("%[0-9A-Fa-f]{2}")
_MARKS_AROUND = re.compile(r"</?p(?:\s[^<>]{0,100})?>|<br[^<>]{0,100}>", re.IGNORECASE)
_BASE64 = re.compile("[A-Za-z0-9+/]{4,}={0,2}")
_PERCENT_ENCODED = re.compile("(?:[A-Za-z0-9_.~*'()/-]|%[0-9A-Fa-f]{2})+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_SHORTEST = 16
_SHORTEST_LINE = 40
_SHORTEST_NOISE = 40


def without_encoded_runs(text: str) -> str:
    """Returns `text` with a space for each long run of base64, such as an embedded image; linear."""
    return _RUN.sub(lambda run: " " if _is_noise(run[0]) else run[0], text)


def _is_noise(run: str) -> bool:
    prefix, _, code = run.rpartition(",")
    varied = _REPEATED.sub(r"\1", code)
    if len(_CHANGE.findall(varied)) <= max(_FEWEST_CHANGES, _CHANGES * len(varied)):
        return False
    return bool(prefix) or not _is_list("".join(code.split()))


def _is_list(run: str) -> bool:
    """Returns whether a run is a list of names, such as `M3x8/M3x10` or `iPhone6/iPhone7`.

    Of 32 characters of base64, one is `/` or `+`, either as often; no three of them are likely to return,
    and one in seven is among three or more in lower case.
    """
    names, size = _SIGNS.split(run), len(run)
    signs = len(names) - 1
    if "//" in run or "++" in run:
        return False
    if 8 * signs > size:
        return True
    if 20 * signs <= size and max(map(len, names)) >= _LONGEST_NAME:
        return False
    has_one_sign = not ("/" in run and "+" in run)
    has_short_names = 14 * signs > size
    has_words = 5 * sum(map(len, _LOWER_CASE.findall(run))) > 2 * size
    triples = [run[at : at + 3] for at in range(min(size, _COMPARED) - 2)]
    returning = len(triples) - len(set(triples))
    return has_one_sign + has_short_names + has_words > 1 or 10 * returning > len(triples)


def is_encoded(content: str) -> bool:
    """Returns whether all of a shortcode's content is encoded text, which `decoded` may read, or noise.

    A word or a number may have the form of base64 too: a short one is encoded only if it holds HTML.
    """
    lines = _MARKS_AROUND.sub(" ", content).split()
    if not lines or any(len(line) < _SHORTEST_LINE for line in lines[:-1]):
        return False
    compact = "".join(lines)
    if len(_PERCENT.findall(compact)) > 1 and _PERCENT_ENCODED.fullmatch(compact):
        return decoded(compact) is not None or len(compact) >= _SHORTEST_NOISE
    if not _BASE64.fullmatch(compact) or compact.isdigit():
        return False
    if (text := decoded(compact)) is not None:
        return len(compact) >= _SHORTEST or "<" in text
    return compact.startswith(_MARKUP) or (len(compact) >= _SHORTEST_NOISE and _is_noise(compact))


def decoded(content: str) -> str | None:
    """Returns the HTML or text in encoded content; None if it holds anything else."""
    compact = "".join(_MARKS_AROUND.sub(" ", content).split())
    if _PERCENT.search(compact):
        return _text(unquote_to_bytes(compact))
    bare = compact.rstrip("=")
    try:
        code = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        return None
    text = _text(code)
    return _text(unquote_to_bytes(text)) if text and _PERCENT.search(text) else text


def _text(code: bytes) -> str | None:
    try:
        text = code.decode()
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else text
