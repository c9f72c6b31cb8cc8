"""Index texts: chunks, vectors, publishing; shared by events and syncs."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.embedding import TextEmbedder, Vectors
from activities.embedding_problems import Problems, Text
from activities.errors import application_error
from activities.metrics import Counters
from activities.reading import page_of, reading_errors
from activities.retry_limits import attempt
from compute import Compute
from contracts.catalog import Product, Variation
from contracts.events import TextVersion
from contracts.ids import embedding_label
from contracts.metrics import Purpose
from contracts.retry import Failure, Retry
from database.chunks import generations, staging
from database.chunks.generations import NONE_FILLED, ChunkRow, Filled, MissingVector
from database.chunks.staging import Staged
from database.events import write as events
from database.leases import Lease
from database.products.upsert import StoredProduct
from database.usage import ledger
from database.usage.ledger import Account
from embeddings.base import Embedder
from knowledge.chunks import CHUNK_TOKENS, split
from knowledge.content import Content, canonical, size_of
from knowledge.document import render
from knowledge.search.forms import indexed, vocabulary


def chunk_rows(version: TextVersion, content: Content, *, max_tokens: int = CHUNK_TOKENS) -> list[ChunkRow]:
    """Returns the rows of a text's chunks, each of at most so many estimated tokens."""
    return [
        ChunkRow(
            product_id=version.product_id,
            content_hash=version.content_hash,
            position=chunk.position,
            text=chunk.text,
            text_hash=chunk.text_hash,
            tokens=chunk.tokens,
            words=" ".join(indexed(chunk.text, content.title)),
            spelt=tuple(sorted(vocabulary(chunk.text))),
        )
        for chunk in split(render(content), max_tokens=max_tokens)
    ]


def rows_of_texts(
    texts: Mapping[TextVersion, Content], max_tokens: int = CHUNK_TOKENS
) -> dict[TextVersion, list[ChunkRow]]:
    """Returns the rows of the chunks of several texts."""
    return {
        version: chunk_rows(version, content, max_tokens=max_tokens) for version, content in texts.items()
    }


