"""Prices as feeds write them."""

from catalogue.money import Money


def stated(money: Money | None) -> str:
    """Returns a price such as `19.99 USD` or `12500000.00 IRR`; empty for none."""
    return f"{money.units:f} {money.currency}" if money else ""
