"""Interfaces of what only some catalogues can do."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from contracts.catalog import Category


@runtime_checkable
class HasCategories(Protocol):
    """A catalogue with products that name their categories without the categories above them."""

    async def categories(self) -> Sequence[Category] | None:
        """Returns all categories of the shop; None if it does not show them, or has too many."""
        ...

    def place_categories(self, categories: Sequence[Category]) -> None:
        """Show the parents of categories in all products and entries from now on."""
        ...


@runtime_checkable
class HasNotices(Protocol):
    """A catalogue of a platform that says in its answers when our release gets too old for it."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What the answers so far said, in sentences for people."""
        ...
