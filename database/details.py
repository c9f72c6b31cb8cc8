"""Details in the `metadata` of products and variations, each under its name; defaults are not stored."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from contracts.products.details import DETAILS, Details

_DETAILS = TypeAdapter(Details)


def as_metadata(details: Details) -> dict[str, Any]:
    """Returns the details as JSON has them; numbers are texts, so that no digit is lost."""
    stored: dict[str, Any] = _DETAILS.dump_python(details, mode="json", exclude_defaults=True)
    return stored


def details_of(metadata: Mapping[str, Any]) -> Details:
    """Returns the details in a row's metadata."""
    return _DETAILS.validate_python({name: metadata[name] for name in DETAILS & metadata.keys()})
