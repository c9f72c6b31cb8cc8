"""Keep short copies of the vectors that search compares.

Writes of products and chunks wait while the copies of existing vectors are made: about 2 s for 100,000
chunks. Searches do not wait. Both tables are locked first, in the order in which a save writes them.

Revision ID: 7b2d4f6a8c31
Revises: 6a1c3e5f7b20
"""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC

revision = "7b2d4f6a8c31"
down_revision = "6a1c3e5f7b20"
branch_labels = None
depends_on = None

_COMPACT = """
CREATE FUNCTION compact_vector(whole halfvec) RETURNS halfvec
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    dimensions int := vector_dims(whole);
    blocks int := (dimensions + 383) / 384;
    length int := (dimensions + blocks - 1) / blocks;
    compact halfvec;
BEGIN
    IF blocks = 1 THEN
        RETURN whole;
    END IF;
    whole := l2_normalize(whole);
    compact := subvector(whole, 1, length);
    FOR block IN 2 .. blocks LOOP
        compact := compact + subvector(whole, least((block - 1) * length, dimensions - length) + 1, length);
    END LOOP;
    RETURN compact;
END $$
"""
"""Adds up equal blocks of at most 384 numbers; the last block overlaps if the length is no multiple.

The unit vector is taken first, because sums of larger numbers may not fit into half precision.
"""

_KEEP = """
CREATE FUNCTION keep_compact_vectors() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found boolean;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.is_live THEN
        DELETE FROM compact_vectors
        WHERE store_id = OLD.store_id AND model = OLD.model AND place = hashint8(OLD.id)
          AND product_id = OLD.product_id AND chunk_id = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.is_live AND NEW.embedding IS NOT NULL THEN
        SELECT p.is_active INTO found FROM products p WHERE p.id = NEW.product_id FOR SHARE;
        IF found THEN
            INSERT INTO compact_vectors (store_id, model, place, product_id, chunk_id, vector)
            VALUES (NEW.store_id, NEW.model, hashint8(NEW.id), NEW.product_id, NEW.id,
                    compact_vector(NEW.embedding));
        END IF;
    END IF;
    RETURN NULL;
END $$
"""
"""The lock keeps a product from becoming active or inactive until the chunk is committed."""

_FOLLOW = """
CREATE FUNCTION follow_active_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.is_active THEN
        INSERT INTO compact_vectors (store_id, model, place, product_id, chunk_id, vector)
        SELECT k.store_id, k.model, hashint8(k.id), k.product_id, k.id, compact_vector(k.embedding)
        FROM tenant_knowledge k WHERE k.product_id = NEW.id AND k.is_live AND k.embedding IS NOT NULL;
    ELSE
        DELETE FROM compact_vectors c USING tenant_knowledge k
        WHERE k.product_id = NEW.id AND k.is_live
          AND (c.store_id, c.model, c.place, c.product_id, c.chunk_id)
              = (k.store_id, k.model, hashint8(k.id), k.product_id, k.id);
    END IF;
    RETURN NULL;
END $$
"""

_TRIGGERS = """
CREATE TRIGGER keep_compact_vectors_inserted AFTER INSERT ON tenant_knowledge
    FOR EACH ROW WHEN (NEW.is_live) EXECUTE FUNCTION keep_compact_vectors();
CREATE TRIGGER keep_compact_vectors_updated AFTER UPDATE ON tenant_knowledge
    FOR EACH ROW WHEN (
        OLD.is_live <> NEW.is_live OR NEW.is_live AND OLD.embedding IS DISTINCT FROM NEW.embedding)
    EXECUTE FUNCTION keep_compact_vectors();
CREATE TRIGGER keep_compact_vectors_deleted AFTER DELETE ON tenant_knowledge
    FOR EACH ROW WHEN (OLD.is_live) EXECUTE FUNCTION keep_compact_vectors();
CREATE TRIGGER follow_active_products AFTER UPDATE ON products
    FOR EACH ROW WHEN (OLD.is_active <> NEW.is_active) EXECUTE FUNCTION follow_active_products();
"""

_FILL = """
    INSERT INTO compact_vectors (store_id, model, place, product_id, chunk_id, vector)
    SELECT k.store_id, k.model, hashint8(k.id), k.product_id, k.id, compact_vector(k.embedding)
    FROM tenant_knowledge k JOIN products p ON p.id = k.product_id
    WHERE k.is_live AND k.embedding IS NOT NULL AND p.is_active
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("LOCK TABLE products, tenant_knowledge IN SHARE ROW EXCLUSIVE MODE")
    op.create_table(
        "compact_vectors",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(collation="C"), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="a hash, so that the first are a sample"),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("chunk_id", sa.BigInteger(), nullable=False),
        sa.Column("vector", HALFVEC(), nullable=False),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_vacuum_insert_scale_factor": 0.02,
        },
    )
    for statement in (_COMPACT, _KEEP, _FOLLOW, *_TRIGGERS.split(";\n")):
        if statement.strip():
            op.execute(statement)
    op.execute(_FILL)
    op.execute("""
        ALTER TABLE compact_vectors ADD CONSTRAINT pk_compact_vectors
            PRIMARY KEY (store_id, model, place, product_id, chunk_id) INCLUDE (vector)
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TRIGGER follow_active_products ON products")
    for change in ("inserted", "updated", "deleted"):
        op.execute(f"DROP TRIGGER keep_compact_vectors_{change} ON tenant_knowledge")
    op.drop_table("compact_vectors")
    for function in ("follow_active_products()", "keep_compact_vectors()", "compact_vector(halfvec)"):
        op.execute(f"DROP FUNCTION {function}")
