"""Vectors that are larger than a page.

A vector of more than about 4,000 numbers does not fit into a page and is stored out of line. Smaller ones
stay in their rows, where a search reads them without another lookup.

Revision ID: 5d9b2e7c4a18
Revises: 3c9e7f1b5a60
"""

from alembic import op

revision = "5d9b2e7c4a18"
down_revision = "4e7b2d9a6c13"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE tenant_knowledge ALTER COLUMN embedding SET STORAGE MAIN")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE tenant_knowledge ALTER COLUMN embedding SET STORAGE PLAIN")
