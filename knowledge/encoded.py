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

_PERCENT = re.compile("%[0-9A-Fa-f]{2}")
_MARKS_AROUND = re.compile(r"</?p(?:\s[^<>]{0,100})?>|<br[^<>]{0,100}>", re.IGNORECASE)
_BASE64 = re.compile("[A-Za-z0-9+/]{4,}={0,2}")
_PERCENT_ENCODED = re.compile("(?:[A-Za-z0-9_.~*'()/-]|%[0-9A-Fa-f]{2})+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_SHORTEST = 16
_SHORTEST_LINE = 40


def without_encoded_runs(text: str) -> str:
    """Returns `text` with a space for each long run of base64, such as an embedded image; linear."""
    return _RUN.sub(lambda run: " " if _is_noise(run[0]) else run[0], text)


def _is_noise(run: str) -> bool:
    varied = _REPEATED.sub(r"\1", run)
    return len(_CHANGE.findall(varied)) > max(_FEWEST_CHANGES, _CHANGES * len(varied))


def is_encoded(content: str, *, is_code: bool) -> bool:
    """Returns whether all of a shortcode's content has the form of encoded text, which `decoded` may read.

    `is_code` says that the shortcode holds code, so that shorter content counts.
    """
    lines = _MARKS_AROUND.sub(" ", content).split()
    if not lines or any(len(line) < _SHORTEST_LINE for line in lines[:-1]):
        return False
    compact = "".join(lines)
    if len(_PERCENT.findall(compact)) > 1 and _PERCENT_ENCODED.fullmatch(compact):
        return True
    return len(compact) >= (4 if is_code else _SHORTEST) and _BASE64.fullmatch(compact) is not None


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
