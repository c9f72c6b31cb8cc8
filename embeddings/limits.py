"""How much one request of a server may hold: as the settings say, and as its refusals teach."""

from dataclasses import dataclass, field

SURE_AFTER = 3
"""Texts that a server accepted only after they were cut, before further ones are cut unasked."""


@dataclass(slots=True, kw_only=True)
class Limits:
    """The most tokens and texts of one request; tokens are estimated.

    One object per server and model, and per process: each process learns from its own refused requests, which
    cost nothing. `text_tokens` is the largest text to make, if an operator has set it. `longest` is the
    largest estimate of a text that was accepted whole.
    """

    tokens: int
    texts: int
    text_tokens: int | None = None
    longest: int = 0
    _cuts: list[tuple[int, int]] = field(default_factory=list)

    def refused_texts(self, texts: int) -> None:
        """Learn that a request had too many texts."""
        self.texts = max(1, min(self.texts, texts // 2))

    def refused_tokens(self, tokens: int) -> None:
        """Learn that a request had too many tokens."""
        self.tokens = max(1, min(self.tokens, tokens // 2))

    def accepted(self, longest: int) -> None:
        """Learn the estimated tokens of the longest text of a request that was answered."""
        self.longest = max(self.longest, longest)

    def cut(self, *, refused: int, accepted: int) -> None:
        """Learn the estimated tokens of a text that was refused whole, and of the part that was accepted."""
        self._cuts = [(refused, accepted), *self._cuts][:SURE_AFTER]

    def cut_at(self, tokens: int) -> int | None:
        """Returns the estimated tokens to which a text is cut before it is sent; None to send it whole.

        A few texts of unusual letters have more tokens than estimated. So texts are cut unasked only if
        several were refused, and none of their length was ever accepted.
        """
        refused = min((refused for refused, _ in self._cuts), default=0)
        if len(self._cuts) < SURE_AFTER or not self.longest < refused <= tokens:
            return None
        return max(self.longest, *(accepted for _, accepted in self._cuts))
