"""Endings of Persian and English words, so that گوشی‌هایتان finds گوشی and headphones finds headphone.

There is no dictionary: an ending is taken off where at least `LEAST` letters stay. What stays may be another
word, so a stem is kept next to its word and counts for less. Names have singulars only: owners and
comparisons are words of questions.
"""

from itertools import pairwise

LEAST = 3

PLURALS = ("هایی", "های", "ها")
"""The endings of plurals in names."""

_OWNERS = ("م", "ت", "ش", "مان", "تان", "شان", "مون", "تون", "شون")
_PLURALS = ("ها", "های", "هایی", *(f"ها{owner}" for owner in _OWNERS), *(f"های{owner}" for owner in _OWNERS))
ENDINGS = tuple(
    sorted((*_PLURALS, *_OWNERS[3:], "ترین", "تر", "ی", "ای"), key=lambda ending: (-len(ending), ending))
)
_ENGLISH = (
    ("ies", "y"),
    ("sses", "ss"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("xes", "x"),
    ("ss", "ss"),
    ("s", ""),
)
_HISSES = ("ses", "xes", "zes", "ches", "shes", "oes")
"""Endings of plurals that are made with -es or, like cases and shoes, with -s."""


def stems(word: str) -> tuple[str, ...]:
    """Returns the stems of a word in search form, the longest first; none if it has no ending.

    Each is what is left of the one before it, so a stem's own stems follow it. Words with digits have none.
    """
    if not word.isalpha():
        return ()
    chain = [word]
    while (shorter := _english(chain[-1]) if word.isascii() else _persian(chain[-1])) != chain[-1]:
        chain.append(shorter)
    return tuple(after for before, after in pairwise(chain) if after != before)


def singulars(word: str) -> tuple[str, ...]:
    """Returns a word of a name in search form, and then each word that it may be the plural of.

    Batteries may be many a battery or a batterie. Words with digits, such as the model a52s, have none.
    """
    if not word.isascii():
        ending = next((each for each in PLURALS if word.endswith(each) and len(word) > len(each) + 1), "")
        return (word, word.removesuffix(ending)) if ending else (word,)
    if not word.isalpha() or (shorter := _english(word)) == word:
        return (word,)
    with_e = (word[:-1],) if word.endswith("es") and not word.endswith("sses") else ()
    without_e = (word[:-2],) if word.endswith(_HISSES) and len(word) - 2 >= LEAST else ()
    return tuple(dict.fromkeys((word, shorter, *with_e, *without_e)))


def _persian(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= LEAST:
            return word[: -len(ending)]
    return word


def _english(word: str) -> str:
    for ending, instead in _ENGLISH:
        if word.endswith(ending) and len(word) - len(ending) + len(instead) >= LEAST:
            return word[: -len(ending)] + instead
    return word
