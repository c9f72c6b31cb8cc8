"""Embed texts in as few requests as a server accepts; one text that cannot be embedded fails alone."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic

from activities.beginnings import beginning, beginnings
from activities.embedding_problems import Embeddable, Problems, Text
from activities.metrics import Counters
from contracts.errors import UnusableAnswer, WrongDimensions
from contracts.metrics import Usage, spent
from contracts.retry import Retry
from contracts.search import Vector
from embeddings.base import TOO_LONG, Cause, Embedded, Embedder, NothingEmbedded
from knowledge.chunks import estimate_tokens, pack

APART_AFTER = 3
"""Attempts of a step after which a request that keeps failing is asked again in parts."""

PROBE = "product"
"""A text that any server embeds, unless it embeds none at the moment."""

PAUSES = (0.1, 0.2, 0.4, 0.8, 1.0, 1.5)
"""Seconds before each further request for a single text that failed; a failure that may pass is repeated."""

SLOWLY = 5
"""Texts that fail with pauses; further ones of a step are asked for again at once."""

UNANSWERED = 10
"""Attempts of a step in which a text was not answered in time, before it fails."""

MOST_UNANSWERED = 3
"""Texts that may be unanswered in one attempt; each takes as long as a request may take."""

REMEMBERED = 1_000
"""Texts of which unanswered requests are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors(Generic[Text]):
    """Texts and their vectors out of one request, and what it cost.

    Refused requests, and the word that probes a server, are not counted.
    """

    texts: list[Text]
    vectors: list[Vector]
    spent: Usage


@dataclass(slots=True, kw_only=True)
class Step(Generic[Text]):
    """One attempt of a step: which one, and what it has found out.

    `embeds` is whether the server has embedded a harmless text; `unanswered` are the errors of texts that
    were put off until the next attempt.
    """

    problems: Problems[Text]
    attempt: int
    embeds: bool = False
    unanswered: list[Exception] = field(default_factory=list)


