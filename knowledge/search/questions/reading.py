"""A question word by word, for phrases to be found in it and taken out."""

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Self

from knowledge.normalise import normalise, search_form

MOST_WORDS = 300
"""Words of a question that are looked at for phrases; the others are searched for as they are."""

Phrase = tuple[str, ...]

_UNSEEN = str.maketrans("", "", "\u200c\u200d'’")
_BREAK = re.compile(r"[،,;؛.:!?؟]$")
_EDGES = "،,;؛.:!?؟\"'«»()[]"
_SIGN = r"[$€£﷼]"
_SIGNED = re.compile(_SIGN)
_PRICE = rf"{_SIGN}?\d[\d.,٫٬/]*[^\W\d_]*{_SIGN}?"
_RANGE = re.compile(rf"({_PRICE})([-–—])({_PRICE}[،,;؛.:!?؟]*)")
_DECIMAL = re.compile(r"(?<!\d)(\d{1,3})[/,،](\d{1,2})(?=[^\W\d_]*$)")


def phrases(*texts: str) -> tuple[Phrase, ...]:
    """Returns phrases word by word, the longest first."""
    return tuple(sorted((tuple(text.split()) for text in texts), key=len, reverse=True))


REFUSED = phrases(
    "نباشه", "نباشد", "نباشن", "نباشند", "نمیخوام", "نمیخواهم", "نمیخوایم", "نمیخواهیم", "نمی خوام",
    "نمی خواهم", "نمی خوایم", "نمی خواهیم",
)  # fmt: skip
"""Phrases that refuse what is before them."""


@dataclass(frozen=True, slots=True)
class Text:
    """The tokens of a question; the ones at the places `glued` follow the one before them without a space."""

    tokens: tuple[str, ...]
    glued: frozenset[int] = frozenset()

    @classmethod
    def of(cls, question: str) -> Self:
        """Returns the tokens of a text; a range such as $20-$50 is three."""
        tokens: list[str] = []
        glued: set[int] = set()
        for token in normalise(question).split():
            ends = _RANGE.fullmatch(token)
            glued |= {len(tokens) + 1, len(tokens) + 2} if ends else set()
            tokens += ends.groups() if ends else [token]
        return cls(tuple(tokens), frozenset(glued))

    def without(self, places: Set[int]) -> str:
        """Returns the text without the tokens at some places, nor marks that are left at its end."""
        parts: list[str] = []
        for place, token in enumerate(self.tokens):
            if place not in places:
                is_glued = place in self.glued and place - 1 not in places
                parts += [token] if is_glued or not parts else [" ", token]
        return "".join(parts).rstrip("،,؛;") if places else "".join(parts)


@dataclass(slots=True)
class Reading:
    """The tokens of a question as words; `taken` are the places of the understood ones.

    `breaks` says of each place whether a part of the sentence ends there.
    """

    text: Text
    words: list[str]
    breaks: list[bool]
    taken: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, text: Text) -> Self:
        """Returns a text with nothing taken."""
        tokens = text.tokens[:MOST_WORDS]
        return cls(
            text, [folded(token) for token in tokens], [bool(_BREAK.search(token)) for token in tokens]
        )

    def phrase(self, start: int, known: Iterable[Phrase]) -> int:
        """Returns how many tokens from `start` are one of the phrases, the longest; 0 if none is."""
        for phrase in known:
            end = start + len(phrase)
            if (
                start >= 0
                and tuple(self.words[start:end]) == phrase
                and not any(self.breaks[start : end - 1])
            ):
                return len(phrase)
        return 0

    def phrase_before(self, end: int, known: Sequence[Phrase]) -> int:
        """Returns how many tokens before `end` are one of the phrases; 0 if none is."""
        lengths = dict.fromkeys(map(len, known))
        return next((length for length in lengths if self.phrase(end - length, known) == length), 0)

    def is_free(self, place: int) -> bool:
        """Returns whether there is a token at a place that nothing took."""
        return 0 <= place < len(self.words) and place not in self.taken

    def original(self, place: int) -> str:
        """Returns a token as it was written, without the marks around it."""
        return self.text.tokens[place].strip(_EDGES)

    def take(self, start: int, end: int) -> None:
        self.taken.update(range(start, end))


def folded(token: str) -> str:
    """Returns a token as one word in search form, with its currency sign; parts are joined by spaces.

    A decimal may have a slash or a comma: ۱/۵.
    """
    sign = _SIGNED.search(token)
    plain = _DECIMAL.sub(r"\1.\2", token.translate(_UNSEEN))
    return (sign[0] if sign else "") + search_form(plain)
