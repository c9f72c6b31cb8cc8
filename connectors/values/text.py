"""Characters of numbers, times and words that shops write: digits of any script, invisible marks, spaces."""

import unicodedata

LONGEST = 200
"""Characters of a number, a time or a word for stock; a longer text is none."""


def plain(text: str) -> str:
    """Returns a text with ASCII digits and spaces, without invisible marks and without spaces around it.

    Raises ValueError for a text that is too long.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise ValueError(f"expected at most {LONGEST} characters")
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_plain, text)).strip()


def _plain(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if kind == "Zs" or character.isspace():
        return " "
    return "" if kind in ("Cf", "Cc") else character
