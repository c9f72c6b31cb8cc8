"""The check of the embeddings API."""

import asyncio

from commands.doctor.result import CheckResult
from embeddings.registry import SETTINGS, create_embedder, is_configured
from settings import Settings

EMBED_WITHIN = 15.0
"""Seconds the embedding service may take to answer."""


async def check_embeddings(settings: Settings) -> CheckResult:
    """Returns whether the API embeds a text."""
    if not is_configured(settings):
        return CheckResult(subject="Embeddings", said="neither key nor address", advice=f"Set {SETTINGS}.")
    embedder = create_embedder(settings)
    try:
        async with asyncio.timeout(EMBED_WITHIN):
            await embedder.embed_query("ping")
    except embedder.errors as error:
        return CheckResult(
            subject="Embeddings",
            said=f"refused ({type(error).__name__})",
            advice=f"Check {SETTINGS}, and PILITO_EMBEDDING_MODEL.",
        )
    finally:
        await embedder.close()
    return CheckResult(subject="Embeddings", said=f"{embedder.model}, {embedder.dimensions} dimensions")
