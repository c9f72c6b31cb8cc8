"""The embedding provider that the settings choose; a new provider is chosen here."""

import httpx2

from embeddings.base import Embedder
from embeddings.openai import OpenAIEmbedder
from settings import Settings

SETTINGS = "OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server"
"""The settings that configure an embedding service, as `pilito doctor` names them."""


UNUSABLE_PROXY = (
    "A proxy of the environment cannot be used: set HTTPS_PROXY or ALL_PROXY to an address that begins with"
    " http://, https://, socks5:// or socks5h://, or name the host of OPENAI_BASE_URL in NO_PROXY."
)


def is_configured(settings: Settings) -> bool:
    """Returns whether the settings name an embedding service; `pilito up` starts a local one otherwise."""
    return settings.openai_api_key is not None or settings.openai_base_url is not None


def create_embedder(settings: Settings) -> Embedder:
    """Returns the embedder of the configured provider; ends the program if its proxy cannot be used."""
    try:
        return OpenAIEmbedder.configured(settings)
    except (ValueError, ImportError, httpx2.InvalidURL):
        raise SystemExit(UNUSABLE_PROXY) from None
