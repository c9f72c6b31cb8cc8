"""Cuts documents into chunks small enough to embed, at borders that move little when a text is edited."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from semantic_text_splitter import TextSplitter

from contracts.bounds import CHUNKS
from knowledge.document import Document

CHUNK_TOKENS: int = 400
"""The most tokens of a chunk by `estimate_tokens`; part of `content_hash`."""

TOKEN_LIMIT = 8192
"""The most tokens an embedding model takes in one input."""

_BYTES_PER_TOKEN = 3
_LEAST_BUDGET = 64
_PARAGRAPH_BORDER = re.compile(r"\n\s*\n\s*")
_SENTENCE_BORDER = re.compile(r"(?<![.!?؟…])[.!?؟…]++[»”’\"')\]]*+\s+|\n\s*")

K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One input of the embedding model; `text_hash` is the SHA-256 of `text`, in hex."""

    position: int
    text: str
    text_hash: str
    tokens: int


@dataclass(frozen=True, slots=True)
class _Unit:
    """A part of a text that is not cut further; `closes` is whether a chunk ends after it."""

    start: int
    end: int
    closes: bool


def estimate_tokens(text: str) -> int:
    """Returns a cautious estimate of the tokens in `text`: a third of its UTF-8 bytes.

    Persian averages 1.6 letters (3.2 bytes) a token, English four. No token is shorter than a byte,
    so no text estimated at `TOKEN_LIMIT // 3` can exceed `TOKEN_LIMIT`.
    """
    return -(-len(text.encode(errors="surrogatepass")) // _BYTES_PER_TOKEN)


def split(document: Document, *, max_tokens: int = CHUNK_TOKENS) -> tuple[Chunk, ...]:
    """Returns the chunks of `document`, each the title line and some of the text; none when both are empty.

    A text that fits is one chunk. Otherwise a paragraph over a quarter of the room is a chunk, with the short
    ones that lead into it. Where a chunk ends depends on its last paragraph alone, so an edit reaches its own
    chunk and at most one neighbour, unless the short ones no longer fit.

    A title over a quarter of the budget is clipped in the title line and repeated whole as text. The text
    after the first `CHUNKS` chunks is left out.
    `ValueError` for a budget below 64 tokens.
    """
    if max_tokens < _LEAST_BUDGET:
        raise ValueError(f"max_tokens must be at least {_LEAST_BUDGET}, not {max_tokens}")
    budget = min(max_tokens, TOKEN_LIMIT // _BYTES_PER_TOKEN)
    title, text = document.title.strip(), document.text.strip()
    if estimate_tokens(title) > budget // 4:
        text = f"{title}\n\n{text}".strip()
        title = _fitting_pieces(title, budget // 4)[0].strip()
    room = budget - estimate_tokens(f"{title}\n")
    bodies = iter([text]) if estimate_tokens(text) <= room else _bodies(text, room)
    texts = [f"{title}\n{body}".strip() for body in islice(bodies, CHUNKS)]
    return tuple(
        Chunk(
            position=position,
            text=chunk,
            text_hash=hashlib.sha256(chunk.encode()).hexdigest(),
            tokens=estimate_tokens(chunk),
        )
        for position, chunk in enumerate(filter(None, texts))
    )


def pack(
    items: Sequence[tuple[K, int]], *, max_tokens: int = 300_000, max_items: int = 2_048
) -> list[list[K]]:
    """Returns the keys of `items` (key, tokens) in requests within both limits, in order.

    An item over `max_tokens` goes alone.
    """
    requests: list[list[K]] = []
    left = 0
    for key, tokens in items:
        if not requests or tokens > left or len(requests[-1]) >= max_items:
            requests.append([])
            left = max_tokens
        requests[-1].append(key)
        left -= tokens
    return requests


def _bodies(text: str, room: int) -> Iterator[str]:
    start: int | None = None
    end = 0
    for unit in _units(text, room):
        if start is not None and estimate_tokens(text[start : unit.end]) > room:
            yield text[start:end].strip()
            start = None
        start = unit.start if start is None else start
        end = unit.end
        if unit.closes:
            yield text[start:end].strip()
            start = None
    if start is not None:
        yield text[start:end].strip()


def _units(text: str, room: int) -> Iterator[_Unit]:
    """Yields paragraphs; of those over `room`, sentences; of those over `room`, runs of words."""
    for start, end in _spans(_PARAGRAPH_BORDER, text, 0, len(text)):
        if estimate_tokens(text[start:end]) <= room:
            yield _Unit(start, end, closes=_closes(text[start:end], room // 4))
            continue
        for sentence_start, sentence_end in _spans(_SENTENCE_BORDER, text, start, end):
            piece_end = sentence_start
            for piece in _fitting_pieces(text[sentence_start:sentence_end], room):
                piece_start, piece_end = piece_end, piece_end + len(piece)
                yield _Unit(piece_start, piece_end, closes=piece_end == end or _closes(piece, room // 2))


def _closes(text: str, apart: int) -> bool:
    """Draws from `text` alone whether a chunk ends after it, so that on average `apart` tokens share one."""
    drawn = int.from_bytes(hashlib.sha256(text.strip().encode()).digest()[:4])
    return drawn * apart < estimate_tokens(text) << 32


def _spans(border: re.Pattern[str], text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in border.finditer(text, start, end):
        yield start, match.end()
        start = match.end()
    if start < end:
        yield start, end


def _fitting_pieces(text: str, room: int) -> list[str]:
    """Returns `text` in pieces within `room` tokens, cut between words or, failing that, graphemes.

    Works in windows, because the splitter takes quadratic time on text without sentence borders.
    """
    if estimate_tokens(text) <= room:
        return [text]
    capacity = room * _BYTES_PER_TOKEN // len(max(text).encode())
    splitter = TextSplitter(capacity, trim=False)
    pieces: list[str] = []
    start = 0
    while start < len(text):
        window = splitter.chunks(text[start : start + 4 * capacity])
        if start + 4 * capacity < len(text):
            window.pop()
        pieces += window
        start += sum(map(len, window))
    return pieces
