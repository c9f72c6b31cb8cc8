"""Stage the text of an event: write its chunks, and find out what is left to embed."""

from collections.abc import Sequence
from dataclasses import dataclass

from activities.indexing import Indexer
from activities.metrics import Counters
from activities.this_workflow import workflow_id
from contracts.bounds import CHUNKS
from contracts.errors import RowGone
from contracts.events import TextVersion
from contracts.metrics import Purpose
from database.chunks import staging
from database.chunks.generations import ChunkRow, MissingVector
from database.engine import Database
from database.events import write as events
from database.leases import Taken, for_embedding, take
from database.products import upsert as products
from database.usage.ledger import Account

CUT_TEXT = f"text: only the first {CHUNKS:,} chunks were indexed."


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedText:
    """The texts of a product that have no vector yet, and where embedding them is counted.

    `taken` is the product's lease, if the caller asked for it; it has no key while another event embeds the
    product. A text `is_over_budget` if it needs vectors and its store may spend no tokens: it is then left to
    the recovery, and there is no lease.
    """

    missing: tuple[MissingVector, ...]
    account: Account
    taken: Taken | None = None
    is_over_budget: bool = False


class Stager:
    """Stages texts, in one transaction each."""

    def __init__(self, database: Database, embedding: Indexer, totals: Counters) -> None:
        self._database = database
        self._embedding = embedding
        self._totals = totals

    async def stage_stored(self, version: TextVersion, *, to_embed: bool = False) -> StagedText | None:
        """Stage a text that is read from its product; None if it is outdated. See `stage`."""
        async with self._database.reading() as connection:
            stored = await products.read(connection, [version.product_id])
        product = stored.get(version.product_id)
        if product is None or product.content_hash != version.content_hash:
            return None
        return await self.stage(version, await self._embedding.rows(version, product), to_embed=to_embed)

    async def stage(
        self, version: TextVersion, rows: Sequence[ChunkRow], *, to_embed: bool = False
    ) -> StagedText | None:
        """Stage the chunks of a text; None if it is outdated. With `to_embed`, its product's lease is taken.

        The lease is taken before vectors are looked for: what another event has embedded until then is found.
        Raises RowGone.
        """
        async with self._database.transaction() as connection:
            opened = await staging.open_text(connection, version, workflow_id=workflow_id())
            if opened is None or not opened.is_current:
                return None
            if not opened.is_ours:
                raise RowGone
            takes_lease = to_embed and not opened.has_spent_budget
            keys = for_embedding([version.product_id])
            taken = await take(connection, keys) if takes_lease else None
            staged = await self._embedding.stage(connection, opened.store_id, version, rows)
            if len(rows) >= CHUNKS:
                await events.add_notes(connection, version.event_row, [CUT_TEXT])
            is_over_budget = opened.has_spent_budget and bool(staged.missing)
            if is_over_budget:
                await products.release_claim(connection, [version.product_id])
        account = self._embedding.account(opened.store_id, Purpose.EVENT)
        if not is_over_budget:
            self._totals.reused(account, staged.reused, tokens=staged.reused_tokens)
        return StagedText(missing=staged.missing, account=account, taken=taken, is_over_budget=is_over_budget)
