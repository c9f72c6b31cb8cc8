"""The tables. `migrations/` creates them, and a test compares both with `alembic check`."""

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    UUID,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB, TSVECTOR

from contracts.events import EventStatus
from database.sql import literal

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _moment(name: str, *, required: bool = False) -> Column[object]:
    return Column(
        name, DateTime(timezone=True), nullable=not required, server_default=func.now() if required else None
    )


def _words(name: str) -> Column[object]:
    return Column(name, ARRAY(Text), nullable=False, server_default="{}")


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _flag(name: str, *, default: bool) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("true" if default else "false"))


def _owner(name: str, target: str) -> Column[int]:
    return Column(name, BigInteger, ForeignKey(target, ondelete="CASCADE"), nullable=False)


users = Table(
    "users",
    metadata,
    _id(),
    Column("email", Text, nullable=False, unique=True),
    _text("username"),
    Column("password_hash", Text, nullable=False),
    _moment("password_at", required=True),
    _flag("is_staff", default=False),
    _flag("is_active", default=True),
    _moment("created_at", required=True),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("key", Text, primary_key=True, comment="an account, an address, or both"),
    Column("failures", Integer, nullable=False),
    _moment("last_at", required=True),
    Column("blocked_until", DateTime(timezone=True), nullable=False),
    Index(None, "last_at"),
)

stores = Table(
    "stores",
    metadata,
    _id(),
    _owner("user_id", "users.id"),
    Column("type", Text, nullable=False),
    Column("name", Text, nullable=False),
    _text("base_url"),
    Column("currency", Text),
    Column("webhook_secret", LargeBinary, comment="encrypted"),
    Column("webhook_secret_before", LargeBinary, comment="encrypted; accepted for a while"),
    _moment("webhook_secret_before_until"),
    Column("credentials", LargeBinary, comment="encrypted JSON; keys for reading the shop"),
    Column("schedule", JSONB, comment="sync schedule; null is the default"),
    Column("webhooks", JSONB, comment="state of its webhooks at the last check"),
    Column("plugin", JSONB, comment="what our plugin said last: state, version and time"),
    Column(
        "require_signature",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="refuse deliveries with a token and no signature",
    ),
    Column(
        "assistant_access",
        Text,
        nullable=False,
        server_default="token",
        comment="who may read the catalogue by the assistants' doors: token, public or off",
    ),
    Column(
        "keeps_questions",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="whether the questions of searches are counted",
    ),
    Column("budget_day_tokens", BigInteger, comment="tokens of embedding a day in UTC; null is any number"),
    Column("budget_month_tokens", BigInteger, comment="the same, a month"),
    _moment("created_at", required=True),
    _moment("updated_at", required=True),
    Index(None, "user_id"),
)

integration_tokens = Table(
    "integration_tokens",
    metadata,
    _id(),
    _owner("user_id", "users.id"),
    _owner("store_id", "stores.id"),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("preview", Text, nullable=False),
    Column("integration_type", Text, nullable=False),
    Column("name", Text, nullable=False),
    _flag("is_active", default=True),
    _moment("expires_at"),
    _words("allowed_ips"),
    _moment("last_used_at"),
    Column("usage_count", BigInteger, nullable=False, server_default="0"),
    _moment("created_at", required=True),
    Index(None, "user_id"),
    Index(None, "store_id"),
)

console_sessions = Table(
    "console_sessions",
    metadata,
    _id(),
    _owner("user_id", "users.id"),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column(
        "password_at",
        DateTime(timezone=True),
        nullable=False,
        comment="when the password was set that opened it",
    ),
    _text("address"),
    _text("user_agent"),
    _moment("created_at", required=True),
    _moment("seen_at", required=True),
    Index(None, "user_id"),
)

