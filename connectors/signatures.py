"""HMAC-SHA256 of a raw body in base64, as WooCommerce and Shopify sign."""

import base64
import hmac
from collections.abc import Iterable


def signed_with_one_of(secrets: Iterable[str], body: bytes, signature: str) -> bool:
    """Compare in constant time with the signature under each secret; False for anything malformed."""
    given = signature.encode("ascii", "replace")
    found = False
    for secret in secrets:
        expected = base64.b64encode(hmac.digest(secret.encode(), body, "sha256"))
        found |= hmac.compare_digest(expected, given)
    return found
