"""Cutting a document, and packing the pieces into requests."""

import hashlib
import random
import unicodedata
from functools import lru_cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.chunks import TOKEN_LIMIT, estimate_tokens, pack, split
from knowledge.document import Document
from tests.support.plugins.examples import examples

WORDS = (
    "این محصول با کیفیت بالا و ضمانت بازگشت کالا برای خانواده‌ها دانشجویان مناسب است پردازنده حافظه "
    "صفحه‌نمایش باتری دوربین رنگ مشکی سفید VivoBook Core i5 512GB 👨‍👩‍👧‍👦 ❤️ 👍🏽 🇮🇷 café"
)
VOCABULARY = WORDS.split()
TITLE = "لپ‌تاپ ایسوس مدل VivoBook 15"

parts = st.sampled_from(
    (*VOCABULARY, ".", "؟", "!", "…", " ", "\n", "\n\n", "\u200c", "\u200d", "\u0301", "x" * 400, "🇮🇷" * 60)
)
texts = st.one_of(
    st.lists(parts, max_size=300).map(" ".join), st.lists(parts, max_size=300).map("".join), st.text()
)
titles = st.one_of(st.just(TITLE), st.text(max_size=20), st.just("عنوان " * 100))


def bodies(document: Document, chunks: tuple[str, ...]) -> list[str]:
    """The chunks without their title lines."""
    title = document.title.strip()
    assert all(chunk.startswith(title) for chunk in chunks)
    return [chunk[len(title) :] for chunk in chunks]


def letters(text: str) -> str:
    return "".join(text.split())


def is_picture(character: str) -> bool:
    return unicodedata.category(character) == "So" and not 0x1F1E6 <= ord(character) <= 0x1F1FF


def cut(before: str, after: str) -> bool:
    """Whether one grapheme cluster of those written here spans from `before` into `after`."""
    last, first = before[-1], after[0]
    if last.isspace() or first.isspace():
        return False
    flags = len(before) - len(before.rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))
    joined = before.rstrip("\u200d\u200c\ufe0f\u0301🏽")[-1:]
    return (
        unicodedata.category(first) in ("Mn", "Me")
        or first in "\u200c\u200d🏽"
        or (last == "\u200d" and is_picture(first) and bool(joined) and is_picture(joined))
        or (flags % 2 == 1 and 0x1F1E6 <= ord(first) <= 0x1F1FF)
    )


@examples(150)
@given(titles, texts, st.sampled_from([64, 100, 400, 8192]))
def test_nothing_is_lost_and_nothing_is_too_long(title: str, text: str, max_tokens: int) -> None:
    """All letters of the text are there in order, in chunks within budget that each begin with the title."""
    document = Document(title=title, text=text)
    chunks = split(document, max_tokens=max_tokens)
    assert [chunk.position for chunk in chunks] == list(range(len(chunks)))
    assert all(chunk.tokens == estimate_tokens(chunk.text) <= max_tokens for chunk in chunks)
    assert all(len(chunk.text.encode()) <= TOKEN_LIMIT for chunk in chunks)
    assert all(chunk.text_hash == hashlib.sha256(chunk.text.encode()).hexdigest() for chunk in chunks)
    assert bool(chunks) == bool(title.strip() or text.strip())
    if estimate_tokens(title.strip()) <= max_tokens // 4:
        rest = bodies(document, tuple(chunk.text for chunk in chunks))
        assert "".join(map(letters, rest)) == letters(text)
    assert split(document, max_tokens=max_tokens) == chunks


@examples(150)
@given(st.lists(parts, min_size=30, max_size=300).map("".join))
def test_no_character_is_cut(text: str) -> None:
    """No chunk ends inside an emoji of many parts, a flag, or before a mark."""
    document = Document(title=TITLE, text=text)
    rest = bodies(document, tuple(chunk.text for chunk in split(document, max_tokens=100)))
    pieces = [piece.strip() for piece in rest if piece.strip()]
    position = 0
    for before, after in pairwise(pieces):
        end = text.index(before, position) + len(before)
        position = text.index(after, end)
        assert position > end or not cut(before, after), (before[-10:], after[:10])


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # random words guard nothing


def paragraph(chosen: random.Random, words: int) -> str:
    """A paragraph of sentences of a dozen words."""
    return " ".join(chosen.choice(VOCABULARY) + ("." if number % 12 == 11 else "") for number in range(words))


@lru_cache(maxsize=1)
def texts_of(paragraphs: tuple[str, ...]) -> frozenset[str]:
    """Returns the texts of the chunks of these paragraphs, ten or more."""
    chunks = split(Document(title=TITLE, text="\n\n".join(paragraphs)))
    assert len(chunks) >= 10
    return frozenset(chunk.text for chunk in chunks)


def renewed(paragraphs: list[str], edited: list[str]) -> int:
    """Returns how many chunks of the edited text the text did not have before."""
    known = texts_of(tuple(paragraphs))
    return sum(chunk.text not in known for chunk in split(Document(title=TITLE, text="\n\n".join(edited))))


@pytest.mark.parametrize(
    "lengths", [(30, 80), (10, 30), (2, 3, 5, 8, 20, 40, 60, 80)], ids=["long", "short", "mixed"]
)
def test_an_edited_paragraph_changes_two_chunks_at_most(lengths: tuple[int, ...]) -> None:
    """Each paragraph in turn, made any length up to sixty words, touches its own chunk and one neighbour."""
    chosen = seeded(7)
    paragraphs = [
        paragraph(chosen, chosen.randint(*lengths) if len(lengths) == 2 else chosen.choice(lengths))
        for _ in range(60)
    ]
    for position, old in enumerate(paragraphs):
        edits = [
            f"{old} باشد.",
            old.rsplit(" ", 1)[0],
            *(paragraph(chosen, words) for words in (1, 5, 15, 30, 60)),
        ]
        for new in edits:
            assert renewed(paragraphs, [*paragraphs[:position], new, *paragraphs[position + 1 :]]) <= 2


