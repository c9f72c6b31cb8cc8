"""What a shop platform must be able to do for us; one folder each, listed in `platforms.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from contracts.catalog import Product, Variation
from contracts.deliveries import Delivery, Ignored, Told
from contracts.events import EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """The shop no longer has this product or variation."""

    external_id: str
    version: datetime | None = None


Change = Product | Variation | Deletion


class Connector(Protocol):
    """Reads what shops of one platform send; pure, so that it can be asked anywhere."""

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> bool:
        """Whether a delivery was signed with one of a store's secrets; False for anything malformed."""
        ...

    def is_ping(self, delivery: Delivery) -> bool:
        """Whether a delivery only asks if somebody listens, and is to be answered 200 without a signature."""
        ...

    def parse(self, delivery: Delivery) -> Told | Ignored:
        """What a genuine delivery says.

        InvalidField where its sender reads our answers; the others count a refusal as a failure, and stop
        sending after a few.
        """
        ...

    def change(self, event_type: EventType, payload: Mapping[str, Any]) -> Change:
        """A payload kept from a delivery, as our catalogue knows it; InvalidField where it cannot be read."""
        ...
