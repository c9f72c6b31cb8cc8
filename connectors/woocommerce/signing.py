"""How WooCommerce is shown a key: by HTTP Basic over HTTPS, else by OAuth 1.0a, which sends no secret.

Neither is ever part of a URL, so no log of requests holds one.
"""

import base64
import logging
from collections.abc import Mapping
from typing import Literal

import httpx2
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from contracts.errors import ShopRefuses

Method = Literal["GET", "POST", "PUT"]
logging.getLogger("oauthlib").setLevel(logging.INFO)  # what it says for debugging holds the consumer key


class Key:
    """A consumer key with its secret; neither is shown."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        key, secret = credentials.get("consumer_key", ""), credentials.get("consumer_secret", "")
        if not key or not secret:
            raise ShopRefuses("The store has no consumer key and secret; give it some in its credentials.")
        self._key, self._secret = key, secret

    def __repr__(self) -> str:
        return "Key(…)"

    def headers(self, url: httpx2.URL, method: Method = "GET") -> dict[str, str]:
        """What a request carries; each is good for one. WooCommerce signs no body that is JSON."""
        if url.scheme == "https":
            pair = base64.b64encode(f"{self._key}:{self._secret}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        client = Client(self._key, self._secret, signature_method=SIGNATURE_HMAC_SHA256)
        _, headers, _ = client.sign(str(url), method)
        return {"Authorization": headers["Authorization"]}
