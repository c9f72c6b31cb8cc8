"""How words sound across scripts: گلکسی and galaxy, فیلیپس and philips have the same consonants.

Vowels are mostly not written in Persian, so only consonants are compared, and letters that sound alike count
as one.
"""

import re

LEAST = 3
"""Consonants; words with fewer are like too many others."""

LONGEST = 40

_ALIKE = {
    "": "اآعیئءأإؤ", "b": "ب", "p": "پ", "t": "تط", "s": "سصث", "š": "ش", "č": "چ",
    "g": "جژگغ", "h": "حه", "x": "خ",
    "d": "د", "r": "ر", "z": "ذزضظ", "f": "ف", "k": "قک", "l": "ل", "m": "م", "n": "ن", "v": "و",
}  # fmt: skip
_PERSIAN = str.maketrans({letter: sound for sound, letters in _ALIKE.items() for letter in letters})
_LATIN_GROUPS = (
    ("sch", "š"), ("tch", "č"), ("sh", "š"), ("ch", "č"), ("ph", "f"), ("ck", "k"), ("kh", "x"), ("gh", "g"),
    ("th", "t"), ("qu", "k"), ("x", "ks"), ("ce", "se"), ("ci", "si"), ("cy", "sy"), ("c", "k"), ("q", "k"),
    ("j", "g"), ("w", "v"),
)  # fmt: skip
_LATIN_VOWELS = re.compile("[aeiouy]")
_DOUBLED = re.compile(r"(.)\1")
_INNER = re.compile("(?<=.)[vh]")
_LATIN = re.compile("[a-z]+")
_ARABIC_SCRIPT = re.compile("[\u0621-\u06d3]+")


def is_latin(word: str) -> bool:
    """Returns whether a word in search form has Latin letters only."""
    return _LATIN.fullmatch(word) is not None


def sound(word: str) -> str:
    """Returns the consonants of a word in search form; empty if it has under three, or mixes scripts."""
    if is_latin(word):
        spelt = _DOUBLED.sub(r"\1", word)
        for letters, instead in _LATIN_GROUPS:
            spelt = spelt.replace(letters, instead)
        spelt = _LATIN_VOWELS.sub("", spelt)
    elif _ARABIC_SCRIPT.fullmatch(word):
        spelt = word.translate(_PERSIAN)
    else:
        return ""
    consonants = _INNER.sub("", spelt)
    return consonants if LEAST <= len(consonants) <= LONGEST else ""
