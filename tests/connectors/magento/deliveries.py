"""The example platform of the guide to adding one: its deliveries name a product by `sku` and `label`."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ValidationError

from connectors.base import Change, Deletion
from connectors.bounds import Cuts
from connectors.envelope import signed_with_one_of
from connectors.fields import Line, Markup, Number, identifier
from connectors.signatures import is_hmac
from contracts.catalog import Facts, Product
from contracts.deliveries import IgnoredDelivery, ParsedDelivery, SignedDelivery
from contracts.errors import InvalidField
from contracts.events import EventType


def external_id(value: object) -> str:
    return f"magento_{identifier(value)}"


class MagentoDelivery(BaseModel):
    """A product as it is now."""

    entity_id: Annotated[str, BeforeValidator(external_id)]
    label: Line = ""
    text: Markup = ""
    price: Number = None


class MagentoDeliveries:
    """Implements `Connector`."""

    longest_ping = 0

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        return is_hmac(headers.get("x-magento-signature", ""))

    def verify(self, delivery: SignedDelivery, secrets: Sequence[str]) -> bool:
        return signed_with_one_of(secrets, delivery.body, delivery.headers.get("x-magento-signature", ""))

    def is_ping(self, delivery: SignedDelivery) -> bool:
        return False

    def unread(self, delivery: SignedDelivery, reason: str) -> None:
        return None

    def parse(self, delivery: SignedDelivery) -> ParsedDelivery | IgnoredDelivery:
        event_id = hashlib.sha256(delivery.body).hexdigest()
        body = orjson.loads(delivery.body)
        if not isinstance(body, dict):
            return IgnoredDelivery(event_id=event_id, topic="product", reason="The body is not an object.")
        return ParsedDelivery(
            event_id=event_id,
            event_type=EventType.UPDATED,
            external_id=self.change(EventType.UPDATED, body, Cuts()).external_id,
            payload=body,
        )

    def change(self, event_type: EventType, payload: Mapping[str, Any], cuts: Cuts | None = None) -> Change:
        try:
            product = MagentoDelivery.model_validate(payload, context=cuts)
        except ValidationError as error:
            raise InvalidField.of(error) from None
        if event_type is EventType.DELETED:
            return Deletion(external_id=product.entity_id)
        return Product(
            external_id=product.entity_id,
            title=product.label,
            description=product.text,
            facts=Facts(price=product.price),
        )