@examples(60)
@given(st.data())
def test_an_edit_among_long_paragraphs_changes_its_own_chunk(data: st.DataObject) -> None:
    """Where every paragraph fills a quarter of a chunk, an edit, a new one or a lost one renews one chunk."""
    chosen = seeded(data.draw(st.integers()))
    paragraphs = [
        paragraph(chosen, words)
        for words in data.draw(st.lists(st.integers(35, 70), min_size=10, max_size=30))
    ]
    position = data.draw(st.integers(0, len(paragraphs) - 1))
    new = [paragraph(chosen, words) for words in data.draw(st.lists(st.integers(1, 70), max_size=1))]
    kept = data.draw(st.integers(0, 1))
    assert renewed(paragraphs, [*paragraphs[:position], *new, *paragraphs[position + kept :]]) <= 1


def test_an_edit_inside_a_long_paragraph_stays_near() -> None:
    """In a wall of text, too, chunk ends come from the sentences: most of it stays when one word changes."""
    wall = paragraph(seeded(3), 1_500)
    middle = wall.index("محصول", len(wall) // 2)
    before = {chunk.text for chunk in split(Document(title=TITLE, text=wall))}
    after = split(Document(title=TITLE, text=wall[:middle] + "کالای نو " + wall[middle:]))
    assert len(before) >= 10
    assert sum(chunk.text not in before for chunk in after) <= 2


def test_borders_lie_between_sentences() -> None:
    """Where sentences fit, every chunk ends with one."""
    wall = paragraph(seeded(4), 1_200)
    assert all(chunk.text.endswith(".") for chunk in split(Document(title=TITLE, text=wall)))


def test_a_short_text_is_one_chunk() -> None:
    """What fits is not cut at all."""
    (chunk,) = split(Document(title=TITLE, text="یک\n\nدو\n\nسه"))
    assert chunk.text == f"{TITLE}\nیک\n\nدو\n\nسه"


def test_an_empty_document() -> None:
    """A title alone is a chunk, a text alone too, nothing is none."""
    assert [chunk.text for chunk in split(Document(title=TITLE, text=""))] == [TITLE]
    assert [chunk.text for chunk in split(Document(title="", text="متن"))] == ["متن"]
    assert split(Document(title="", text=" \n")) == ()


@pytest.mark.parametrize(
    "text",
    [
        "x" * 50_000,
        "س" * 50_000,
        "سلام " * 20_000,
        "👨‍👩‍👧‍👦" * 5_000,
        "." * 50_000,
        "." * 400 + "\n\n" + "a\n\n" * 9_000,
    ],
)
def test_pathological_text_is_cut(text: str) -> None:
    """A word, emoji or line of any length is cut within the budget, and nothing of it is lost."""
    chunks = split(Document(title="عنوان", text=text))
    assert max(chunk.tokens for chunk in chunks) <= 400
    assert "".join(letters(chunk.text.removeprefix("عنوان")) for chunk in chunks) == letters(text)
    assert len(chunks) < 3 * estimate_tokens(text) / 400 + 2


def test_a_long_title_is_clipped_in_the_title_line_only() -> None:
    """Each chunk begins with what fits of a long title; the whole of it is read once."""
    title = "عنوان بلند " * 2_000
    chunks = split(Document(title=title, text="متن"))
    line = chunks[0].text.split("\n")[0]
    assert 0 < estimate_tokens(line) <= 100
    assert all(chunk.text.startswith(f"{line}\n") and chunk.tokens <= 400 for chunk in chunks)
    assert "".join(letters(chunk.text.removeprefix(line)) for chunk in chunks) == letters(title + "متن")


def test_a_budget_below_reason_is_refused() -> None:
    """Under 64 tokens there is no room for a title and a sentence."""
    with pytest.raises(ValueError, match="at least 64"):
        split(Document(title="", text=""), max_tokens=63)


@given(st.text(st.characters(codec=None)), st.text())
def test_estimates_are_cautious(one: str, other: str) -> None:
    """No less than a third of the bytes, and never less for more text."""
    assert 3 * estimate_tokens(one) >= len(one.encode(errors="surrogatepass"))
    assert (
        estimate_tokens(one) <= estimate_tokens(one + other) <= estimate_tokens(one) + estimate_tokens(other)
    )


@given(st.lists(st.integers(0, 120), max_size=60), st.integers(1, 100), st.integers(1, 8))
def test_packing(tokens: list[int], max_tokens: int, max_items: int) -> None:
    """Every key once and in order, no request over a limit unless one item alone is, and none too early."""
    items = list(enumerate(tokens))
    requests = pack(items, max_tokens=max_tokens, max_items=max_items)
    assert [key for request in requests for key in request] == list(range(len(tokens)))
    for request in requests:
        assert 1 <= len(request) <= max_items
        assert len(request) == 1 or sum(tokens[key] for key in request) <= max_tokens
    for request, following in pairwise(requests):
        full = sum(tokens[key] for key in request) + tokens[following[0]] > max_tokens
        assert full or len(request) == max_items


def test_requests_keep_the_limits_of_the_service() -> None:
    """By default a request has at most 2,048 inputs and 300,000 tokens."""
    assert [len(request) for request in pack([("a", 1)] * 5_000)] == [2_048, 2_048, 904]
    assert [len(request) for request in pack([("a", 8_192)] * 40)] == [36, 4]
