"""The lexemes of texts and of questions, for full-text search by Postgres.

A text is indexed by its words, their stems, short neighbours as one word (لپ تاپ also as لپتاپ), and its
codes. The words of its title are there once more, marked. A question asks for each word in several forms.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from knowledge.normalise import search_form
from knowledge.search.codes import MARK, codes
from knowledge.search.polite import polite
from knowledge.search.sounds import sound
from knowledge.search.stems import ENDINGS, stems
from knowledge.search.synonyms import Synonyms

JOINED_LETTERS = 4
"""Neighbours are also one word if one of them has at most so many letters."""

LONGEST_LEXEME = 512
"""Bytes; Postgres takes 2,046, but no word is that long."""

MOST_READ = 200
MOST_WORDS = 32
"""Words of a question that are read, and that are searched for."""

LEAST_SPELT = 4
LONG_WORD = 8
"""Letters of a word that may have one mistake, and two."""

LONGEST_CODE = 64

PREFIX = "*"
LEAST_PREFIX = 5
"""The last character of a form that stands for all codes that begin so, and their least characters."""

TITLE = "^"
"""The first character of a lexeme that stands for a word of the title."""

EXACT, NEAR, FAR = 1.0, 0.8, 0.5
STRENGTHS = (EXACT, NEAR, FAR)
"""How much a match counts: of the word itself, of a form near it, and of a part or a distant form."""

Lexemes = tuple[str, ...]
"""Lexemes that a text must have together."""


@dataclass(slots=True)
class AskedWord:
    """A word of a question, and what counts as a match of it: groups of lexemes with their strengths.

    `corrections` count only if no text has one of the `forms`.
    """

    word: str
    forms: dict[Lexemes, float] = field(default_factory=dict)
    corrections: dict[Lexemes, float] = field(default_factory=dict)

    def add(self, lexemes: Lexemes, strength: float) -> None:
        """Add a form, or make it as strong as this."""
        if lexemes and all(map(_fits, lexemes)):
            self.forms[lexemes] = max(strength, self.forms.get(lexemes, 0.0))

    @property
    def sounds(self) -> set[str]:
        """How the word and its stems sound; words of the other script may sound alike."""
        return set(filter(None, map(sound, (self.word, *stems(self.word)))))


def indexed(text: str, title: str = "") -> list[str]:
    """Returns the lexemes of a text, sorted; `title` is the part of it that names the product."""
    words = search_form(text).split()
    found = {*words, *_stems_of(words), *_joined(words), *codes(words)}
    heading = search_form(title).split()
    found.update(TITLE + word for word in (*heading, *_stems_of(heading), *_joined(heading), *codes(heading)))
    return sorted(word for word in found if _fits(word))


def vocabulary(text: str) -> set[str]:
    """Returns the words of a text that a misspelt word may have meant."""
    words = search_form(text).split()
    return {word for word in (*words, *_joined(words)) if is_spelt(word) and _fits(word)}


def is_spelt(word: str) -> bool:
    """Returns whether a word can be misspelt: it has letters only, and enough of them."""
    return len(word) >= LEAST_SPELT and word.isalpha()


def mistakes(word: str) -> int:
    """Returns how many mistakes a word may have and still be found."""
    return 0 if not is_spelt(word) else 1 if len(word) < LONG_WORD else 2


def asked(question: str, synonyms: Synonyms) -> list[AskedWord]:
    """Returns the words of a question with their forms; polite words only if there are no others.

    A question with a letter or a digit has at least one word.
    """
    parts = [part for part in _half_spaced(search_form(question).split()) if _fits(part[0])][:MOST_READ]
    words = [word for word, _ in parts]
    found = [AskedWord(word) for word in words]
    for one, (word, pieces) in zip(found, parts, strict=True):
        one.add((word,), EXACT)
        for step, stem in enumerate(stems(word)):
            one.add((stem,), NEAR if step == 0 else FAR)
        one.add(tuple(pieces), EXACT)
        for piece in set(pieces).difference(ENDINGS):
            one.add((piece,), FAR)
    for place, joined in _joins(words):
        found[place].add((joined,), EXACT)
        found[place + 1].add((joined,), EXACT)
    for code, (start, end) in codes(words).items():
        for one in found[start:end]:
            one.add((code,), EXACT)
            if len(code) > LEAST_PREFIX:
                one.add((code + PREFIX,), NEAR)
    for expansion in synonyms.expansions(words):
        for one in found[expansion.start : expansion.start + expansion.length]:
            for alternative in expansion.alternatives:
                one.add(alternative, EXACT)
    return ([one for one in found if one.word not in polite()] or found)[:MOST_WORDS]


def asked_codes(question: str) -> set[str]:
    """Returns what of a question may be a code of a product, without separators: SKU, GTIN."""
    words = search_form(question).split()
    found = {code.removeprefix(MARK) for code in codes(words)}
    whole = "".join(letter for word in words for letter in word if letter.isalnum())
    return {code for code in (*found, whole) if LEAST_SPELT <= len(code) <= LONGEST_CODE}


def _stems_of(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield from stems(word)


def _joins(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    for place, (left, right) in enumerate(pairwise(words)):
        if min(len(left), len(right)) <= JOINED_LETTERS:
            yield place, left + right


def _joined(words: Sequence[str]) -> Iterator[str]:
    return (joined for _, joined in _joins(words))


def _fits(word: str) -> bool:
    return len(word.encode(errors="surrogatepass")) <= LONGEST_LEXEME


def _half_spaced(words: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yields words; a half-spaced word, which comes joined and then in parts, is one word with its parts."""
    place = 0
    while place < len(words):
        pieces = _pieces(words[place], words[place + 1 :])
        yield words[place], pieces
        place += 1 + len(pieces)


def _pieces(joined: str, following: Sequence[str]) -> Sequence[str]:
    """Returns the following words that the joined word consists of, if it does."""
    length = 0
    for count, word in enumerate(following, start=1):
        length += len(word)
        if length >= len(joined):
            return following[:count] if count > 1 and "".join(following[:count]) == joined else ()
    return ()
