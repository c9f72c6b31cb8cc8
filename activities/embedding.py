"""Embed texts in as few requests as a server accepts; one text that cannot be embedded fails alone."""

from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from activities.metrics import Counters
from contracts.retry import Retry
from contracts.search import Vector
from embeddings.base import SIZES, Cause, Embedded, Embedder
from knowledge.chunks import estimate_tokens, pack

APART_AFTER = 3
"""Attempts of a step after which a request that keeps failing is asked again in parts."""

PROBE = "product"
"""A text that any server embeds, unless it embeds none at the moment."""

SHORTEST = 8
"""Characters of the shortest text that is tried."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors(Generic[Text]):
    """Texts and their vectors out of one request, and the tokens that were billed."""

    texts: list[Text]
    vectors: list[Vector]
    tokens: int


@dataclass(slots=True, kw_only=True)
class Problems(Generic[Text]):
    """Texts of which only the beginning was embedded, and texts that cannot be embedded, with why."""

    cut: list[tuple[Text, str]] = field(default_factory=list)
    failed: list[tuple[Text, str]] = field(default_factory=list)

    def notes(self) -> list[str]:
        """Returns the sentences, the most important ones if there are many."""
        return [note for _, note in (*self.failed, *self.cut)][:MOST_NOTES]

    def reason(self) -> str:
        """Returns why a product has no text that can be embedded."""
        _, note = self.failed[0]
        return f"No text of the product can be embedded: {note.removeprefix(SUBJECT)}"


class TextEmbedder:
    """Packs texts into requests of one embedder, and learns from what its server refuses."""

    def __init__(self, embedder: Embedder, totals: Counters) -> None:
        self._embedder = embedder
        self._totals = totals
        self._limits = embedder.limits

    async def vectors(
        self, texts: Sequence[Text], problems: Problems[Text], *, attempt: int
    ) -> AsyncIterator[Vectors[Text]]:
        """Yields texts and their vectors, request by request; adds the texts with a problem to `problems`.

        A request that is refused as too large is halved until it is accepted. A request that fails although
        the server embeds another text is halved too: at once if the server calls it invalid, else from the
        third attempt of the step. Raises the embedder's errors where no smaller request would do better.
        """
        waiting = deque(self._packed(texts))
        while waiting:
            request = waiting.popleft()
            if len(packed := self._packed(request)) > 1:
                waiting.extendleft(reversed(packed))
                continue
            sent = [self._sent(text) for text in request]
            try:
                embedded = await self._ask(request, sent)
            except self._embedder.errors as error:
                if len(request) == 1:
                    if found := await self._alone(request[0], problems, error, attempt=attempt):
                        yield found
                    continue
                await self._check_divisible(request, error, attempt=attempt)
                waiting.extendleft(reversed(_halves(request)))
                continue
            problems.cut += [
                (text, _cut_note(text, part))
                for text, part in zip(request, sent, strict=True)
                if len(part) < len(text.text)
            ]
            yield _answered(request, embedded)
            if rest := [
                text for text, vector in zip(request, embedded.vectors, strict=True) if vector is None
            ]:
                waiting.appendleft(rest)

    def _packed(self, texts: Sequence[Text]) -> list[list[Text]]:
        return pack(
            [(text, text.tokens) for text in texts],
            max_tokens=self._limits.tokens,
            max_items=self._limits.texts,
        )

    async def _ask(self, request: Sequence[Text], sent: Sequence[str]) -> Embedded:
        """Embed what is sent of texts, and learn which length of text the server accepts whole."""
        embedded = await self._send(sent)
        whole = [text.tokens for text, part in zip(request, sent, strict=True) if len(part) == len(text.text)]
        self._limits.accepted(max(whole, default=0))
        return embedded

    async def _send(self, texts: Sequence[str]) -> Embedded:
        embedded = await self._embedder.embed_documents(texts)
        usable = sum(vector is not None for vector in embedded.vectors)
        self._totals.embedded(usable, tokens=embedded.tokens)
        return embedded

    def _sent(self, text: Embeddable) -> str:
        """Returns a text without its end if the server is known to refuse texts of its length."""
        limit = self._limits.cut_at(text.tokens)
        return text.text if limit is None else _beginning(text.text, len(text.text) * limit // text.tokens)

    async def _check_divisible(self, request: Sequence[Text], error: Exception, *, attempt: int) -> None:
        """Learn from the refusal of several texts; raises it unless a smaller request makes sense."""
        cause = self._embedder.cause(error)
        match cause:
            case Cause.SERVICE:
                raise error
            case Cause.TEXTS:
                self._limits.refused_texts(len(request))
            case Cause.TOKENS:
                self._limits.refused_tokens(sum(text.tokens for text in request))
            case Cause.REQUEST:
                self._wait_for_more_attempts(error, attempt=attempt)
                await self._probe(error)

    def _wait_for_more_attempts(self, error: Exception, *, attempt: int) -> None:
        """Raise an error that may pass, until enough attempts of the step have failed."""
        if attempt < APART_AFTER and self._embedder.failure(error).retry is not Retry.FATAL:
            raise error

    async def _probe(self, error: Exception) -> None:
        """Raise the error if the server does not embed a harmless text either: then no text is to blame."""
        try:
            await self._embedder.embed_documents([PROBE])
        except self._embedder.errors:
            raise error from None

    async def _alone(
        self, text: Text, problems: Problems[Text], error: Exception, *, attempt: int
    ) -> Vectors[Text] | None:
        """Embed a text that failed alone, or its beginning; None if it cannot be embedded."""
        cause = self._embedder.cause(error)
        if cause is Cause.SERVICE:
            raise error
        if cause in SIZES:
            return await self._shortened(text, problems, error, attempt=attempt)
        self._wait_for_more_attempts(error, attempt=attempt)
        await self._probe(error)
        if self._embedder.failure(error).retry is not Retry.FATAL:
            try:
                return _answered([text], await self._ask([text], [self._sent(text)]))
            except self._embedder.errors as again:
                if self._embedder.cause(again) is not Cause.REQUEST:
                    raise
                await self._probe(again)
        problems.failed.append((text, self._failed_note(text, error)))
        return None

    async def _shortened(
        self, text: Text, problems: Problems[Text], error: Exception, *, attempt: int
    ) -> Vectors[Text] | None:
        """Embed the beginning of a text, half of it at first; None if it cannot be embedded either."""
        for length in _lengths(self._sent(text)):
            sent = _beginning(text.text, length)
            try:
                embedded = await self._send([sent])
            except self._embedder.errors as refused:
                cause = self._embedder.cause(refused)
                if cause in SIZES:
                    continue
                if cause is Cause.SERVICE:
                    raise
                self._wait_for_more_attempts(refused, attempt=attempt)
                error = refused
                break
            self._limits.cut(refused=text.tokens, accepted=estimate_tokens(sent))
            problems.cut.append((text, _cut_note(text, sent)))
            return _answered([text], embedded)
        await self._probe(error)
        problems.failed.append((text, self._failed_note(text, error)))
        return None

    def _failed_note(self, text: Embeddable, error: Exception) -> str:
        return f"{SUBJECT}{_named(text)} cannot be embedded. {self._embedder.failure(error).reason}"


def _halves(request: list[Text]) -> list[list[Text]]:
    middle = len(request) // 2
    return [request[:middle], request[middle:]]


def _answered(request: Sequence[Text], embedded: Embedded) -> Vectors[Text]:
    """Returns the texts that have a vector."""
    pairs = [pair for pair in zip(request, embedded.vectors, strict=True) if pair[1] is not None]
    return Vectors(
        texts=[text for text, _ in pairs],
        vectors=[vector for _, vector in pairs if vector is not None],
        tokens=embedded.tokens,
    )


def _lengths(text: str) -> Iterator[int]:
    """Yields shorter and shorter lengths for a text that is too long."""
    length = len(text) // 2
    while length >= SHORTEST:
        yield length
        length //= 2


def _beginning(text: str, length: int) -> str:
    """Returns the beginning of a text, up to a space if one is near the end."""
    piece = text[: max(length, 1)]
    shorter = piece.rsplit(maxsplit=1)[0]
    return shorter if len(shorter) >= 3 * len(piece) // 4 else piece


def _named(text: Embeddable) -> str:
    """Returns which text is meant: its place, from 1, and its first words."""
    words = " ".join(text.text.split())
    shown = words if len(words) <= FIRST_WORDS else f"{words[: FIRST_WORDS - 1].rstrip()}…"
    return f"chunk {text.position + 1} (“{shown}”)"


def _cut_note(text: Embeddable, sent: str) -> str:
    return (
        f"{SUBJECT}{_named(text)} is longer than the embedding model accepts; only its first {len(sent):,} of"
        f" {len(text.text):,} characters were embedded. Set PILITO_EMBEDDING_MAX_TEXT_TOKENS to the limit of"
        " the model."
    )
