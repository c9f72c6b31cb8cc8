"""The language of a title, by its script: models place texts of one language nearer to each other."""

import re

OTHER, ARABIC_SCRIPT, LATIN_SCRIPT = 0, 1, 2

FEW = 3
"""A title in Arabic script may have this many times as many Latin letters: names and models stay Latin."""

_ARABIC = re.compile(r"[\u0621-\u064a\u066e-\u06d3\u06fa-\u06ff\ufb50-\ufdfb\ufe70-\ufefc]")
_LATIN = re.compile(r"[a-zA-Z\u00c0-\u024f]")


def language_of(title: str) -> int:
    """Returns the script of the first line: 1 for Arabic, 2 for Latin, 0 where it has letters of neither."""
    line = title.strip().partition("\n")[0]
    arabic, latin = len(_ARABIC.findall(line)), len(_LATIN.findall(line))
    if arabic * FEW >= latin and arabic:
        return ARABIC_SCRIPT
    return LATIN_SCRIPT if latin else OTHER