questions = Table(
    "questions",
    metadata,
    Column(
        "store_id",
        BigInteger,
        ForeignKey("stores.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("text", Text(collation="C"), primary_key=True, comment="in one spelling, cut"),
    Column("day", Date, primary_key=True, comment="in UTC"),
    Column("asked", BigInteger, nullable=False),
    Column("unanswered", BigInteger, nullable=False, comment="of low confidence, or no result"),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("last_total", BigInteger, nullable=False, comment="results of the last one"),
    Index(None, "day"),
)

embedding_usage = Table(
    "embedding_usage",
    metadata,
    Column(
        "store_id",
        BigInteger,
        ForeignKey("stores.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("day", Date, primary_key=True, comment="in UTC"),
    Column("model", Text(collation="C"), primary_key=True),
    Column(
        "purpose",
        Text(collation="C"),
        primary_key=True,
        comment="of the texts: event, sync or question",
    ),
    Column("calls", BigInteger, nullable=False, comment="requests that were answered with vectors"),
    Column("texts", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("estimated", BigInteger, nullable=False, comment="tokens that the server did not name"),
    Column("saved_texts", BigInteger, nullable=False, comment="their vectors were there"),
    Column("saved_tokens", BigInteger, nullable=False),
    Index(None, "day"),
)

rate_limits = Table(
    "rate_limits",
    metadata,
    Column(
        "token_id",
        BigInteger,
        ForeignKey("integration_tokens.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column(
        "full_at",
        DateTime(timezone=True),
        nullable=False,
        comment="when the token bucket is full",
    ),
    prefixes=["UNLOGGED"],
)

user_rate_limits = Table(
    "user_rate_limits",
    metadata,
    Column(
        "user_id",
        BigInteger,
        ForeignKey("users.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column(
        "full_at",
        DateTime(timezone=True),
        nullable=False,
        comment="when the token bucket is full",
    ),
    prefixes=["UNLOGGED"],
)

events = Table(
    "events",
    metadata,
    _id(),
    _owner("store_id", "stores.id"),
    Column("event_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("external_id", Text, nullable=False, comment="what changed; may be a variation"),
    Column("product_key", Text, nullable=False, comment="external id of the product it belongs to"),
    Column("payload", JSON, comment="the product as sent"),
    _moment("payload_trimmed_at"),
    Column(
        "confirm",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="confirm with the shop first",
    ),
    Column("pulled_at", DateTime(timezone=True), comment="when the payload was read from the shop"),
    Column(
        "is_bulk",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="of a batch: runs behind single changes",
    ),
    Column("version", DateTime(timezone=True), comment="the shop's time of change, if it sent one"),
    _moment("received_at", required=True),
    _moment("burst_started_at", required=True),
    Column("status", Text, nullable=False),
    Column(
        "is_pending",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="debouncing: its product was not saved yet",
    ),
    _text("reason"),
    Column("notes", ARRAY(Text), comment="what was cut or left out; null takes no room"),
    Column("superseded_by", Text),
    Column("workflow_id", Text, nullable=False),
    Column("run_id", Text),
    Column("attempts", JSONB, nullable=False, server_default="{}", comment="run id -> start, end and status"),
    Column("redeliveries", Integer, nullable=False, server_default="0"),
    Column("source_address", Text, nullable=False, server_default=""),
    Column("user_agent", Text, nullable=False, server_default=""),
    _moment("finished_at"),
    Column("processing_time_ms", Integer),
    UniqueConstraint("store_id", "event_id"),
    Index("ix_events_newest", "received_at", "id"),
    Index("ix_events_store_newest", "store_id", "received_at", "id"),
    Index("ix_events_status_newest", "status", "received_at", "id"),
    Index("ix_events_store_status_newest", "store_id", "status", "received_at", "id"),
    Index("ix_events_type_newest", "event_type", "received_at", "id"),
    Index("ix_events_external_newest", "external_id", "received_at", "id"),
    Index("ix_events_subject", "store_id", "external_id", "version", "received_at"),
    Index("ix_events_pending", "store_id", "product_key", postgresql_where=text("is_pending")),
    Index(
        "ix_events_payloads",
        "finished_at",
        postgresql_where=text(f"payload IS NOT NULL AND status <> {literal(EventStatus.FAILED)}"),
    ),
    Index("ix_events_unfinished", "id", postgresql_where=text("finished_at IS NULL")),
    Index(
        "ix_events_turns",
        "is_bulk",
        "store_id",
        "received_at",
        postgresql_where=text(f"status = {literal(EventStatus.RECEIVED)} AND run_id IS NULL"),
    ),
)

retries = Table(
    "retries",
    metadata,
    _id(),
    Column("user_id", BigInteger, ForeignKey("users.id", ondelete="SET NULL"), comment="who asked for it"),
    Column("store_id", BigInteger, ForeignKey("stores.id", ondelete="CASCADE"), comment="null is all stores"),
    Column("filters", JSONB, nullable=False),
    Column("found", BigInteger, nullable=False, comment="failed events when it began"),
    Column("position", Text, comment="where it goes on; null is the beginning"),
    _moment("began_at", required=True),
    Column("ended_at", DateTime(timezone=True), comment="when the last event was started"),
    Index("ix_retries_store_newest", "store_id", "id"),
    Index(None, "user_id"),
)

retried_events = Table(
    "retried_events",
    metadata,
    Column(
        "retry_id",
        BigInteger,
        ForeignKey("retries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False, comment="its row"),
    _moment("started_at", required=True),
)
"""Without a foreign key to events: the removal of a store would look up each of its events here."""

storage_checks = Table(
    "storage_checks",
    metadata,
    _moment("checked_at", required=True),
    Column("filler", Text, nullable=False, comment="fills the free part of a page"),
    postgresql_with={"fillfactor": 10},
)

totals = Table(
    "totals",
    metadata,
    Column("name", Text, primary_key=True),
    Column("label", Text, primary_key=True, server_default=""),
    Column("value", Double, nullable=False),
)

products = Table(
    "products",
    metadata,
    _id(),
    _owner("user_id", "users.id"),
    _owner("store_id", "stores.id"),
    Column("external_source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    _text("short_description"),
    _text("description"),
    _text("category"),
    _words("categories"),
    _words("tags"),
    _words("brands"),
    Column("attributes", JSONB, nullable=False, server_default="[]"),
    Column("price", Numeric),
    Column("min_price", Numeric, comment="lowest of its variations"),
    Column("max_price", Numeric, comment="highest of its variations"),
    Column("currency", Text, nullable=False),
    Column("stock_quantity", Numeric),
    _flag("in_stock", default=True),
    _flag("backorder", default=False),
    _text("link"),
    _text("image"),
    Column("status", Text, nullable=False, comment="publish, draft, private, … or deleted"),
    Column("is_active", Boolean, nullable=False, comment="visible to search"),
    Column("variation_ids", ARRAY(Text), comment="ids of all variations, if the shop listed them"),
    Column("metadata", JSONB, nullable=False, server_default="{}", comment="sku, prices, images, …"),
    _words("keys"),
    Column("version", DateTime(timezone=True), comment="the shop's time of change, if it sent one"),
    _moment("received_at", required=True),
    Column("content_hash", Text, nullable=False, comment="hash of the text that should be indexed"),
    Column("claimed_hash", Text, comment="content hash that an event claimed for indexing"),
    Column("claimed_by", BigInteger, comment="the event that holds or held the claim"),
    Column("listed_hash", Text, comment="fingerprint of its entry in the shop's list"),
    Column("knowledge_hash", Text, comment="hash of the text that is indexed"),
    Column("knowledge_model", Text),
    _moment("knowledge_at"),
    _moment("created_at", required=True),
    _moment("updated_at", required=True),
    UniqueConstraint("store_id", "external_id"),
    Index(None, "user_id", "updated_at"),
    Index("ix_products_keys", "keys", postgresql_using="gin"),
    Index("ix_products_unkeyed", "id", postgresql_where=text("NOT jsonb_exists(metadata, 'gtin')")),
    Index(
        "ix_products_unclaimed",
        "id",
        postgresql_where=text("is_active AND claimed_hash IS DISTINCT FROM content_hash"),
    ),
)

product_variations = Table(
    "product_variations",
    metadata,
    _id(),
    _owner("store_id", "stores.id"),
    Column("external_id", Text, nullable=False),
    Column("parent_external_id", Text, nullable=False),
    Column("options", JSONB, nullable=False, server_default="[]"),
    _text("description"),
    Column("price", Numeric),
    Column("stock_quantity", Numeric),
    _flag("in_stock", default=True),
    _flag("backorder", default=False),
    _text("link"),
    _text("image"),
    Column("metadata", JSONB, nullable=False, server_default="{}"),
    _words("keys"),
    _flag("is_active", default=True),
    Column("version", DateTime(timezone=True)),
    _moment("received_at", required=True),
    UniqueConstraint("store_id", "external_id"),
    Index(None, "store_id", "parent_external_id"),
    Index("ix_product_variations_keys", "keys", postgresql_using="gin"),
    Index(
        "ix_product_variations_unkeyed",
        "id",
        postgresql_where=text("NOT jsonb_exists(metadata, 'gtin')"),
    ),
)


tenant_knowledge = Table(
    "tenant_knowledge",
    metadata,
    _id(),
    Column("user_id", BigInteger, nullable=False, comment="copied from the product"),
    Column("store_id", BigInteger, nullable=False, comment="copied from the product"),
    _owner("product_id", "products.id"),
    Column("content_hash", Text, nullable=False, comment="generation of the chunk"),
    Column("model", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_hash", Text, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("words", TSVECTOR, nullable=False, comment="normalised text with store and owner"),
    Column("embedding", HALFVEC),
    _flag("is_live", default=False),
    _moment("created_at", required=True),
    UniqueConstraint("product_id", "content_hash", "model", "position"),
    Index(None, "product_id", "text_hash", "model"),
    Index("ix_tenant_knowledge_store_live", "store_id", postgresql_where=text("is_live")),
    Index("ix_tenant_knowledge_user_live", "user_id", postgresql_where=text("is_live")),
    Index(
        "ix_tenant_knowledge_words",
        "words",
        postgresql_using="gin",
        postgresql_where=text("is_live"),
    ),
)

_VACUUMED_OFTEN = {"autovacuum_vacuum_scale_factor": 0.02, "autovacuum_vacuum_insert_scale_factor": 0.02}
"""Pages that were vacuumed are read from the index alone."""

compact_vectors = Table(
    "compact_vectors",
    metadata,
    Column("store_id", BigInteger, nullable=False),
    Column("model", Text(collation="C"), nullable=False),
    Column("place", Integer, nullable=False, comment="a hash, so that the first are a sample"),
    Column("product_id", BigInteger, nullable=False),
    Column("chunk_id", BigInteger, nullable=False),
    Column("vector", HALFVEC, nullable=False),
    PrimaryKeyConstraint(
        "store_id", "model", "place", "product_id", "chunk_id", postgresql_include=["vector"]
    ),
    postgresql_with=_VACUUMED_OFTEN,
)
"""Of each live chunk of an active product; triggers of the migration write it, and nothing else does."""


vocabulary = Table(
    "vocabulary",
    metadata,
    Column("store_id", BigInteger, ForeignKey("stores.id", ondelete="CASCADE"), primary_key=True),
    Column("word", Text(collation="C"), primary_key=True),
    Column("sound", Text, nullable=False, comment="its consonants; empty if there are too few"),
    Column("parts", ARRAY(BigInteger), nullable=False, comment="hashes of it without one or two letters"),
    Column("checked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_vocabulary_sound", "store_id", "sound", postgresql_where=text("sound <> ''")),
    Index("ix_vocabulary_parts", "parts", postgresql_using="gin"),
    Index("ix_vocabulary_checked", "checked_at"),
)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _sync_id() -> Column[int]:
    return Column("sync_id", BigInteger, ForeignKey("syncs.id", ondelete="CASCADE"), primary_key=True)


COUNTS = ("seen", "new", "changed", "unchanged", "gone", "failed", "embedded", "reused", "tokens_spent")
"""The counts of each page and of the whole sync."""

shop_categories = Table(
    "shop_categories",
    metadata,
    Column("store_id", BigInteger, ForeignKey("stores.id", ondelete="CASCADE"), primary_key=True),
    Column("id", BigInteger, primary_key=True, comment="the category's number in the shop"),
    Column("parent", BigInteger, nullable=False, comment="0 for none"),
    Column("name", Text, nullable=False),
)

synonyms = Table(
    "synonyms",
    metadata,
    Column("store_id", BigInteger, ForeignKey("stores.id", ondelete="CASCADE"), primary_key=True),
    Column("groups", JSONB, nullable=False, comment="lists of phrases that mean the same"),
    Column("version", UUID, nullable=False, comment="a new one with each change"),
    _moment("updated_at", required=True),
)

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
    Column("next_at", DateTime(timezone=True), nullable=False, comment="earliest time of the next request"),
    Column("failures", Integer, nullable=False, server_default="0", comment="visits that failed in a row"),
    Column("failing_since", DateTime(timezone=True)),
    Column("probe_at", DateTime(timezone=True), comment="earliest time of the next visit of a failing shop"),
    Column("reason", Text, nullable=False, server_default="", comment="of the last failure"),
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
    Column("shop_time", DateTime(timezone=True), comment="the shop's clock at the start"),
    Column("modified_after", DateTime(timezone=True), comment="lower bound; null compares everything"),
    Column("finished_at", DateTime(timezone=True)),
    Column("total", BigInteger, comment="number of products by the shop's count"),
    Column("saw_all", Boolean, comment="pages listed as many products as the shop counts"),
    *(_count(name) for name in (*COUNTS, "tokens_saved")),
    Index("ix_syncs_store_newest", "store_id", "id"),
)

leases = Table(
    "leases",
    metadata,
    Column("key", Text, primary_key=True, comment="what only one process at a time works on"),
    Column("holder", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)
"""Unlogged: after a crash of Postgres there are no leases, and their holders notice it before they write."""

sync_pages = Table(
    "sync_pages",
    metadata,
    _sync_id(),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("external_ids", ARRAY(Text), nullable=False, server_default="{}", comment="products on the page"),
    Column("differing", ARRAY(Text), nullable=False, server_default="{}", comment="products to apply"),
    Column("applied_at", DateTime(timezone=True)),
    *(_count(name) for name in COUNTS),
)

sync_missing = Table(
    "sync_missing",
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
