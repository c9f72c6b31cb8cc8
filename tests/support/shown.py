"""Products as a catalogue shows them."""

from collections.abc import Mapping
from typing import Any

from connectors.base import Body, Unreadable


def readable(body: Body) -> Mapping[str, Any]:
    """Returns a product that was read; fails for an unreadable one."""
    assert not isinstance(body, Unreadable), body.reason
    return body