class TextEmbedder:
    """Packs texts into requests of one embedder, and learns from what its server refuses."""

    def __init__(self, embedder: Embedder, totals: Counters) -> None:
        self._embedder = embedder
        self._totals = totals
        self._limits = embedder.limits
        self._unanswered: OrderedDict[str, int] = OrderedDict()

    async def vectors(
        self, texts: Sequence[Text], problems: Problems[Text], *, attempt: int
    ) -> AsyncIterator[Vectors[Text]]:
        """Yields texts and their vectors, request by request; adds the texts with a problem to `problems`.

        A request that is refused as too large is halved until it is accepted. A request that fails although
        the server embeds another text is halved too: at once if the server calls it invalid, else from the
        third attempt of the step. A single text fails only if the server embeds another one, and if what may
        pass was tried several times. Raises the embedder's errors where no smaller request would do better,
        and after all other texts if one was not answered in time.
        """
        step = Step(problems=problems, attempt=attempt)
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
                    if found := await self._alone(request[0], step, error):
                        yield found
                    continue
                await self._check_divisible(request, step, error)
                waiting.extendleft(reversed(_halves(request)))
                continue
            for text, part in zip(request, sent, strict=True):
                problems.note_cut(text, part)
            yield _answered(request, embedded, sent)
            if rest := [
                text for text, vector in zip(request, embedded.vectors, strict=True) if vector is None
            ]:
                waiting.appendleft(rest)
        if step.unanswered:
            raise step.unanswered[0]

    def _packed(self, texts: Sequence[Text]) -> list[list[Text]]:
        return pack(
            [(text, text.tokens) for text in texts],
            max_tokens=self._limits.tokens,
            max_items=self._limits.texts,
        )

    async def _ask(self, request: Sequence[Text], sent: Sequence[str]) -> Embedded:
        """Embed what is sent of texts, and learn which sizes the server accepts."""
        embedded = await self._send(sent)
        whole = [text.tokens for text, part in zip(request, sent, strict=True) if len(part) == len(text.text)]
        tokens = sum(text.tokens for text in request)
        self._limits.accepted(texts=len(request), tokens=tokens, longest=max(whole, default=0))
        return embedded

    async def _send(self, texts: Sequence[str]) -> Embedded:
        embedded = await self._embedder.embed_documents(texts)
        usable = sum(vector is not None for vector in embedded.vectors)
        self._totals.embedded(usable, tokens=embedded.tokens)
        return embedded

    def _sent(self, text: Embeddable) -> str:
        """Returns a text without its end if the server is known to refuse texts of its length."""
        limit = self._limits.cut_at(text.tokens)
        return text.text if limit is None else beginning(text.text, len(text.text) * limit // text.tokens)

    async def _check_divisible(self, request: Sequence[Text], step: Step[Text], error: Exception) -> None:
        """Learn from the refusal of several texts; raises it unless a smaller request makes sense."""
        match self._embedder.cause(error):
            case Cause.SERVICE:
                raise error
            case Cause.TEXTS | Cause.SIZE:
                self._limits.refused_texts(len(request))
            case Cause.TOKENS:
                self._limits.refused_tokens(sum(text.tokens for text in request))
            case Cause.REQUEST | Cause.NO_ANSWER:
                self._wait_for_more_attempts(step, error)
                if not step.embeds:
                    await self._probe(error)
                    step.embeds = True

    def _wait_for_more_attempts(self, step: Step[Text], error: Exception) -> None:
        """Raise an error that may pass, until enough attempts of the step have failed."""
        if step.attempt < APART_AFTER and self._may_pass(error):
            raise error

    def _may_pass(self, error: Exception) -> bool:
        return self._embedder.failure(error).retry is Retry.RETRY

    async def _probe(self, error: Exception) -> None:
        """Raise an error if the server does not embed a harmless text either: then no text is to blame."""
        try:
            await self._embedder.embed_documents([PROBE])
        except self._embedder.errors as other:
            if self._embedder.cause(other) is Cause.SERVICE:
                raise
            if self._embedder.failure(error).retry is not Retry.FATAL:
                raise error from None
            if self._embedder.failure(other).retry is not Retry.FATAL:
                raise
            raise NothingEmbedded(error) from None

    async def _alone(self, text: Text, step: Step[Text], error: Exception) -> Vectors[Text] | None:
        """Embed a text that failed alone, or its beginning; None if it cannot be embedded, or not yet."""
        if self._embedder.cause(error) is Cause.SERVICE:
            raise error
        whole = self._sent(text)
        if self._embedder.cause(error) not in TOO_LONG:
            found = await self._again(whole, step, error)
            if isinstance(found, Embedded):
                step.problems.note_cut(text, whole)
                return _answered([text], found, [whole])
            error = found
        if self._embedder.cause(error) in TOO_LONG:
            return await self._shortened(text, step, error)
        if self._is_put_off(text, step, error):
            return None
        if not self._may_pass(error) and not isinstance(error, WrongDimensions):
            return await self._halved(text, step, error)
        self._fail(text, step, error)
        return None

    async def _again(self, sent: str, step: Step[Text], error: Exception) -> Embedded | Exception:
        """Ask again for a text that failed alone; returns the last error if the text is to blame for it."""
        self._wait_for_more_attempts(step, error)
        for pause in self._pauses(step, error):
            await self._probe(error)
            await asyncio.sleep(pause)
            try:
                return await self._send([sent])
            except self._embedder.errors as again:
                error = again
            match self._embedder.cause(error):
                case Cause.SERVICE:
                    raise error
                case cause if cause in TOO_LONG:
                    return error
        await self._probe(error)
        return error

    def _pauses(self, step: Step[Text], error: Exception) -> Sequence[float]:
        """Returns the seconds before each further request for a single text that failed."""
        retry = self._embedder.failure(error).retry
        if retry is Retry.FATAL or self._embedder.cause(error) is Cause.NO_ANSWER:
            return ()
        if retry is Retry.BLOCKED or isinstance(error, UnusableAnswer):
            return PAUSES[:1]  # an operator may have acted a moment ago
        return PAUSES if len(step.problems.failed) < SLOWLY else [0.0] * len(PAUSES)

    def _is_put_off(self, text: Text, step: Step[Text], error: Exception) -> bool:
        """Returns whether a text that was not answered is asked for again in the next attempt.

        A server that is overloaded may answer a few words in time, and long texts later. Raises the error if
        several texts were not answered.
        """
        if self._embedder.cause(error) is not Cause.NO_ANSWER:
            return False
        times = self._unanswered.pop(text.text, 0) + 1
        if times >= UNANSWERED:
            return False
        self._unanswered[text.text] = times
        if len(self._unanswered) > REMEMBERED:
            self._unanswered.popitem(last=False)
        step.unanswered.append(error)
        if len(step.unanswered) >= MOST_UNANSWERED:
            raise error
        return True

    async def _shortened(self, text: Text, step: Step[Text], error: Exception) -> Vectors[Text] | None:
        """Embed the beginning of a text, half of it at first; None if it cannot be embedded either."""
        for sent in beginnings(self._sent(text)):
            try:
                found: Embedded | Exception = await self._send([sent])
            except self._embedder.errors as refused:
                if self._embedder.cause(refused) is Cause.SERVICE:
                    raise
                found = refused
            if not isinstance(found, Embedded) and self._embedder.cause(found) not in TOO_LONG:
                found = await self._again(sent, step, found)
            if isinstance(found, Embedded):
                self._limits.cut(refused=text.tokens, accepted=estimate_tokens(sent))
                step.problems.note_cut(text, sent)
                return _answered([text], found, [sent])
            error = found
            if self._embedder.cause(error) not in TOO_LONG:
                break
        else:
            await self._probe(error)
        if not self._is_put_off(text, step, error):
            self._fail(text, step, error)
        return None

    async def _halved(self, text: Text, step: Step[Text], error: Exception) -> Vectors[Text] | None:
        """Embed half of a text that is refused for a reason that is not understood, such as its length."""
        for sent in islice(beginnings(self._sent(text)), 1):
            try:
                embedded = await self._send([sent])
            except self._embedder.errors as refused:
                if self._embedder.cause(refused) is Cause.SERVICE:
                    raise
                break
            step.problems.note_cut(text, sent, self._embedder.failure(error).reason)
            return _answered([text], embedded, [sent])
        self._fail(text, step, error)
        return None

    def _fail(self, text: Text, step: Step[Text], error: Exception) -> None:
        step.problems.note_failed(text, self._embedder.failure(error).reason)


def _halves(request: list[Text]) -> list[list[Text]]:
    middle = len(request) // 2
    return [request[:middle], request[middle:]]


def _answered(request: Sequence[Text], embedded: Embedded, sent: Sequence[str]) -> Vectors[Text]:
    """Returns the texts that have a vector."""
    pairs = [pair for pair in zip(request, embedded.vectors, strict=True) if pair[1] is not None]
    return Vectors(
        texts=[text for text, _ in pairs],
        vectors=[vector for _, vector in pairs if vector is not None],
        spent=spent(texts=len(pairs), billed=embedded.tokens, estimate=sum(map(estimate_tokens, sent))),
    )
