"""One spelling of the same Persian text, for readers and for full-text search."""

import re
import unicodedata

_WHITE = "".join(filter(str.isspace, map(chr, range(0x3001)))).replace("\n", "").replace(" ", "")
_PRESENTED = "\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
_UNSEEN = (
    "\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u0640\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff"
)
_TAGS = "\U000e0000-\U000e007f"
_MARKS = "".join(filter(unicodedata.combining, map(chr, range(0x300, 0x1F000))))
_NEAR_MARKS = "".join(mark for mark in _MARKS if mark < "\U00010000") + "\U00010000-\U0001efff"
"""All marks and some more: a set of many ranges beyond U+FFFF takes forty times as long to search."""
_PERSIAN_LETTERS = {"ي": "ی", "ى": "ی", "ك": "ک", "ۀ": "ه\u0654"}

_UNSETTLED = re.compile(
    f"[{_WHITE}{_PRESENTED}{_UNSEEN}{_TAGS}{_NEAR_MARKS}{''.join(_PERSIAN_LETTERS)}\u200d]"
)
_TO_PERSIAN = re.compile(f"[{''.join(_PERSIAN_LETTERS)}]")
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_PRESENTATION_FORMS = re.compile(f"[{_PRESENTED}]+")
_INVISIBLE = re.compile(f"[{_UNSEEN}]+")
_TAG_CHARACTERS = re.compile(
    f"(\U0001f3f4[\U000e0030-\U000e007a]{{1,9}}\U000e007f)|[{_TAGS}]+"  # 1: a region's flag
)
_NO_WORD = re.compile(r"[^\w\s!-~]{17,}")
_EXCESS_MARKS = re.compile(f"([{_MARKS}]{{16}})[{_MARKS}]+")
_JOINER_RUN = re.compile("([\u200c\u200d])[\u200c\u200d]+")
_BORDER = r"""\s.,:;!?()\[\]{}«»"'“”‘’،؛؟…/|\-–—"""
_LOOSE_JOINER = re.compile(
    rf"\u200c(?:(?<![^{_BORDER}]\u200c)|(?![^{_BORDER}]))"
    r"|\u200d(?<!\S\u200d)"  # a final ZWJ still shapes its letter
)
_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_SPACED_LINE_END = re.compile(" ?\n ?")
_BLANK_LINES = re.compile("\n{3,}")

_FOLDED = {
    "ي": "ی",
    "ى": "ی",
    "ے": "ی",
    "ك": "ک",
    "ڪ": "ک",
    "ة": "ه",
    "ە": "ه",
    "ہ": "ه",
    "ھ": "ه",
    "ٱ": "ا",
    "ء": "",
    "٫": ".",
    "٬": ",",
    "\u200d": "",
    **{chr(0x06F0 + digit): str(digit) for digit in range(10)},
    **{chr(0x0660 + digit): str(digit) for digit in range(10)},
}
_TO_FOLD = re.compile(f"[{''.join(_FOLDED)}]")
_NEAR_MARK = re.compile(f"[{_NEAR_MARKS}]")
_SEPARATED_NUMBER = re.compile(r"[0-9](?<![0-9.][0-9])[0-9]*+(?:[,،'’/][0-9]++)+")
_DOTTED_NUMBER = re.compile(r"[0-9](?<![0-9]{2})[0-9]*+(?:\.[0-9]++)+")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:(?:[,،'’][0-9]{3})+|(?:/[0-9]{3}){2,}|(?:\.[0-9]{3}){2,})")
_SEPARATOR = re.compile(r"[^0-9]")
_HALF_SPACED = re.compile(r"(?<![^\W\d_])[^\W\d_]++(?:\u200c[^\W\d_]++)+")
_WORD = re.compile(r"[^\W_]++(?:\.(?<=[0-9]\.)(?=[0-9])[^\W_]++)*+")


def normalise(text: str) -> str:
    """Returns `text` in one Unicode spelling, meaning and line structure unchanged; idempotent."""
    return text if is_settled(text) else settle(text)


def is_settled(text: str) -> bool:
    """Returns whether `text` is certainly normal, as most text is; many times faster than `settle`."""
    return (
        _UNSETTLED.search(text) is None
        and unicodedata.is_normalized("NFC", text)
        and not ("\u200c" in text and ("\u200c\u200c" in text or _LOOSE_JOINER.search(text)))
        and not ("  " in text or " \n" in text or "\n " in text or "\n\n\n" in text)
        and text == text.strip()
    )


def settle(text: str) -> str:
    """Returns `text` normalised step by step."""
    text = _LINE_ENDS.sub("\n", text)
    text = _PRESENTATION_FORMS.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    text = _INVISIBLE.sub("", text)
    text = _TAG_CHARACTERS.sub(r"\1", text)
    text = _composed(text)
    text = _LOOSE_JOINER.sub("", _JOINER_RUN.sub(r"\1", text))
    text = _composed(_TO_PERSIAN.sub(lambda letter: _PERSIAN_LETTERS[letter[0]], text))
    text = _SPACED_LINE_END.sub("\n", _SPACES.sub(" ", text))
    return _BLANK_LINES.sub("\n\n", text).strip()


def search_form(text: str) -> str:
    """Returns the words of `text`, folded and separated by single spaces; idempotent.

    For stored text and queries alike. A half-spaced word yields its joined form, then its parts.
    """
    text = _without_marks(normalise(text))
    text = _TO_FOLD.sub(lambda letter: _FOLDED[letter[0]], _without_marks(text.casefold()))
    text = _SEPARATED_NUMBER.sub(lambda number: _ungrouped(number[0], otherwise=" "), text)
    text = _DOTTED_NUMBER.sub(lambda number: _ungrouped(number[0], otherwise="."), text)
    text = " ".join([_with_parts(word) if "\u200c" in word else word for word in text.split()])
    return unicodedata.normalize("NFC", " ".join(_WORD.findall(text)))


def _composed(text: str) -> str:
    """Composes `text`, 16 marks to a letter at most: composing takes time quadratic in a run of marks."""
    return unicodedata.normalize("NFC", _NO_WORD.sub(lambda run: _EXCESS_MARKS.sub(r"\1", run[0]), text))


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    return _NEAR_MARK.sub(_if_base, unicodedata.normalize("NFKD", text))


def _if_base(character: re.Match[str]) -> str:
    return "" if unicodedata.combining(character[0]) else character[0]


def _ungrouped(number: str, *, otherwise: str) -> str:
    return _SEPARATOR.sub("" if _THOUSANDS.fullmatch(number) else otherwise, number)


def _with_parts(word: str) -> str:
    return _HALF_SPACED.sub(_joined_and_parts, word)


def _joined_and_parts(word: re.Match[str]) -> str:
    parts = word[0].split("\u200c")
    return " ".join(("".join(parts), *parts))
