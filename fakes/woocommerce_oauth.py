"""OAuth 1.0a as WooCommerce checks it for keys that are sent over plain HTTP."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote


def oauth_signature(url: str, params: Mapping[str, str], secret: str, method: str = "GET") -> str:
    """Returns the signature as WooCommerce computes it, from a URL without query and all other parameters."""
    pairs = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in params.items())
    query = "%26".join(f"{n.replace('%', '%25')}%3D{v.replace('%', '%25')}" for n, v in pairs)
    signed = f"{method}&{quote(url, safe='')}&{query}"
    algorithm = params["oauth_signature_method"].removeprefix("HMAC-").lower()
    digest = hmac.new(f"{secret}&".encode(), signed.encode(), getattr(hashlib, algorithm)).digest()
    return base64.b64encode(digest).decode()
