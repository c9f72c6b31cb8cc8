"""Products of shops with a sender of their own: WooCommerce's fields, with ids of any spelling."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from connectors.base import Change
from connectors.woocommerce import parse as woocommerce
from connectors.woocommerce.parse import DeletionBody, Models, ProductBody, VariationBody
from contracts.events import EventType

LONGEST_ID = 255


def external_id(value: object) -> str:
    """The sender's own id, as it is."""
    spelled = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not 0 < len(spelled) <= LONGEST_ID or not spelled.isprintable():
        raise ValueError(f"expected a number, or a text of at most {LONGEST_ID} printable characters")
    return spelled


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


def parse(event_type: EventType, body: Mapping[str, Any]) -> Change:
    """Read the `product` of an event; InvalidField names what cannot be read."""
    return woocommerce.parse(event_type, body, MODELS)
