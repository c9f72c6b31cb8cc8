"""How much one request of a server may hold: as the settings say, and as its refusals teach."""

from dataclasses import dataclass

SURE_AFTER = 3
"""Texts that a server accepted only after they were cut, before further ones are cut unasked."""

GROWS_AFTER = 20
"""Full requests after which twice as much is tried."""

PATIENCE = 8
"""How many times as many full requests it takes if twice as much was refused."""


@dataclass(slots=True)
class Learned:
    """The most that a request holds of one unit: halved by refusals, doubled again after full requests.

    So one refusal that had another reason does not last, and a real limit is hardly ever tried again. `most`
    is never exceeded.
    """

    most: int
    now: int = 0
    _full: int = 0
    _grows_after: int = GROWS_AFTER
    _is_trying: bool = False

    def __post_init__(self) -> None:
        self.now = self.most

    def refused(self, size: int) -> None:
        """Learn that a request of this size was refused."""
        if self._is_trying:
            self._grows_after *= PATIENCE
        self._full, self._is_trying = 0, False
        self.now = max(1, min(self.now, size // 2))

    def accepted(self, size: int) -> None:
        """Learn that a request of this size was answered; one of over half the limit counts as full."""
        if self.now >= self.most or size <= self.now // 2:
            return
        if self._is_trying:
            self._grows_after, self._is_trying = GROWS_AFTER, False
        self._full += 1
        if self._full >= self._grows_after:
            self._full, self._is_trying = 0, True
            self.now = min(self.most, 2 * self.now)


class Limits:
    """The most tokens and texts of one request; tokens are estimated.

    One object per server and model, and per process: each process learns from its own refused requests, which
    cost nothing. `text_tokens` is the largest text to make, if an operator has set it. `longest` is the
    largest estimate of a text that was accepted whole.
    """

    def __init__(self, *, tokens: int, texts: int, text_tokens: int | None = None) -> None:
        self._tokens = Learned(tokens)
        self._texts = Learned(texts)
        self.text_tokens = text_tokens
        self.longest = 0
        self._cuts: list[tuple[int, int]] = []

    @property
    def tokens(self) -> int:
        """Returns the most tokens of the next request."""
        return self._tokens.now

    @property
    def texts(self) -> int:
        """Returns the most texts of the next request."""
        return self._texts.now

    def refused_texts(self, texts: int) -> None:
        """Learn that a request had too many texts."""
        self._texts.refused(texts)

    def refused_tokens(self, tokens: int) -> None:
        """Learn that a request had too many tokens."""
        self._tokens.refused(tokens)

    def accepted(self, *, texts: int, tokens: int, longest: int) -> None:
        """Learn the size of a request that was answered, and the tokens of its longest whole text."""
        self._texts.accepted(texts)
        self._tokens.accepted(tokens)
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
