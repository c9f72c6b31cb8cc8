"""The messages of responses: what was left out of them, and why."""

from catalogue.hygiene import line
from catalogue.ucp import Message

_ID_CHARACTERS = 255


def failed(message: Message) -> Message:
    """Returns a warning as the error of a response that has nothing else."""
    return Message(type="error", code=message.code, content=message.content, severity="unrecoverable")


def price_filter_ignored(currency: str, own: str | None) -> Message:
    """Returns the message for a price filter in a currency that the store does not use."""
    prices = f"prices of this shop are in {own}" if own else "prices of this shop have no ISO currency"
    asked = line(currency, 20)
    return Message(
        type="warning",
        code="price_filter_ignored",
        content=f"The price filter in {asked or 'no currency'} was not applied: {prices}.",
    )


def filters_ignored(names: list[str]) -> Message:
    """Returns the message for filters that are not known here."""
    listed = ", ".join(line(name, 60) for name in names[:10])
    return Message(
        type="warning", code="filter_ignored", content=f"Unknown filters were not applied: {listed}."
    )


def not_found(identifier: str) -> Message:
    """Returns the message for an identifier of a lookup that means nothing; its content is the identifier."""
    return Message(type="info", code="not_found", content=line(identifier, _ID_CHARACTERS))


def no_product(identifier: str) -> Message:
    """Returns the error for the id of no product."""
    content = f"Product not found: {line(identifier, _ID_CHARACTERS)}"
    return Message(type="error", code="not_found", content=content, severity="unrecoverable")


def no_variant(identifier: str) -> Message:
    """Returns the error for a product without a variant that passes the filters."""
    content = f"No variant of {line(identifier, _ID_CHARACTERS)} passes the filters"
    return Message(type="error", code="not_found", content=content, severity="unrecoverable")


def no_price(identifier: str) -> Message:
    """Returns the message for an identifier of a variant without a known price."""
    content = f"{line(identifier, _ID_CHARACTERS)} has no price; ask the shop"
    return Message(type="warning", code="price_unavailable", content=content)
