"""The language in which a response about a shop's products is written."""

import re
from collections.abc import Iterable

from catalogue.money import Language

BEGINNING = 200
"""Characters of each text that count."""

_ARABIC = re.compile("[\u0621-\u064a\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
_LETTER = re.compile(r"[^\W\d_]")


def language_of(texts: Iterable[str]) -> Language:
    """Returns Persian if most letters of the beginnings of `texts` are of the Arabic script, else English."""
    text = "".join(text[:BEGINNING] for text in texts)
    arabic = len(_ARABIC.findall(text))
    return "fa" if arabic and 2 * arabic >= len(_LETTER.findall(text)) else "en"
