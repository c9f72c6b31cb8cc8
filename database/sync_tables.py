"""The tables of bulk resyncs and of reading shops, beside those of `tables`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from database.tables import metadata


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _sync_id() -> Column[int]:
    return Column("sync_id", BigInteger, ForeignKey("syncs.id", ondelete="CASCADE"), primary_key=True)


COUNTS = ("seen", "new", "changed", "unchanged", "gone", "failed", "embedded", "reused", "tokens_spent")
"""What is counted, of each page and of the whole."""

shop_budgets = Table(
    "shop_budgets",
    metadata,
    Column(
        "store_id",
        BigInteger,
        ForeignKey("stores.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("next_at", DateTime(timezone=True), nullable=False, comment="when the shop may be asked again"),
    prefixes=["UNLOGGED"],
)

syncs = Table(
    "syncs",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("store_id", BigInteger, ForeignKey("stores.id", ondelete="CASCADE"), nullable=False),
    Column("workflow_id", Text, nullable=False),
    Column("run_id", Text, nullable=False, unique=True),
    Column("mode", Text, nullable=False),
    Column("dry_run", Boolean, nullable=False, server_default=text("false")),
    Column("allow_gone", Boolean, nullable=False, server_default=text("false")),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("shop_time", DateTime(timezone=True), comment="the shop's own time when it began"),
    Column("modified_after", DateTime(timezone=True), comment="what was asked for; null is everything"),
    Column("finished_at", DateTime(timezone=True)),
    Column("total", BigInteger, comment="how many products the shop says there are"),
    Column("saw_all", Boolean, comment="pages named as many as there are"),
    *(_count(name) for name in (*COUNTS, "tokens_saved")),
    Index("ix_syncs_store_newest", "store_id", "id"),
)

sync_pages = Table(
    "sync_pages",
    metadata,
    _sync_id(),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("external_ids", ARRAY(Text), nullable=False, server_default="{}", comment="all it named"),
    Column("wanted", ARRAY(Text), nullable=False, server_default="{}"),
    Column("taken_at", DateTime(timezone=True)),
    *(_count(name) for name in COUNTS),
)

sync_absent = Table(
    "sync_absent",
    metadata,
    _sync_id(),
    Column("product_id", BigInteger, primary_key=True, autoincrement=False),
)

sync_findings = Table(
    "sync_findings",
    metadata,
    _sync_id(),
    Column("external_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("detail", Text, nullable=False, server_default=""),
    Column("found_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
