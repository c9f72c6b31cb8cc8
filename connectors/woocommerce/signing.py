"""Authentication at WooCommerce: HTTP Basic over HTTPS, else OAuth 1.0a, which sends no secret.

Key and secret are never part of a URL, so request logs do not contain them.
"""

import base64
import logging
from collections.abc import Mapping
from typing import Literal

import httpx2
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from contracts.errors import ShopRefuses

Method = Literal["GET", "POST", "PUT", "DELETE"]
logging.getLogger("oauthlib").setLevel(logging.INFO)  # its debug messages contain the consumer key


class Key:
    """A consumer key with its secret; `repr` shows neither."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        key, secret = credentials.get("consumer_key", ""), credentials.get("consumer_secret", "")
        if not key or not secret:
            raise ShopRefuses("The store has no consumer key and secret; set them in its credentials.")
        self._key, self._secret = key, secret

    def __repr__(self) -> str:
        return "Key(…)"

    def headers(self, url: httpx2.URL, method: Method = "GET") -> dict[str, str]:
        """Returns the headers for one request; a JSON body is not part of WooCommerce's signature."""
        if url.scheme == "https":
            pair = base64.b64encode(f"{self._key}:{self._secret}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        client = Client(self._key, self._secret, signature_method=SIGNATURE_HMAC_SHA256)
        _, headers, _ = client.sign(str(url), method)
        return {"Authorization": headers["Authorization"]}
