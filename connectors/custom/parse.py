"""Products of custom shops: WooCommerce's fields, with any text or number as the id."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from connectors.base import Change
from connectors.bounds import Cuts
from connectors.woocommerce import parse as woocommerce
from connectors.woocommerce.parse import DeletionBody, Models, ProductBody, VariationBody
from contracts.events import EventType

LONGEST_ID = 255


def external_id(value: object) -> str:
    """Returns the sender's own id unchanged, as text."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not 0 < len(text) <= LONGEST_ID or not text.isprintable():
        raise ValueError(f"expected a number, or a text of at most {LONGEST_ID} printable characters")
    return text


Id = Annotated[str, BeforeValidator(external_id)]


class _Variation(VariationBody):
    id: Id
    parent_id: Id | None = None


class _Product(ProductBody):
    id: Id

    @classmethod
    def models(cls) -> Models:
        return MODELS


class _Deletion(DeletionBody):
    id: Id


MODELS = Models(product=_Product, variation=_Variation, deletion=_Deletion, external_id=external_id)


def parse(event_type: EventType, body: Mapping[str, Any], cuts: Cuts | None = None) -> Change:
    """Returns the change that an event's `product` describes; see `connectors.woocommerce.parse.parse`."""
    return woocommerce.parse(event_type, body, cuts, MODELS)
