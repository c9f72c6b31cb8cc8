"""What is noted for people about the texts of a product that were cut or cannot be embedded."""

from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

FIRST_WORDS = 60
"""Characters with which people are shown which text is meant."""

SUBJECT = "text: "
"""What a note is about; other notes begin with the field of the product."""

MOST_NOTES = 10
"""Texts that are named to people; a product has up to `contracts.bounds.CHUNKS`."""


class Embeddable(Protocol):
    """A text, its place in the text of its product, and its estimated tokens."""

    @property
    def text(self) -> str: ...
    @property
    def position(self) -> int: ...
    @property
    def tokens(self) -> int: ...


Text = TypeVar("Text", bound=Embeddable)


@dataclass(slots=True, kw_only=True)
class Problems(Generic[Text]):
    """Texts of which only the beginning was embedded, and texts that cannot be embedded, with why."""

    cut: list[tuple[Text, str]] = field(default_factory=list)
    failed: list[tuple[Text, str]] = field(default_factory=list)

    def note_cut(self, text: Text, sent: str, why: str = "") -> None:
        """Note that only the beginning of a text was embedded; `why` if it may not be its length."""
        if len(sent) < len(text.text):
            self.cut.append((text, _cut_note(text, sent, why)))

    def note_failed(self, text: Text, why: str) -> None:
        """Note that a text cannot be embedded."""
        self.failed.append((text, f"{SUBJECT}{_named(text)} cannot be embedded. {why}"))

    def notes(self) -> list[str]:
        """Returns the sentences, the most important ones if there are many."""
        return [note for _, note in (*self.failed, *self.cut)][:MOST_NOTES]

    def reason(self) -> str:
        """Returns why a product has no text that can be embedded."""
        _, note = self.failed[0]
        return f"No text of the product can be embedded: {note.removeprefix(SUBJECT)}"


def _named(text: Embeddable) -> str:
    """Returns which text is meant: its place, from 1, and its first words."""
    words = " ".join(text.text.split())
    shown = words if len(words) <= FIRST_WORDS else f"{words[: FIRST_WORDS - 1].rstrip()}…"
    return f"chunk {text.position + 1} (“{shown}”)"


def _cut_note(text: Embeddable, sent: str, why: str) -> str:
    embedded = f"only its first {len(sent):,} of {len(text.text):,} characters were embedded."
    if why:
        return f"{SUBJECT}{_named(text)} was refused whole; {embedded} {why}"
    return (
        f"{SUBJECT}{_named(text)} is longer than the embedding model accepts; {embedded} Set"
        " PILITO_EMBEDDING_MAX_TEXT_TOKENS to the limit of the model."
    )
