"""Index the texts of a page of products: embed them together, and write their chunks with the vectors."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.embedding_problems import MOST_NOTES, Problems
from activities.indexing import Indexer
from activities.metrics import Counters
from contracts.events import TextVersion
from contracts.metrics import Purpose, Usage
from contracts.search import Vector
from contracts.syncs import FindingKind, SyncCounts, SyncFinding
from database.chunks import bulk
from database.chunks.generations import ChunkRow, TextKey
from database.engine import Database
from database.leases import Lease, for_embedding, lease
from database.products import upsert as products
from database.usage import budgets, ledger
from database.usage.ledger import Account
from knowledge.content import Content


def _key(chunk: ChunkRow) -> TextKey:
    return chunk.product_id, chunk.text_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedPage:
    """What was embedded and reused, and findings about products with texts that were cut or left out."""

    counts: SyncCounts = field(default_factory=SyncCounts)
    findings: tuple[SyncFinding, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Pending:
    """Chunks that are not written yet, by their version, and which texts have a vector or cannot have one."""

    chunks: dict[TextVersion, list[ChunkRow]]
    vectorized: set[TextKey]
    refused: set[TextKey] = field(default_factory=set)
    known: set[TextVersion] = field(default_factory=set)

    def take(self) -> tuple[list[ChunkRow], list[TextVersion]]:
        """Returns the chunks that can be written, and the versions that lack none and have at least one."""
        ready, complete = [], []
        settled = self.vectorized | self.refused
        for version, chunks in list(self.chunks.items()):
            written = [chunk for chunk in chunks if _key(chunk) in self.vectorized]
            self.chunks[version] = [chunk for chunk in chunks if _key(chunk) not in settled]
            ready += written
            if written or not chunks:
                self.known.add(version)
            if not self.chunks[version]:
                del self.chunks[version]
                complete += [version] if version in self.known else []
        return ready, complete


class PageIndexer:
    """Indexes texts for which no event waits."""

    def __init__(self, database: Database, indexer: Indexer, counters: Counters) -> None:
        self._database = database
        self._indexer = indexer
        self._counters = counters
        self.model = indexer.model

    async def index(self, store_id: int, texts: Mapping[TextVersion, Content]) -> IndexedPage:
        """Embed texts without a vector and make all texts searchable.

        Vectors are written after each request, so a retry embeds only the rest. A product that another
        process embeds at the moment is left to the recovery of unindexed products. A text that cannot be
        embedded is left out; a product without any other stays as it was. Without tokens in the store's
        budget, texts that need any are left to the recovery too.
        """
        if not texts:
            return IndexedPage()
        rows = await self._indexer.rows_of_page(store_id, texts)
        keys = for_embedding([version.product_id for version in texts])
        async with lease(self._database, keys) as held:
            alone = {keys[key] for key in held.keys}
            ours = [version for version in texts if version.product_id in alone]
            async with self._database.reading() as connection:
                if others := sorted(set(keys.values()) - alone):
                    await products.release_claim(connection, others)
                embedded = await bulk.embedded_texts(connection, ours, self.model)
            vectorized = {(product, text) for product, hashes in embedded.items() for text in hashes}
            pending = {version: rows[version] for version in ours if version.product_id in embedded}
            await self._leave_over_budget(store_id, pending, vectorized)
            account = self._indexer.account(store_id, Purpose.SYNC)
            return await self._embed(held, _Pending(chunks=pending, vectorized=vectorized), account)

    async def _leave_over_budget(
        self, store_id: int, pending: dict[TextVersion, list[ChunkRow]], vectorized: Set[TextKey]
    ) -> None:
        """Leave texts that need a vector to the recovery if the store has spent its budget of tokens."""
        lacking = [
            version
            for version, chunks in pending.items()
            if any(_key(chunk) not in vectorized for chunk in chunks)
        ]
        if not lacking:
            return
        async with self._database.transaction() as connection:
            if not await budgets.has_spent(connection, store_id):
                return
            await products.release_claim(connection, [version.product_id for version in lacking])
        for version in lacking:
            del pending[version]

    async def _embed(self, held: Lease, pending: _Pending, account: Account) -> IndexedPage:
        chunks = {_key(chunk): chunk for of_version in pending.chunks.values() for chunk in of_version}
        missing = [chunk for key, chunk in chunks.items() if key not in pending.vectorized]
        reused, embedded, tokens = len(chunks) - len(missing), 0, 0
        tokens_of_all = sum(chunk.tokens for chunk in chunks.values())
        saved = tokens_of_all - sum(chunk.tokens for chunk in missing)
        self._counters.reused(account, reused, tokens=saved)
        if not missing:
            await self._upsert(held, pending, {}, {})
        problems: Problems[ChunkRow] = Problems()
        async for found in self._indexer.vectors(missing, problems):
            vectors = dict(zip(map(_key, found.texts), found.vectors, strict=True))
            await self._upsert(held, pending, vectors, {account: found.spent})
            embedded, tokens = embedded + len(found.texts), tokens + found.spent.tokens
        if problems.failed:
            pending.refused |= {_key(chunk) for chunk, _ in problems.failed}
            await self._upsert(held, pending, {}, {})
        counts = SyncCounts(embedded=embedded, reused=reused, tokens_spent=tokens)
        if not (problems.failed or problems.cut):
            return IndexedPage(counts=counts)
        async with self._database.reading() as connection:
            return IndexedPage(counts=counts, findings=await _findings(connection, problems))

    async def _upsert(
        self,
        held: Lease,
        pending: _Pending,
        vectors: Mapping[TextKey, Vector],
        used: Mapping[Account, Usage],
    ) -> None:
        """Write the pending chunks that have a vector, and publish the products that lack no chunk.

        What the vectors cost is added to the ledger.
        """
        pending.vectorized |= vectors.keys()
        ready, complete = pending.take()
        async with held.writing() as connection:
            await bulk.upsert_chunks(connection, self.model, ready, vectors, complete=complete)
            if used:
                await ledger.add(connection, used)


async def _findings(connection: AsyncConnection, problems: Problems[ChunkRow]) -> tuple[SyncFinding, ...]:
    """Returns one finding of each kind for each product that has texts with a problem."""
    kinds = {FindingKind.NOT_EMBEDDED: problems.failed, FindingKind.CUT: problems.cut}
    of_product: dict[tuple[int, FindingKind], list[str]] = {}
    for kind, found in kinds.items():
        for chunk, note in found:
            of_product.setdefault((chunk.product_id, kind), []).append(note)
    stored = await products.read(connection, sorted({product for product, _ in of_product}))
    return tuple(
        SyncFinding(external_id=row.product.external_id, kind=kind, detail=" ".join(notes[:MOST_NOTES]))
        for (product, kind), notes in of_product.items()
        if (row := stored.get(product)) and row.product
    )
