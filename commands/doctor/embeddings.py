"""The check of the embeddings API."""

import asyncio

from commands.doctor.result import CheckResult
from contracts.errors import WrongDimensions
from contracts.retry import Retry
from contracts.search import numbers
from embeddings.description import Kind, described
from embeddings.registry import SETTINGS, create_embedder, is_configured
from settings import Settings

EMBED_WITHIN = 15.0
"""Seconds the embedding service may take to answer."""

LONGEST_CAUSE = 200

REFUSED = (
    f"Check {SETTINGS}, and PILITO_EMBEDDING_MODEL; docs/reference/embedding-servers.md has the settings."
)
OTHER_LENGTH = (
    "Set PILITO_EMBEDDING_DIMENSIONS to the number that the model answers, and run `pilito migrate`; or let"
    " the model shorten its vectors with PILITO_EMBEDDING_SEND_DIMENSIONS=always."
)
UNREACHED = (
    "Check OPENAI_BASE_URL, that this machine reaches it, and HTTPS_PROXY or ALL_PROXY where one is set."
    " Events are retried."
)

HOW: dict[Kind, str] = {
    "service": "",
    "e5": " on the local server of `pilito up`, which compares meanings,",
    "lexical": " on the local server of `pilito up`, which compares words, not meanings,",
}


async def check_embeddings(settings: Settings) -> CheckResult:
    """Returns whether the API embeds a text."""
    if not is_configured(settings):
        return CheckResult(subject="Embeddings", said="neither key nor address", advice=f"Set {SETTINGS}.")
    try:
        embedder = create_embedder(settings)
    except SystemExit as error:
        said, _, advice = str(error).partition(": ")
        return CheckResult(subject="Embeddings", said=said, advice=advice)
    try:
        async with asyncio.timeout(EMBED_WITHIN):
            answered = await embedder.embed_query("ping")
    except embedder.errors as error:
        failure = embedder.failure(error)
        advice = {Retry.RETRY: UNREACHED, Retry.BLOCKED: REFUSED, Retry.FATAL: REFUSED}[failure.retry]
        if isinstance(error, WrongDimensions):
            advice = OTHER_LENGTH
        said = failure.reason
        if failure.retry is Retry.RETRY:
            said += f" {embedder.place}: {_cause(error)}"
        return CheckResult(subject="Embeddings", said=said, advice=advice)
    finally:
        await embedder.close()
    found, length = described(embedder), len(numbers(answered.vector))
    return CheckResult(
        subject="Embeddings", said=f"{found.model}{HOW[found.kind]} answers {length} numbers, as configured"
    )


def _cause(error: BaseException) -> str:
    """Returns what the system said that caused an error of a client, in one line."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(said.split())[:LONGEST_CAUSE] or type(error).__name__