def _rows_of_product(
    version: TextVersion, product: Product, variations: Sequence[Variation], max_tokens: int
) -> list[ChunkRow]:
    return chunk_rows(version, canonical(product, variations), max_tokens=max_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The vectors that a request brought, where its cost is counted, and what people should know about it."""

    found: Vectors[MissingVector]
    account: Account
    notes: Sequence[str]

    @property
    def filled(self) -> Filled:
        return self.found.texts, self.found.vectors


async def account_for(connection: AsyncConnection, version: TextVersion, answer: Answer) -> None:
    """Note on the event which texts were cut, and add the cost to the ledger: last in a transaction."""
    await _note(connection, version, answer.notes)
    await ledger.add(connection, {answer.account: answer.found.spent})


async def _note(connection: AsyncConnection, version: TextVersion, notes: Sequence[str]) -> None:
    """Note on the event which texts were cut or left out."""
    if version.event_row and notes:
        await events.add_notes(connection, version.event_row, notes)


class Indexer:
    """The three steps that index the text of an event."""

    def __init__(self, embedder: Embedder, compute: Compute, totals: Counters) -> None:
        self._compute = compute
        self._texts = TextEmbedder(embedder, totals)
        self._chunk_tokens = embedder.limits.text_tokens or CHUNK_TOKENS
        self.model = embedding_label(embedder.model, embedder.dimensions, embedder.variant)
        self.failure = embedder.failure

    async def rows(self, version: TextVersion, stored: StoredProduct) -> list[ChunkRow]:
        """Returns the chunks of a stored product's text."""
        assert stored.product  # noqa: S101 - it was read by its id
        size = size_of(stored.product, stored.variations)
        with reading_errors():
            return await self._compute.run(
                _rows_of_product,
                *(version, stored.product, stored.variations, self._chunk_tokens),
                size=size,
                key=stored.store_id,
            )

    async def rows_of_content(self, store_id: int, version: TextVersion, content: Content) -> list[ChunkRow]:
        """Returns the chunks of a text, made of its content."""
        with reading_errors():
            rows = await self._compute.run(
                rows_of_texts, {version: content}, self._chunk_tokens, size=content.size, key=store_id
            )
        return rows[version]

    async def rows_of_page(
        self, store_id: int, texts: Mapping[TextVersion, Content]
    ) -> dict[TextVersion, list[ChunkRow]]:
        """Returns the chunks of the texts of a page of products."""
        size = sum(content.size for content in texts.values())
        with reading_errors():
            return await self._compute.run(
                rows_of_texts, texts, self._chunk_tokens, size=size, key=page_of(store_id)
            )

    async def stage(
        self, connection: AsyncConnection, store_id: int, version: TextVersion, rows: Sequence[ChunkRow]
    ) -> Staged:
        """Stage the chunks of a text; see `staging.stage`."""
        return await staging.stage(connection, store_id, version, self.model, rows)

    def account(self, store_id: int, purpose: Purpose) -> Account:
        """Returns where the usage of a store's texts is counted."""
        return Account(store_id=store_id, model=self.model, purpose=purpose)

    async def embed(self, held: Lease, version: TextVersion) -> None:
        """Embed the chunks that have no vector.

        Vectors are stored after each request, so that a retry embeds only the rest. A chunk that cannot be
        embedded is left out, and the event notes it. Raises an ApplicationError if no chunk can be embedded.
        """
        async with held.writing() as connection:
            missing = await generations.missing_vectors(connection, [version], self.model)
        last = await self.embed_until_last(held, version, missing)
        if last is not None:
            await self.keep(held, version, last)

    async def embed_until_last(
        self, held: Lease, version: TextVersion, missing: Sequence[MissingVector]
    ) -> Answer | None:
        """Embed texts; returns the answer that completes them, which the caller stores. See `embed`.

        All answers are stored, and the result is None, if a text is left out.
        """
        problems: Problems[MissingVector] = Problems()
        last, left = None, len(missing)
        async for found in self.vectors(missing, problems):
            left -= len(found.texts)
            account = self.account(missing[0].store_id, Purpose.EVENT)
            answer = Answer(found=found, account=account, notes=problems.notes())
            if left:
                await self.keep(held, version, answer)
            else:
                last = answer
        if problems.failed:
            failed = [text for text, _ in problems.failed]
            async with held.writing() as connection:
                if not await generations.leave_out(connection, version, self.model, failed):
                    raise application_error(Failure(retry=Retry.FATAL, reason=problems.reason()))
                await _note(connection, version, problems.notes())
        return last

    async def keep(self, held: Lease, version: TextVersion, answer: Answer) -> None:
        """Store the vectors of an answer in chunks that are not live yet."""
        async with held.writing() as connection:
            await generations.fill_vectors(connection, self.model, answer.filled)
            await account_for(connection, version, answer)

    async def publish(
        self, connection: AsyncConnection, version: TextVersion, last: Answer | None = None
    ) -> float | None:
        """Publish a staged text, with the vectors of the last answer if there is one.

        Returns the seconds since its change; None if the text is outdated, and then the vectors are stored
        without it. See `generations.publish`. `account_for` comes after it, at the end of the transaction.
        """
        filled = last.filled if last else NONE_FILLED
        published = await generations.publish(connection, [version], self.model, filled)
        if last and not published:
            await generations.fill_vectors(connection, self.model, filled)
        return published.get(version.product_id)

    def vectors(self, texts: Sequence[Text], problems: Problems[Text]) -> AsyncIterator[Vectors[Text]]:
        """Yields texts and their vectors, request by request; see `TextEmbedder.vectors`."""
        return self._texts.vectors(texts, problems, attempt=attempt())
