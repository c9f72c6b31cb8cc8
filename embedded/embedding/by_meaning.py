"""Answers requests for the model by meaning: within its limits, and questions before passages."""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, islice

import numpy as np

from embedded.embedding.e5 import WINDOW, Model, average, cleaned
from embedded.embedding.lane import Busy, Lane, Step
from embedded.embedding.protocol import (
    EmbeddingRequest,
    Refused,
    Vectors,
    overloaded,
    too_long,
    too_many_tokens,
)

MOST_TOKENS = 4_096
"""Tokens of one request: 10 seconds of a slow core, of the 60 that a client waits."""

STEP_TOKENS = 512
"""Tokens of one call of the engine, about a second of a slow core."""

PASSAGES_WAIT = 25.0
QUESTIONS_WAIT = 3.0
"""Seconds of work that may wait; a search goes on without its vector after 4."""

QUESTION_THREADS = 2
MOST_THREADS = 4
NICENESS = 5

INPUT_TYPES = {"": False, "passage": False, "document": False, "query": True}
"""Input types -> whether a text of that type is a question."""

Window = tuple[str, int]
"""A text that the model reads at once, and its tokens."""

WARM_UP = "کفش سبک برای پیاده‌روی طولانی در تابستان، light shoes for long walks in summer"


class ByMeaning:
    """The model, with threads for questions and threads for passages, so that neither waits for the other."""

    def __init__(self, model: Model) -> None:
        self._model = model
        pace = _seconds_per_token(model)
        self._readers = {is_query: ThreadPoolExecutor(1) for is_query in (True, False)}
        self._questions = Lane(threads=QUESTION_THREADS, most_seconds=QUESTIONS_WAIT, seconds_per_token=pace)
        self._passages = Lane(
            threads=min(_cores(), MOST_THREADS),
            most_seconds=PASSAGES_WAIT,
            seconds_per_token=pace,
            niceness=NICENESS,
        )

    async def embed(self, request: EmbeddingRequest) -> Vectors:
        """Returns the vectors of a request. Raises Refused if it is too large, or the server too busy."""
        if request.input_type not in INPUT_TYPES:
            raise Refused("'input_type' must be 'query' or 'passage'.", param="input_type")
        is_query = INPUT_TYPES[request.input_type]
        reading = partial(self._windows, request.texts, is_query=is_query)
        texts = await asyncio.get_running_loop().run_in_executor(self._readers[is_query], reading)
        windows = list(chain.from_iterable(texts))
        lane = self._questions if is_query else self._passages
        try:
            answers = await lane.run(_steps(windows), partial(self._model.vectors, is_query=is_query))
        except Busy as busy:
            raise overloaded(busy.retry_after) from None
        rows = chain.from_iterable(answers)
        return Vectors(
            vectors=[
                average(np.stack(list(islice(rows, len(parts)))), [tokens for _, tokens in parts]).tolist()
                for parts in texts
            ],
            tokens=sum(tokens for _, tokens in windows),
        )

    def _windows(self, texts: Sequence[str], *, is_query: bool) -> list[list[Window]]:
        """Returns the windows of each text. Raises Refused where there are too many tokens."""
        found, total = [], 0
        most_of_a_text = WINDOW if is_query else MOST_TOKENS
        for text in map(cleaned, texts):
            tokens = self._model.count(text, is_query=is_query)
            if tokens > most_of_a_text:
                raise too_long(tokens, most_of_a_text)
            total += tokens
            if total > MOST_TOKENS:
                raise too_many_tokens(total, MOST_TOKENS)
            found.append(self._model.windows(text, is_query=is_query))
        return found


def _steps(windows: Sequence[Window]) -> list[Step]:
    """Returns the calls in which these windows are embedded, in their order."""
    steps: list[Step] = []
    together: list[Window] = []
    for window in windows:
        if together and sum(tokens for _, tokens in together) + window[1] > STEP_TOKENS:
            steps.append(_step(together))
            together = []
        together.append(window)
    return [*steps, _step(together)]


def _step(windows: Sequence[Window]) -> Step:
    return Step(texts=tuple(text for text, _ in windows), tokens=sum(tokens for _, tokens in windows))


def _cores() -> int:
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _seconds_per_token(model: Model) -> float:
    """Returns the pace of this machine, from one text."""
    tokens = model.count(WARM_UP, is_query=False)
    began = time.monotonic()
    model.vectors([WARM_UP], is_query=False)
    return (time.monotonic() - began) / tokens
