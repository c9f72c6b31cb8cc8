"""Whether a store's shop can be read."""

from connectors.platforms import READERS
from contracts.errors import InvalidField
from contracts.stores import Store


def check_readable(store: Store) -> None:
    """Raises InvalidField, which names what must be set before the store's shop can be read."""
    if store.type not in READERS:
        raise InvalidField("type", f"the shop of a {store.type} store cannot be read; it tells us all itself")
    if not store.base_url:
        raise InvalidField("base_url", "set it: the store has no address to read its shop at")
    if not store.has_credentials:
        raise InvalidField("credentials", "set them: the store has none to read its shop with")
