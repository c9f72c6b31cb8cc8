"""Keys of products and variations, and the price range of products.

Python folds texts to keys, so workers fill the keys of existing rows, which lack `gtin` in their metadata:
`database.products.filling`. Rows that workers of the older version still write lack it, too.

The indexes are built without blocking writes, so no transaction surrounds them; the next attempt replaces
what an interrupted migration left behind.

Revision ID: 6a1c3e5f7b20
Revises: 5d9b2e7c4a18
"""

from alembic import op

revision = "6a1c3e5f7b20"
down_revision = "5d9b2e7c4a18"
branch_labels = None
depends_on = None

_TABLES = ("products", "product_variations")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS keys text[] NOT NULL DEFAULT '{{}}'")
    for column, which in (("min_price", "lowest"), ("max_price", "highest")):
        op.execute(f"ALTER TABLE products ADD COLUMN IF NOT EXISTS {column} numeric")
        op.execute(f"COMMENT ON COLUMN products.{column} IS '{which} of its variations'")
    with op.get_context().autocommit_block():
        for table in _TABLES:
            _index(f"ix_{table}_keys", f"{table} USING gin (keys)")
            _index(f"ix_{table}_unkeyed", f"{table} (id) WHERE NOT jsonb_exists(metadata, 'gtin')")


def _index(name: str, definition: str) -> None:
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {definition}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _TABLES:
        op.execute(f"DROP INDEX IF EXISTS ix_{table}_unkeyed")
        op.drop_column(table, "keys")
        op.execute(f"UPDATE {table} SET metadata = metadata - 'gtin' WHERE jsonb_exists(metadata, 'gtin')")
    op.execute("UPDATE product_variations SET metadata = metadata - '{brands,on_sale}'::text[]")
    for column in ("min_price", "max_price"):
        op.drop_column("products", column)
