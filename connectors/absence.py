"""Which fields of a product or variation a shop did not send: absent is not empty."""

from collections.abc import Mapping

from pydantic import BaseModel

Sources = Mapping[str, tuple[str, ...]]
"""The fields of a body from which each field of a product or variation is read; one of them suffices."""


def absent_from(body: BaseModel, sources: Sources) -> frozenset[str]:
    """Returns the names of the fields without a source in the body that was validated."""
    return frozenset(name for name, fields in sources.items() if body.model_fields_set.isdisjoint(fields))
