"""A store as one of OpenAI's vector stores: each product is a file with attributes and a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import orjson

from api.assistants import catalogue
from api.assistants.catalogue import Listing
from api.assistants.writing import written
from api.dependencies import AppState
from api.errors import ApiError, invalid_field
from api.schemas.search import SearchRequest
from api.schemas.vector_filters import condition_of
from api.schemas.vector_stores import TextContent, VectorStorePage, VectorStoreResult, VectorStoreSearch
from catalogue.hygiene import line, paragraph, web_link
from catalogue.language import language_of
from catalogue.money import Language
from catalogue.prices import currency_of, price_range, price_text
from contracts.search import AllOf, Condition, Hit, Sort
from contracts.stored import StoredProduct
from contracts.stores import OpenStore
from knowledge.chunks import estimate_tokens

ANSWER_TOKENS = 19_000

VALUE_CHARACTERS = 512
"""The longest text that OpenAI allows in an attribute."""

_LARGEST_EXACT = 2**53

_STOCK: dict[Language, dict[str, str]] = {
    "fa": {"in_stock": "موجود", "backorder": "پیش‌سفارش", "out_of_stock": "ناموجود"},
    "en": {"in_stock": "in stock", "backorder": "on backorder", "out_of_stock": "out of stock"},
}


@dataclass(frozen=True, slots=True)
class _Room:
    """How many characters of the text, of names and of links a result has, and whether it has an image."""

    text: int
    name: int
    link: int
    image: bool


_ROOMS = (
    _Room(1_500, 150, VALUE_CHARACTERS, image=True),
    _Room(600, 150, VALUE_CHARACTERS, image=False),
    _Room(300, 100, 200, image=False),
    _Room(150, 60, 100, image=False),
    _Room(80, 40, 0, image=False),
    _Room(0, 30, 0, image=False),
)
"""From most to least; an answer has the first one that fits."""

Found = tuple[Hit, StoredProduct]


async def search(state: AppState, store: OpenStore, asked: VectorStoreSearch) -> VectorStorePage:
    """Returns the products of a store that answer one of the questions; raises 400.

    Where nothing of the store answers a question, only products with one of its words are returned.
    A question without a letter or a digit, such as `*`, is a list of what passes the filters, newest first.
    """
    if asked.page is not None and len(asked.query) > 1:
        raise invalid_field("page", "belongs to a single question")
    filtered = condition_of(asked.filters)
    best: dict[int, Found] = {}
    following: str | None = None
    for question in asked.query:
        asks = any(letter.isalnum() for letter in question)
        condition = filtered if asks else filtered or AllOf()
        request = SearchRequest(
            query=question if asks else None,
            limit=asked.max_num_results,
            cursor=asked.page,
            sort=Sort.RELEVANCE if asks else Sort.NEWEST,
            understand=asked.rewrite_query,
        )
        listing = await _listing(state, store, request, condition)
        matching = catalogue.matching(listing, asks=asks)
        following = listing.answer.next if matching or not listing.found else None
        for hit, stored in matching:
            if stored.id not in best or hit.score > best[stored.id][0].score:
                best[stored.id] = hit, stored
    found = list(best.values())
    if len(asked.query) > 1:
        found.sort(key=lambda one: (-one[0].score, one[1].id))
        following = None
    least = asked.ranking_options and asked.ranking_options.score_threshold
    passing = [one for one in found if one[0].score >= (least or 0)][: asked.max_num_results]
    next_page = following if len(passing) == len(found) else None
    return VectorStorePage(
        search_query=asked.query,
        data=await written(lambda: _fitting(passing, store), (stored for _, stored in passing)),
        has_more=next_page is not None,
        next_page=next_page,
    )


async def _listing(
    state: AppState, store: OpenStore, request: SearchRequest, condition: Condition | None
) -> Listing:
    """Returns an answer of search; raises 400, with the name that this protocol has for the field."""
    try:
        return await catalogue.search(state, store, request, variations=0, condition=condition)
    except ApiError as error:
        if error.content.get("field") != "cursor":
            raise
        raise invalid_field("page", str(error.content["problem"])) from None


def _fitting(found: Sequence[Found], store: OpenStore) -> list[VectorStoreResult]:
    """Returns results with as much as fits into `ANSWER_TOKENS`."""
    results: list[VectorStoreResult] = []
    for room in _ROOMS:
        results = [_result(hit, stored, store, room) for hit, stored in found]
        dumped = orjson.dumps([one.model_dump(mode="json") for one in results]).decode()
        if estimate_tokens(dumped) <= ANSWER_TOKENS:
            break
    return results


def _result(hit: Hit, product: StoredProduct, store: OpenStore, room: _Room) -> VectorStoreResult:
    title = line(product.title, room.name) or product.external_id
    return VectorStoreResult(
        file_id=product.external_id,
        filename=title,
        score=hit.score,
        attributes=_attributes(product, title, store, room),
        content=[TextContent(text=_text(hit, product, title, store, room))],
    )


def _text(hit: Hit, product: StoredProduct, title: str, store: OpenStore, room: _Room) -> str:
    """Returns the best passage about a product, after its title, with its price and stock of this moment."""
    language = language_of([title])
    facts = [price_text(product, store, language), _STOCK[language][product.availability]]
    passage = paragraph(hit.text, room.text)
    named = [] if passage.startswith(title) else [title]
    return "\n".join(filter(None, [*named, passage, " — ".join(filter(None, facts))]))


def _attributes(
    product: StoredProduct, title: str, store: OpenStore, room: _Room
) -> dict[str, str | int | float | bool]:
    """Returns what is known of a product, in at most 16 attributes; the same names are keys of filters."""
    lowest, highest = price_range(product) or (None, None)
    texts = {
        "title": title,
        "currency": currency_of(product, store),
        "availability": product.availability,
        "brand": next(iter(product.brands), ""),
        "category": next(iter(product.categories), ""),
        "sku": product.sku,
        "gtin": product.gtin,
        "facts_at": _utc(product.facts_at),
        "known_at": "" if product.known_at is None else _utc(product.known_at),
    }
    links = {"url": product.link, "image": product.image if room.image else ""}
    numbers = {"price": lowest, "max_price": highest, "regular_price": product.regular_price}
    return {
        "product_id": line(product.external_id, VALUE_CHARACTERS),
        **{name: short for name, text in texts.items() if (short := line(text, room.name))},
        **{name: link for name, url in links.items() if 0 < len(link := web_link(url)) <= room.link},
        **{name: _number(value) for name, value in numbers.items() if value is not None},
        "in_stock": product.in_stock,
    }


def _number(value: Decimal) -> int | float:
    """Returns a price as a JSON number, an integer where it is one."""
    return int(value) if value == value.to_integral_value() and abs(value) < _LARGEST_EXACT else float(value)


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
