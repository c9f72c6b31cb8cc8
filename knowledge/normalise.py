"""One spelling for the same Persian text, for readers and for full-text matching."""

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_PRESENTATION_FORMS = re.compile("[\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc]+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u0640\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff]+"
)
_TAG_CHARACTERS = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e007a]{1,9}\U000e007f)|[\U000e0000-\U000e007f]+"  # 1: a region's flag
)
_MARK = f"[{''.join(filter(unicodedata.combining, map(chr, range(0x300, 0x1F000))))}]"
_NO_WORD = re.compile(r"[^\w\s!-~]{17,}")
_EXCESS_MARKS = re.compile(f"({_MARK}{{16}}){_MARK}+")
_JOINER_RUN = re.compile("([\u200c\u200d])[\u200c\u200d]+")
_BORDER = r"""\s.,:;!?()\[\]{}«»"'“”‘’،؛؟…/|\-–—"""
_LOOSE_JOINER = re.compile(
    rf"(?<![^{_BORDER}])\u200c|\u200c(?![^{_BORDER}])|(?<!\S)\u200d"  # a final ZWJ still shapes its letter
)
_PERSIAN_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ۀ": "ه\u0654"})
_SPACES = re.compile(r"[^\S\n]+")
_SPACED_LINE_END = re.compile(" ?\n ?")
_BLANK_LINES = re.compile("\n{3,}")

_FOLDED = str.maketrans(
    {
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
)
_SEPARATED_NUMBER = re.compile(r"(?<![0-9.])[0-9]++(?:[,،'’/][0-9]++)+")
_DOTTED_NUMBER = re.compile(r"[0-9]++(?:\.[0-9]++)+")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:(?:[,،'’][0-9]{3})+|(?:/[0-9]{3}){2,}|(?:\.[0-9]{3}){2,})")
_SEPARATOR = re.compile(r"[^0-9]")
_HALF_SPACED = re.compile(r"(?<![^\W\d_])[^\W\d_]++(?:\u200c[^\W\d_]++)+")
_WORD = re.compile(r"[^\W_]+(?:(?<=[0-9])\.(?=[0-9])[^\W_]+)*")


def normalise(text: str) -> str:
    """Return `text` in one Unicode spelling, meaning and line structure unchanged; idempotent."""
    text = _LINE_ENDS.sub("\n", text)
    text = _PRESENTATION_FORMS.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    text = _INVISIBLE.sub("", text)
    text = _TAG_CHARACTERS.sub(r"\1", text)
    text = _composed(text)
    text = _LOOSE_JOINER.sub("", _JOINER_RUN.sub(r"\1", text))
    text = _composed(text.translate(_PERSIAN_LETTERS))
    text = _SPACED_LINE_END.sub("\n", _SPACES.sub(" ", text))
    return _BLANK_LINES.sub("\n\n", text).strip()


def search_form(text: str) -> str:
    """Return the words of `text`, folded and separated by single spaces; idempotent.

    For stored text and queries alike. A half-spaced word gives its joined form, then its parts.
    """
    text = _without_marks(normalise(text))
    text = _without_marks(text.casefold()).translate(_FOLDED)
    text = _SEPARATED_NUMBER.sub(lambda number: _ungrouped(number[0], otherwise=" "), text)
    text = _DOTTED_NUMBER.sub(lambda number: _ungrouped(number[0], otherwise="."), text)
    text = _HALF_SPACED.sub(_joined_and_parts, text)
    return unicodedata.normalize("NFC", " ".join(_WORD.findall(text)))


def _composed(text: str) -> str:
    """Compose `text`, 16 marks to a letter at most: composing takes time quadratic in a run of marks."""
    return unicodedata.normalize("NFC", _NO_WORD.sub(lambda run: _EXCESS_MARKS.sub(r"\1", run[0]), text))


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    return "".join(filter(_is_base, unicodedata.normalize("NFKD", text)))


def _is_base(character: str) -> bool:
    return unicodedata.combining(character) == 0


def _ungrouped(number: str, *, otherwise: str) -> str:
    return _SEPARATOR.sub("" if _THOUSANDS.fullmatch(number) else otherwise, number)


def _joined_and_parts(word: re.Match[str]) -> str:
    parts = word[0].split("\u200c")
    return " ".join(("".join(parts), *parts))
