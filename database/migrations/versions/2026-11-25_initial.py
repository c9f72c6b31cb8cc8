"""The first schema."""

import pgvector.sqlalchemy
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "22098ef66e45"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "login_failures",
        sa.Column("key", sa.Text(), nullable=False, comment="an account, an address, or both"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_failures")),
    )
    op.create_table(
        "totals",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", "label", name=op.f("pk_totals")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), server_default="", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("password_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("is_staff", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "stores",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), server_default="", nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("webhook_secret", sa.LargeBinary(), nullable=True, comment="encrypted"),
        sa.Column(
            "webhook_secret_before",
            sa.LargeBinary(),
            nullable=True,
            comment="encrypted; accepted for a while",
        ),
        sa.Column("webhook_secret_before_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "credentials",
            sa.LargeBinary(),
            nullable=True,
            comment="encrypted JSON; keys for reading the shop",
        ),
        sa.Column(
            "schedule",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="sync schedule; null is the default",
        ),
        sa.Column(
            "webhooks",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="state of its webhooks at the last check",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_stores_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stores")),
    )
    op.create_index(op.f("ix_stores_user_id"), "stores", ["user_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False, comment="what changed; may be a variation"),
        sa.Column(
            "product_key", sa.Text(), nullable=False, comment="external id of the product it belongs to"
        ),
        sa.Column(
            "payload", postgresql.JSON(astext_type=sa.Text()), nullable=True, comment="the product as sent"
        ),
        sa.Column("payload_trimmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "confirm",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="confirm with the shop first",
        ),
        sa.Column(
            "pulled_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the payload was read from the shop",
        ),
        sa.Column(
            "version",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the shop's time of change, if it sent one",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "burst_started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "is_pending",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="debouncing: its product was not saved yet",
        ),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("superseded_by", sa.Text(), nullable=True),
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column(
            "attempts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="run id -> start, end and status",
        ),
        sa.Column("redeliveries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("source_address", sa.Text(), server_default="", nullable=False),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("processing_time_ms", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_events_store_id_stores"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("store_id", "event_id", name=op.f("uq_events_store_id_event_id")),
    )
    op.create_index("ix_events_external_newest", "events", ["external_id", "received_at", "id"], unique=False)
    op.create_index(
        "ix_events_inbox",
        "events",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("status = 'received' AND run_id IS NULL"),
    )
    op.create_index("ix_events_newest", "events", ["received_at", "id"], unique=False)
    op.create_index(
        "ix_events_payloads",
        "events",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("payload IS NOT NULL AND status <> 'failed'"),
    )
    op.create_index(
        "ix_events_pending",
        "events",
        ["store_id", "product_key"],
        unique=False,
        postgresql_where=sa.text("is_pending"),
    )
    op.create_index("ix_events_status_newest", "events", ["status", "received_at", "id"], unique=False)
    op.create_index("ix_events_store_newest", "events", ["store_id", "received_at", "id"], unique=False)
    op.create_index(
        "ix_events_store_status_newest", "events", ["store_id", "status", "received_at", "id"], unique=False
    )
    op.create_index(
        "ix_events_subject", "events", ["store_id", "external_id", "version", "received_at"], unique=False
    )
    op.create_index("ix_events_type_newest", "events", ["event_type", "received_at", "id"], unique=False)
    op.create_index(
        "ix_events_unfinished",
        "events",
        ["id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "integration_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("preview", sa.Text(), nullable=False),
        sa.Column("integration_type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("allowed_ips", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("usage_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"],
            ["stores.id"],
            name=op.f("fk_integration_tokens_store_id_stores"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_integration_tokens_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration_tokens")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_integration_tokens_secret_hash")),
    )
    op.create_index(op.f("ix_integration_tokens_store_id"), "integration_tokens", ["store_id"], unique=False)
    op.create_index(op.f("ix_integration_tokens_user_id"), "integration_tokens", ["user_id"], unique=False)
    op.create_table(
        "product_variations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("parent_external_id", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("price", sa.Numeric(), nullable=True),
        sa.Column("stock_quantity", sa.Numeric(), nullable=True),
        sa.Column("in_stock", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.Column("image", sa.Text(), server_default="", nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"],
            ["stores.id"],
            name=op.f("fk_product_variations_store_id_stores"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_variations")),
        sa.UniqueConstraint(
            "store_id", "external_id", name=op.f("uq_product_variations_store_id_external_id")
        ),
    )
    op.create_index(
        op.f("ix_product_variations_store_id_parent_external_id"),
        "product_variations",
        ["store_id", "parent_external_id"],
        unique=False,
    )
    op.create_table(
        "products",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("external_source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("short_description", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("brands", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("price", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("stock_quantity", sa.Numeric(), nullable=True),
        sa.Column("in_stock", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.Column("image", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="publish, draft, private, … or deleted"),
        sa.Column("is_active", sa.Boolean(), nullable=False, comment="visible to search"),
        sa.Column(
            "variation_ids",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="ids of all variations, if the shop listed them",
        ),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="sku, prices, images, …",
        ),
        sa.Column(
            "version",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the shop's time of change, if it sent one",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "content_hash", sa.Text(), nullable=False, comment="hash of the text that should be indexed"
        ),
        sa.Column(
            "claimed_hash",
            sa.Text(),
            nullable=True,
            comment="content hash that an event claimed for indexing",
        ),
        sa.Column(
            "claimed_by", sa.BigInteger(), nullable=True, comment="the event that holds or held the claim"
        ),
        sa.Column(
            "listed_hash", sa.Text(), nullable=True, comment="fingerprint of its entry in the shop's list"
        ),
        sa.Column("knowledge_hash", sa.Text(), nullable=True, comment="hash of the text that is indexed"),
        sa.Column("knowledge_model", sa.Text(), nullable=True),
        sa.Column("knowledge_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_products_store_id_stores"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_products_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("store_id", "external_id", name=op.f("uq_products_store_id_external_id")),
    )
    op.create_index(
        "ix_products_unclaimed",
        "products",
        ["id"],
        unique=False,
        postgresql_where=sa.text("is_active AND claimed_hash IS DISTINCT FROM content_hash"),
    )
    op.create_index(
        op.f("ix_products_user_id_updated_at"), "products", ["user_id", "updated_at"], unique=False
    )
    op.create_table(
        "shop_budgets",
        sa.Column("store_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "next_at", sa.DateTime(timezone=True), nullable=False, comment="earliest time of the next request"
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_shop_budgets_store_id_stores"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_shop_budgets")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "syncs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("allow_gone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "shop_time", sa.DateTime(timezone=True), nullable=True, comment="the shop's clock at the start"
        ),
        sa.Column(
            "modified_after",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="lower bound; null compares everything",
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True, comment="number of products by the shop's count"),
        sa.Column(
            "saw_all", sa.Boolean(), nullable=True, comment="pages listed as many products as the shop counts"
        ),
        sa.Column("seen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("new", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("gone", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("embedded", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reused", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tokens_spent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tokens_saved", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_syncs_store_id_stores"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_syncs")),
        sa.UniqueConstraint("run_id", name=op.f("uq_syncs_run_id")),
    )
    op.create_index("ix_syncs_store_newest", "syncs", ["store_id", "id"], unique=False)
    op.create_table(
        "rate_limits",
        sa.Column("token_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "full_at", sa.DateTime(timezone=True), nullable=False, comment="when the token bucket is full"
        ),
        sa.ForeignKeyConstraint(
            ["token_id"],
            ["integration_tokens.id"],
            name=op.f("fk_rate_limits_token_id_integration_tokens"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_rate_limits")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "sync_missing",
        sa.Column("sync_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["sync_id"], ["syncs.id"], name=op.f("fk_sync_missing_sync_id_syncs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sync_id", "product_id", name=op.f("pk_sync_missing")),
    )
    op.create_table(
        "sync_findings",
        sa.Column("sync_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["sync_id"], ["syncs.id"], name=op.f("fk_sync_findings_sync_id_syncs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sync_id", "external_id", "kind", name=op.f("pk_sync_findings")),
    )
    op.create_table(
        "sync_pages",
        sa.Column("sync_id", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "external_ids",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="products on the page",
        ),
        sa.Column(
            "differing",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="products to apply",
        ),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("new", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("gone", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("embedded", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reused", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tokens_spent", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["sync_id"], ["syncs.id"], name=op.f("fk_sync_pages_sync_id_syncs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sync_id", "page", name=op.f("pk_sync_pages")),
    )
    op.create_table(
        "tenant_knowledge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False, comment="copied from the product"),
        sa.Column("store_id", sa.BigInteger(), nullable=False, comment="copied from the product"),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="generation of the chunk"),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column(
            "words",
            postgresql.TSVECTOR(),
            nullable=False,
            comment="normalised text with store and owner",
        ),
        sa.Column("embedding", pgvector.sqlalchemy.halfvec.HALFVEC(), nullable=True),
        sa.Column("is_live", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_tenant_knowledge_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant_knowledge")),
        sa.UniqueConstraint(
            "product_id",
            "content_hash",
            "model",
            "position",
            name=op.f("uq_tenant_knowledge_product_id_content_hash_model_position"),
        ),
    )
    op.create_index(
        op.f("ix_tenant_knowledge_product_id_text_hash_model"),
        "tenant_knowledge",
        ["product_id", "text_hash", "model"],
        unique=False,
    )
    op.create_index(
        "ix_tenant_knowledge_store_live",
        "tenant_knowledge",
        ["store_id"],
        unique=False,
        postgresql_where=sa.text("is_live"),
    )
    op.create_index(
        "ix_tenant_knowledge_user_live",
        "tenant_knowledge",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("is_live"),
    )
    op.create_index(
        "ix_tenant_knowledge_words",
        "tenant_knowledge",
        ["words"],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("is_live"),
    )
    op.execute("ALTER TABLE tenant_knowledge ALTER COLUMN embedding SET STORAGE PLAIN")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(
        "ix_tenant_knowledge_words",
        table_name="tenant_knowledge",
        postgresql_using="gin",
        postgresql_where=sa.text("is_live"),
    )
    op.drop_index(
        "ix_tenant_knowledge_user_live", table_name="tenant_knowledge", postgresql_where=sa.text("is_live")
    )
    op.drop_index(
        "ix_tenant_knowledge_store_live", table_name="tenant_knowledge", postgresql_where=sa.text("is_live")
    )
    op.drop_index(op.f("ix_tenant_knowledge_product_id_text_hash_model"), table_name="tenant_knowledge")
    op.drop_table("tenant_knowledge")
    op.drop_table("sync_pages")
    op.drop_table("sync_findings")
    op.drop_table("sync_missing")
    op.drop_table("rate_limits")
    op.drop_index("ix_syncs_store_newest", table_name="syncs")
    op.drop_table("syncs")
    op.drop_table("shop_budgets")
    op.drop_index(op.f("ix_products_user_id_updated_at"), table_name="products")
    op.drop_index(
        "ix_products_unclaimed",
        table_name="products",
        postgresql_where=sa.text("is_active AND claimed_hash IS DISTINCT FROM content_hash"),
    )
    op.drop_table("products")
    op.drop_index(op.f("ix_product_variations_store_id_parent_external_id"), table_name="product_variations")
    op.drop_table("product_variations")
    op.drop_index(op.f("ix_integration_tokens_user_id"), table_name="integration_tokens")
    op.drop_index(op.f("ix_integration_tokens_store_id"), table_name="integration_tokens")
    op.drop_table("integration_tokens")
    op.drop_index(
        "ix_events_unfinished", table_name="events", postgresql_where=sa.text("finished_at IS NULL")
    )
    op.drop_index("ix_events_type_newest", table_name="events")
    op.drop_index("ix_events_subject", table_name="events")
    op.drop_index("ix_events_store_status_newest", table_name="events")
    op.drop_index("ix_events_store_newest", table_name="events")
    op.drop_index("ix_events_status_newest", table_name="events")
    op.drop_index("ix_events_pending", table_name="events", postgresql_where=sa.text("is_pending"))
    op.drop_index(
        "ix_events_payloads",
        table_name="events",
        postgresql_where=sa.text("payload IS NOT NULL AND status <> 'failed'"),
    )
    op.drop_index("ix_events_newest", table_name="events")
    op.drop_index(
        "ix_events_inbox",
        table_name="events",
        postgresql_where=sa.text("status = 'received' AND run_id IS NULL"),
    )
    op.drop_index("ix_events_external_newest", table_name="events")
    op.drop_table("events")
    op.drop_index(op.f("ix_stores_user_id"), table_name="stores")
    op.drop_table("stores")
    op.drop_table("users")
    op.drop_table("totals")
    op.drop_table("login_failures")
