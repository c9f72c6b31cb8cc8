"""The embedding provider that the settings choose; a new provider is chosen here."""

from embeddings.base import Embedder
from embeddings.openai import OpenAIEmbedder
from settings import Settings

SETTINGS = "OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server"
"""The settings that configure an embedding service, as `pilito doctor` names them."""


def is_configured(settings: Settings) -> bool:
    """Returns whether the settings name an embedding service; `pilito up` starts a local one otherwise."""
    return settings.openai_api_key is not None or settings.openai_base_url is not None


def create_embedder(settings: Settings) -> Embedder:
    """Returns the embedder of the configured provider."""
    return OpenAIEmbedder.configured(settings)
