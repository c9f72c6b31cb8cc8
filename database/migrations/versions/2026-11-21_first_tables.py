"""The first tables."""

import pgvector.sqlalchemy
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "5ba8b639f217"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), server_default="", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
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
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
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
        sa.Column(
            "version",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the shop's time of change, where it told one",
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
            comment="its product was not looked at yet",
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
            comment="run id -> how it went",
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
    op.create_index(
        "ix_events_inbox",
        "events",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("status = 'received' AND run_id IS NULL"),
    )
    op.create_index(
        "ix_events_pending",
        "events",
        ["store_id", "product_key"],
        unique=False,
        postgresql_where=sa.text("is_pending"),
    )
    op.create_index(
        "ix_events_thing", "events", ["store_id", "external_id", "version", "received_at"], unique=False
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
        sa.Column("is_active", sa.Boolean(), nullable=False, comment="may be found"),
        sa.Column(
            "variation_ids",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="all that exist, where the shop said so",
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
            comment="the shop's time of change, where it told one",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="of the text that should be known"),
        sa.Column("taken_hash", sa.Text(), nullable=True, comment="of the text an event took on to embed"),
        sa.Column("knowledge_hash", sa.Text(), nullable=True, comment="of the text that is known"),
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
        op.f("ix_products_user_id_updated_at"), "products", ["user_id", "updated_at"], unique=False
    )
    op.create_table(
        "tenant_knowledge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="the generation it belongs to"),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column(
            "words",
            postgresql.TSVECTOR(),
            nullable=False,
            comment="folded text and its store and owner, for full text",
        ),
        sa.Column("embedding", pgvector.sqlalchemy.HALFVEC(), nullable=True),
        sa.Column("is_live", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_tenant_knowledge_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_tenant_knowledge_store_id_stores"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_tenant_knowledge_user_id_users"), ondelete="CASCADE"
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
    # A halfvec fits into its row; out of line, every distance would cost one more read.
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
    op.drop_index(op.f("ix_products_user_id_updated_at"), table_name="products")
    op.drop_table("products")
    op.drop_index(op.f("ix_product_variations_store_id_parent_external_id"), table_name="product_variations")
    op.drop_table("product_variations")
    op.drop_index(op.f("ix_integration_tokens_user_id"), table_name="integration_tokens")
    op.drop_index(op.f("ix_integration_tokens_store_id"), table_name="integration_tokens")
    op.drop_table("integration_tokens")
    op.drop_index("ix_events_thing", table_name="events")
    op.drop_index("ix_events_pending", table_name="events", postgresql_where=sa.text("is_pending"))
    op.drop_index(
        "ix_events_inbox",
        table_name="events",
        postgresql_where=sa.text("status = 'received' AND run_id IS NULL"),
    )
    op.drop_table("events")
    op.drop_index(op.f("ix_stores_user_id"), table_name="stores")
    op.drop_table("stores")
    op.drop_table("users")
