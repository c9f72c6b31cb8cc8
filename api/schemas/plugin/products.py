"""The states of products, and the explanation of one, for the plugin of their shop."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field

from api.bodies import RequestBody
from api.fields import Id
from api.openapi.build import ResponseModel, example
from api.schemas.explain import EXAMPLE, Explanation
from api.verdict import KnownState, Verdict
from database.products.known import KnownProduct

MOST_IDS = 100


class StatesRequest(RequestBody):
    """Ids of products in the shop."""

    model_config = example({"ids": [777, 778]})

    ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_IDS)]


class ProductStateOut(ResponseModel):
    """The state of one product; `message` is a sentence for people."""

    state: KnownState
    verdict: Verdict
    message: str
    updated_at: datetime | None = Field(description="when its row changed last; null if it has none")


class ProductStates(ResponseModel):
    """The state of each product that was asked for, by its id in the shop."""

    model_config = example(
        {
            "states": {
                "777": {
                    "state": "known",
                    "verdict": "known",
                    "message": "دستیار این محصول را می‌شناسد",
                    "updated_at": "2026-11-20T10:00:02Z",
                },
                "778": {
                    "state": "unknown",
                    "verdict": "never_received",
                    "message": "هیچ رویدادی برای این محصول دریافت نشده است",
                    "updated_at": None,
                },
            }
        }
    )

    states: dict[str, ProductStateOut]


class WhatIsKnown(ResponseModel):
    """What assistants read of the product; prices are strings, and `price` is the lowest."""

    title: str
    price: str | None
    min_price: str | None = Field(description="lowest of its variations; the price of a product without")
    max_price: str | None = Field(description="highest of its variations; the price of a product without")
    currency: str
    in_stock: bool
    text: str = Field(description="its first 2,000 characters, as the shop wrote them")

    @classmethod
    def of(cls, known: KnownProduct) -> Self:
        lowest, highest = _shown(known.min_price), _shown(known.max_price)
        return cls.from_fields_of(known, price=lowest, min_price=lowest, max_price=highest)


def _shown(price: Decimal | None) -> str | None:
    return None if price is None else format(price, "f")


class PluginExplanation(Explanation):
    """The explanation of a product of the token's store, with what assistants read of it."""

    model_config = example(
        {
            **EXAMPLE,
            "what_is_known": {
                "title": "لپ‌تاپ ایسوس ROG",
                "price": "45000000",
                "min_price": "45000000",
                "max_price": "52000000",
                "currency": "IRT",
                "in_stock": True,
                "text": "لپ‌تاپ ایسوس ROG\nلپ‌تاپ گیمینگ ۱۵ اینچی",
            },
        }
    )

    what_is_known: WhatIsKnown | None = Field(description="null if search does not find the product")
