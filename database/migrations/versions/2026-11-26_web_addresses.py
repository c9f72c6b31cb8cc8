"""Empty the links and images of products that are no web addresses.

Revision ID: 8f3a1c5e7b02
Revises: 5d0c1f7a92e4
"""

from alembic import op

revision = "8f3a1c5e7b02"
down_revision = "5d0c1f7a92e4"
branch_labels = None
depends_on = None

_KEPT = "~* '^(https?:/)?/[^/]'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("products", "product_variations"):
        op.execute(f"UPDATE {table} SET link = '' WHERE link <> '' AND NOT link {_KEPT}")
        op.execute(f"UPDATE {table} SET image = '' WHERE image <> '' AND NOT image ~* '^https?://'")
    op.execute("""
        UPDATE products SET metadata = jsonb_set(metadata, '{images,gallery}', coalesce((
            SELECT jsonb_agg(address)
            FROM jsonb_array_elements_text(metadata #> '{images,gallery}') AS address
            WHERE address ~* '^https?://'), '[]'))
        WHERE EXISTS (SELECT FROM jsonb_array_elements_text(metadata #> '{images,gallery}') AS address
                      WHERE address !~* '^https?://')
    """)
    op.execute("""
        UPDATE products SET metadata = jsonb_set(metadata, '{images,main}', '""')
        WHERE metadata #>> '{images,main}' <> '' AND metadata #>> '{images,main}' !~* '^https?://'
    """)


def downgrade() -> None:
    """Nothing to do: the next change or resync of a product brings what its shop has."""
    op.execute("SET LOCAL lock_timeout = '5s'")
